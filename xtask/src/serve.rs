//! `cargo xtask serve`: the development loop. trunk builds the page on every change and serves it with live reload on
//! 127.0.0.1:8080; what the page asks of the server goes on to 127.0.0.1:8888. Both end together.

use std::env;
use std::ffi::OsString;
use std::process::{Child, Command, ExitCode};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use crate::failure::{Failure, Outcome};
use crate::progress::note;
use crate::tree::Tree;
use crate::{page, run, server, setup};

/// How often the two are looked after.
const LOOK: Duration = Duration::from_millis(200);
/// After Ctrl-C both have heard it from the terminal; then they are asked, then ended.
const ASK_AFTER: Duration = Duration::from_millis(500);
/// The server closes its connections within 5 s.
const END_AFTER: Duration = Duration::from_secs(7);

/// Runs both until Ctrl-C, or until one ends.
///
/// # Errors
/// When something is missing, the server does not build, or one of the two ends by itself.
pub(crate) fn serve(tree: &Tree, arguments: &[OsString]) -> Outcome<ExitCode> {
    setup::for_development(tree)?;
    server::build(tree, "debug")?;
    let stop = on_stop()?;

    let mut teahouse = tree.command(tree.server("debug"));
    teahouse.args(arguments).args(run::data(arguments, |name| env::var_os(name).is_some()));
    let mut trunk = page::trunk(tree)?;
    // Into a folder of its own: `dist` is what a release is made of.
    trunk.arg("serve").arg("--dist").arg(tree.target.join("serve"));

    let mut both = Both::default();
    both.start("the server", teahouse)?;
    both.start("trunk", trunk)?;
    note(
        "The page: http://127.0.0.1:8080 (the first build takes about 1 min). Ctrl-C stops the page and the server.",
    );
    loop {
        match stop.recv_timeout(LOOK) {
            Err(RecvTimeoutError::Timeout) => {}
            Ok(()) | Err(RecvTimeoutError::Disconnected) => {
                both.end();
                return Ok(ExitCode::SUCCESS);
            }
        }
        if let Some(name) = both.ended() {
            both.end();
            return Err(Failure::new(format!("{name} stopped unexpectedly. Its output is above.")));
        }
    }
}

/// Hears Ctrl-C and, on Unix, SIGTERM and SIGHUP.
fn on_stop() -> Outcome<Receiver<()>> {
    let (sender, stop) = mpsc::channel();
    let heard = move || {
        // A second signal finds nobody listening: the first is being seen to.
        let _ = sender.send(());
    };
    ctrlc::set_handler(heard).map_err(|error| Failure::new(format!("Cannot handle Ctrl-C: {error}.")))?;
    Ok(stop)
}

/// The programs of the loop; whatever ends this program ends them too.
#[derive(Debug, Default)]
struct Both {
    children: Vec<(&'static str, Child)>,
}

impl Both {
    fn start(&mut self, name: &'static str, mut command: Command) -> Outcome {
        let child = command.spawn().map_err(|error| Failure::start(name, &error))?;
        self.children.push((name, child));
        Ok(())
    }

    /// The first one that has ended.
    fn ended(&mut self) -> Option<&'static str> {
        let over = |child: &mut Child| !matches!(child.try_wait(), Ok(None));
        self.children.iter_mut().find_map(|(name, child)| over(child).then_some(*name))
    }

    /// Waits for all, asking after a moment and ending what is left after a while.
    fn end(&mut self) {
        let began = Instant::now();
        let mut asked = false;
        loop {
            self.children.retain_mut(|(_, child)| matches!(child.try_wait(), Ok(None)));
            if self.children.is_empty() {
                return;
            }
            if !asked && began.elapsed() > ASK_AFTER {
                asked = true;
                self.children.iter_mut().for_each(|(_, child)| ask(child));
            }
            if began.elapsed() > END_AFTER {
                break;
            }
            thread::sleep(LOOK);
        }
        for (_, child) in &mut self.children {
            // It may have ended this very moment.
            let _ = child.kill();
            let _ = child.wait();
        }
        self.children.clear();
    }
}

impl Drop for Both {
    fn drop(&mut self) {
        self.end();
    }
}

/// Asks a program to end.
#[cfg(unix)]
fn ask(child: &mut Child) {
    // The standard library can only kill; the system's `kill` sends SIGTERM. Where it fails, the end comes by force.
    let _ = Command::new("kill").arg("-TERM").arg(child.id().to_string()).status();
}

#[cfg(not(unix))]
fn ask(child: &mut Child) {
    let _ = child.kill();
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    fn sleeper() -> Command {
        let mut command = Command::new("sleep");
        command.arg("60");
        command
    }

    #[test]
    fn both_end_when_asked() {
        let mut both = Both::default();
        both.start("one", sleeper()).unwrap();
        both.start("two", sleeper()).unwrap();
        assert_eq!(both.ended(), None);
        let began = Instant::now();
        both.end();
        assert!(both.children.is_empty());
        assert!(began.elapsed() < END_AFTER, "asking was enough");
    }

    #[test]
    fn the_one_that_ends_is_named() {
        let mut both = Both::default();
        both.start("one", sleeper()).unwrap();
        both.start("two", Command::new("true")).unwrap();
        both.children[1].1.wait().unwrap();
        assert_eq!(both.ended(), Some("two"));
    }
}
