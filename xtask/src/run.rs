//! `cargo xtask run`: sets up, builds and starts the server.

use std::env;
use std::ffi::{OsStr, OsString};
use std::process::{Command, ExitCode};

use crate::failure::{Failure, Outcome};
use crate::tree::Tree;
use crate::{page, server, setup};

/// Folder of the server's data, unless an argument or a variable names another.
const DATA: &str = "teahouse-data";

/// Builds, then replaces this process by the server.
///
/// # Errors
/// When something is missing or cannot be built, or the server cannot be started.
pub(crate) fn run(tree: &Tree, arguments: &[OsString]) -> Outcome<ExitCode> {
    build(tree)?;
    let mut command = tree.command(tree.server("release"));
    command.args(arguments).args(data(arguments, |name| env::var_os(name).is_some()));
    become_server(command)
}

/// Sets up, then builds the page and the server that embeds it.
///
/// # Errors
/// When something is missing or cannot be built.
pub(crate) fn build(tree: &Tree) -> Outcome {
    let tools = setup::for_release(tree)?;
    page::ensure(tree, &tools)?;
    server::build(tree, "release")
}

/// Arguments that name the data folder; none if a flag, a file or a variable may name another folder.
pub(crate) fn data(arguments: &[OsString], is_set: impl Fn(&str) -> bool) -> Vec<OsString> {
    let names = |argument: &OsStr, flag: &str| {
        let argument = argument.to_string_lossy();
        argument.strip_prefix(flag).is_some_and(|rest| rest.is_empty() || rest.starts_with('='))
    };
    let is_named = arguments.iter().any(|it| names(it, "--data") || names(it, "--config"))
        || is_set("TEAHOUSE_DATA")
        || is_set("TEAHOUSE_CONFIG");
    if is_named { Vec::new() } else { vec!["--data".into(), DATA.into()] }
}

#[cfg(unix)]
fn become_server(mut command: Command) -> Outcome<ExitCode> {
    use std::os::unix::process::CommandExt;
    let error = command.exec();
    Err(Failure::start("teahouse", &error))
}

#[cfg(not(unix))]
fn become_server(mut command: Command) -> Outcome<ExitCode> {
    // Ctrl-C reaches the server too; this program only has to outlive it.
    ctrlc::set_handler(|| {}).map_err(|error| Failure::new(format!("Cannot handle Ctrl-C: {error}.")))?;
    let status = command.status().map_err(|error| Failure::start("teahouse", &error))?;
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn data_of(words: &[&str], set: &str) -> Vec<OsString> {
        let words: Vec<OsString> = words.iter().map(OsString::from).collect();
        data(&words, |name| name == set)
    }

    #[test]
    fn the_data_folder_is_added_unless_the_arguments_may_name_another() {
        assert_eq!(data_of(&[], ""), ["--data", DATA]);
        assert_eq!(data_of(&["--lan", "--database"], ""), ["--data", DATA]);
        assert!(data_of(&["--data", "x"], "").is_empty());
        assert!(data_of(&["--data=x"], "").is_empty());
        assert!(data_of(&["--config", "house.toml"], "").is_empty());
        assert!(data_of(&[], "TEAHOUSE_DATA").is_empty());
        assert!(data_of(&[], "TEAHOUSE_CONFIG").is_empty());
    }
}
