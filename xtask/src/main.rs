//! The project's commands. See [`task::USAGE`]; each task is the file of its name.

mod browser;
mod failure;
mod fingerprint;
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
        Task::Size => return size::size(&tree),
        Task::Structure => return structure::structure(&tree),
        Task::Build => run::build(&tree)?,
        Task::Setup => drop(setup::for_release(&tree)?),
        Task::Help => {}
    }
    Ok(ExitCode::SUCCESS)
}
