//! The task that the command line asks for.

use std::ffi::OsString;

use crate::failure::{Failure, Outcome};
use crate::tier::Tier;

/// Text of `cargo xtask help`.
pub(crate) const USAGE: &str = "\
cargo xtask run [-- ARGS]    install what is missing, build the page and the server, serve on http://127.0.0.1:8888
cargo xtask serve [-- ARGS]  develop: serve the page on http://127.0.0.1:8080 with live reload, with a server behind it
cargo xtask test [TIER…]     install what the tests need and run these tiers, or all of them: style, native, browser, e2e, fault, size
cargo xtask build            do the same as `run`, but do not serve
cargo xtask size             compare the size of the first load with its budget
cargo xtask measure          measure the page in a browser: times, long tasks, memory, each next to its budget
cargo xtask structure        check the module imports, doc comments and file names
cargo xtask setup            install only the tools that build the page

The server gets ARGS: `cargo xtask run -- --help` lists them.";

/// A task of the command line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Task {
    /// Build and serve, with arguments for the server.
    Run(Vec<OsString>),
    /// Build page and server.
    Build,
    /// Run the development loop, with arguments for the server.
    Serve(Vec<OsString>),
    /// Run these tiers, in the order of [`Tier::ALL`].
    Test(Vec<Tier>),
    /// Measure the page's size.
    Size,
    /// Measure the page's times and memory in a browser.
    Measure,
    /// Check the structure of the sources.
    Structure,
    /// Install the build's tools only.
    Setup,
    /// Print the usage.
    Help,
}

impl Task {
    /// Parses the arguments after the program's name. No argument asks for help.
    ///
    /// # Errors
    /// When the task or a tier is unknown, or an argument is left over.
    pub(crate) fn parse(arguments: impl IntoIterator<Item = OsString>) -> Outcome<Self> {
        let mut arguments = arguments.into_iter();
        let Some(name) = arguments.next() else {
            return Ok(Self::Help);
        };
        let rest: Vec<OsString> = arguments.collect();
        let name = name.to_string_lossy().into_owned();
        let alone = |task: Self| match rest.first() {
            None => Ok(task),
            Some(extra) => Err(Failure::new(format!(
                "`cargo xtask {name}` takes no arguments: remove `{}`.",
                extra.to_string_lossy()
            ))),
        };
        match name.as_str() {
            "run" => Ok(Self::Run(for_server(rest))),
            "serve" => Ok(Self::Serve(for_server(rest))),
            "test" => Ok(Self::Test(tiers(&rest)?)),
            "build" => alone(Self::Build),
            "size" => alone(Self::Size),
            "measure" => alone(Self::Measure),
            "structure" => alone(Self::Structure),
            "setup" => alone(Self::Setup),
            "help" | "-h" | "--help" => Ok(Self::Help),
            _ => Err(Failure::new(format!("Unknown task `{name}`. Choose one of these:\n{USAGE}"))),
        }
    }
}

/// Arguments for the server. A first `--` only separates them from ours.
fn for_server(mut rest: Vec<OsString>) -> Vec<OsString> {
    if rest.first().is_some_and(|it| it == "--") {
        rest.remove(0);
    }
    rest
}

fn tiers(names: &[OsString]) -> Outcome<Vec<Tier>> {
    if names.is_empty() {
        return Ok(Tier::ALL.to_vec());
    }
    for name in names {
        if !Tier::ALL.iter().any(|tier| name == tier.name()) {
            let known = Tier::ALL.map(Tier::name).join(", ");
            let name = name.to_string_lossy();
            return Err(Failure::new(format!("Unknown tier `{name}`. Choose one of these: {known}.")));
        }
    }
    Ok(Tier::ALL.into_iter().filter(|tier| names.iter().any(|name| name == tier.name())).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(words: &[&str]) -> Outcome<Task> {
        Task::parse(words.iter().map(OsString::from))
    }

    #[test]
    fn the_servers_arguments_pass_with_or_without_dashes() {
        let lan = Task::Run(vec!["--lan".into(), "--".into()]);
        assert_eq!(parse(&["run", "--", "--lan", "--"]).unwrap(), lan);
        assert_eq!(parse(&["run", "--lan", "--"]).unwrap(), lan);
        assert_eq!(parse(&["serve"]).unwrap(), Task::Serve(vec![]));
    }

    #[test]
    fn tiers_run_in_their_own_order_and_once() {
        assert_eq!(parse(&["test"]).unwrap(), Task::Test(Tier::ALL.to_vec()));
        let some = parse(&["test", "size", "style", "size"]).unwrap();
        assert_eq!(some, Task::Test(vec![Tier::Style, Tier::Size]));
    }

    #[test]
    fn an_unknown_word_is_named() {
        assert!(parse(&["fly"]).unwrap_err().to_string().contains("`fly`"));
        assert!(parse(&["test", "unit"]).unwrap_err().to_string().contains("`unit`"));
        assert!(parse(&["size", "--all"]).unwrap_err().to_string().contains("`--all`"));
    }

    #[test]
    fn no_argument_asks_for_help() {
        assert_eq!(parse(&[]).unwrap(), Task::Help);
        assert_eq!(parse(&["--help"]).unwrap(), Task::Help);
    }
}
