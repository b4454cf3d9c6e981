//! `cargo xtask serve`: the development loop.
//!
//! trunk rebuilds the page on every change and serves it with live reload on 127.0.0.1:8080. It forwards the
//! page's requests to the server on 127.0.0.1:8888. trunk and server end together.

use std::env;
use std::ffi::OsString;
use std::process::{Child, Command, ExitCode, ExitStatus};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use crate::failure::{Failure, Outcome};
use crate::progress::note;
use crate::tree::Tree;
use crate::{page, run, server, setup};

/// Interval at which children programs are checked.
const CHECK_INTERVAL: Duration = Duration::from_millis(200);
/// Time after Ctrl-C at which a program that still runs gets SIGTERM. The terminal sent children the interrupt
/// already.
const TERMINATE_AFTER: Duration = Duration::from_millis(500);
/// Time after Ctrl-C at which a program that still runs is killed. The server closes its connections within 5
/// s.
const KILL_AFTER: Duration = Duration::from_secs(7);

/// Runs trunk and server until Ctrl-C, or until one of them ends.
///
/// # Errors
/// When something is missing, the server does not build, or one of the two ends by itself.
pub(crate) fn serve(tree: &Tree, arguments: &[OsString]) -> Outcome<ExitCode> {
    setup::for_development(tree)?;
    server::build(tree, "debug")?;
    let stop = listen_for_stop()?;

    let mut teahouse = tree.command(tree.server("debug"));
    teahouse.args(arguments).args(run::data(arguments, |name| env::var_os(name).is_some()));
    let mut trunk = page::trunk(tree)?;
    // Build into another folder than `dist`, because a release embeds `dist`.
    trunk.arg("serve").arg("--dist").arg(tree.target.join("serve"));

    let mut children = Children::default();
    children.start("the server", teahouse)?;
    children.start("trunk", trunk)?;
    note(
        "The page: http://127.0.0.1:8080 (the first build takes about 1 min). Ctrl-C stops the page and the server.",
    );
    loop {
        match stop.recv_timeout(CHECK_INTERVAL) {
            Err(RecvTimeoutError::Timeout) => {}
            Ok(()) | Err(RecvTimeoutError::Disconnected) => {
                children.end();
                return Ok(ExitCode::SUCCESS);
            }
        }
        if let Some(name) = children.ended() {
            children.end();
            return Err(Failure::new(format!("{name} stopped unexpectedly. Its output is above.")));
        }
    }
}

/// Sends a message on Ctrl-C and, on Unix, on SIGTERM and SIGHUP.
fn listen_for_stop() -> Outcome<Receiver<()>> {
    let (sender, stop) = mpsc::channel();
    let heard = move || {
        // After the first signal nobody receives any more: the programs are already ending.
        let _ = sender.send(());
    };
    ctrlc::set_handler(heard).map_err(|error| Failure::new(format!("Cannot handle Ctrl-C: {error}.")))?;
    Ok(stop)
}

/// Children programs of the loop. Dropping this value ends them.
#[derive(Debug, Default)]
struct Children {
    list: Vec<(&'static str, Child)>,
}

impl Children {
    fn start(&mut self, name: &'static str, mut command: Command) -> Outcome {
        let child = command.spawn().map_err(|error| Failure::start(name, &error))?;
        self.list.push((name, child));
        Ok(())
    }

    /// Name of the first program that has ended.
    fn ended(&mut self) -> Option<&'static str> {
        let over = |child: &mut Child| !matches!(child.try_wait(), Ok(None));
        self.list.iter_mut().find_map(|(name, child)| over(child).then_some(*name))
    }

    /// Waits for all programs to end: sends SIGTERM after [`TERMINATE_AFTER`] and kills after [`KILL_AFTER`].
    /// Returns the exit statuses, in the order in which the programs ended.
    fn end(&mut self) -> Vec<ExitStatus> {
        let began = Instant::now();
        let mut terminated = false;
        let mut statuses = Vec::new();
        loop {
            self.list.retain_mut(|(_, child)| match child.try_wait() {
                Ok(None) => true,
                Ok(Some(status)) => {
                    statuses.push(status);
                    false
                }
                Err(_) => false,
            });
            if self.list.is_empty() {
                return statuses;
            }
            if !terminated && began.elapsed() > TERMINATE_AFTER {
                terminated = true;
                self.list.iter_mut().for_each(|(_, child)| terminate(child));
            }
            if began.elapsed() > KILL_AFTER {
                break;
            }
            thread::sleep(CHECK_INTERVAL);
        }
        for (_, child) in &mut self.list {
            // The program may have ended just now.
            let _ = child.kill();
            statuses.extend(child.wait());
        }
        self.list.clear();
        statuses
    }
}

impl Drop for Children {
    fn drop(&mut self) {
        self.end();
    }
}

/// Asks a program to end.
#[cfg(unix)]
fn terminate(child: &mut Child) {
    // The standard library can only kill; the command `kill` sends SIGTERM. If it fails, the program is
    // killed later.
    let _ = Command::new("kill").arg("-TERM").arg(child.id().to_string()).status();
}

#[cfg(not(unix))]
fn terminate(child: &mut Child) {
    let _ = child.kill();
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::os::unix::process::ExitStatusExt;

    /// Number of the signal that asks a program to end (POSIX, `kill`).
    const SIGTERM: i32 = 15;

    fn sleeper() -> Command {
        let mut command = Command::new("sleep");
        command.arg("60");
        command
    }

    #[test]
    fn both_programs_end_on_request() {
        let mut children = Children::default();
        children.start("one", sleeper()).unwrap();
        children.start("two", sleeper()).unwrap();
        assert_eq!(children.ended(), None);
        let signals: Vec<_> = children.end().iter().map(ExitStatusExt::signal).collect();
        assert!(children.list.is_empty());
        assert_eq!(signals, [Some(SIGTERM); 2], "asking was enough");
    }

    #[test]
    fn the_program_that_ends_is_named() {
        let mut children = Children::default();
        children.start("one", sleeper()).unwrap();
        children.start("two", Command::new("true")).unwrap();
        children.list[1].1.wait().unwrap();
        assert_eq!(children.ended(), Some("two"));
    }
}
