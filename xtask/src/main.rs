//! The project's commands, as [`task::USAGE`] lists them.
//!
//! - [`task`] parses the command line. [`run`], [`serve`], [`test`], [`size`], [`measure`], [`structure`] and
//!   [`setup`] are its tasks.
//! - [`tier`] says what each tier of tests runs and needs; [`tally`] counts the results.
//! - [`page`] and [`server`] build the two halves of the program; [`glue`] shortens the names of the page's imports,
//!   and [`fingerprint`] tells whether the page must be rebuilt.
//! - [`rust`], [`tool`], [`wasm_opt`], [`browser`] and [`axe`] find or install what a build or a test needs,
//!   with [`npm`] for packages of npm;
//!   [`version`] says which versions.
//! - [`tree`] holds the project's folders, [`search`] the folders in which programs are found.
//! - [`progress`] runs a program as a step and shows how far it is; [`transcript`] keeps the program's
//!   output.
//! - [`failure`] is the error of all of them.

mod axe;
mod browser;
mod failure;
mod fingerprint;
mod glue;
mod measure;
mod npm;
mod page;
mod progress;
mod run;
mod rust;
mod search;
mod serve;
mod server;
mod setup;
mod size;
mod structure;
mod tally;
mod task;
mod test;
mod tier;
mod tool;
mod transcript;
mod tree;
mod version;
mod wasm_opt;

use std::env;
use std::process::ExitCode;

use crate::failure::Outcome;
use crate::task::Task;
use crate::tree::Tree;

fn main() -> ExitCode {
    match perform() {
        Ok(code) => code,
        Err(failure) => {
            progress::note(&failure.to_string());
            ExitCode::FAILURE
        }
    }
}

fn perform() -> Outcome<ExitCode> {
    let task = Task::parse(env::args_os().skip(1))?;
    if task == Task::Help {
        println!("{}", task::USAGE);
        return Ok(ExitCode::SUCCESS);
    }
    let tree = Tree::find()?;
    match task {
        Task::Run(arguments) => return run::run(&tree, &arguments),
        Task::Serve(arguments) => return serve::serve(&tree, &arguments),
        Task::Test(tiers) => return Ok(test::test(&tree, &tiers)),
        Task::Measure => return measure::measure(&tree),
        Task::Size => return size::size(&tree),
        Task::Structure => return structure::structure(&tree),
        Task::Build => run::build(&tree)?,
        Task::Setup => drop(setup::for_release(&tree)?),
        Task::Help => {}
    }
    Ok(ExitCode::SUCCESS)
}
