//! Bun, whose `publish` is measured beside the floor and the server where it is installed or npm has it.
//!
//! Bun keeps no log, and it writes the messages that wait for a socket together. So the floor, which writes
//! each message alone, is no bound for it, nor for a server that writes together too.

use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::thread;
use std::time::{Duration, Instant};

/// The program that Bun runs. Its argument is the port.
pub(crate) const PROGRAM: &str = include_str!("bun/publish.js");
/// Program that prints the path of Bun's binary.
const PRINT_PATH: &str = "process.stdout.write(process.execPath)";
/// Time limit for Bun to print its path; npm may have to fetch it first.
const FIND_MAX: Duration = Duration::from_secs(60);
/// Interval at which the child is checked for its end.
const POLL_INTERVAL: Duration = Duration::from_millis(20);

/// Path of Bun's binary: that of `bun`, else of the one that `npx` has or fetches. It is looked for once.
///
/// # Errors
/// A sentence that says why there is none.
pub(crate) fn path() -> Result<&'static Path, &'static str> {
    static PATH: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    let path = PATH.get_or_init(|| {
        ask(&mut Command::new("bun")).or_else(|without| {
            ask(Command::new("npx").args(["--yes", "bun"])).map_err(|error| format!("{without}; {error}"))
        })
    });
    path.as_deref().map_err(String::as_str)
}

/// Asks Bun for the path of its own binary, which takes no detour through npm at each start.
fn ask(command: &mut Command) -> Result<PathBuf, String> {
    let name = command.get_program().display().to_string();
    let failed = |error: std::io::Error| format!("{name}: {error}");
    command.args(["-e", PRINT_PATH]).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.spawn().map_err(failed)?;
    let begin = Instant::now();
    let status = loop {
        match child.try_wait().map_err(failed)? {
            Some(status) => break status,
            None if begin.elapsed() > FIND_MAX => {
                // It may end before the signal; then there is nothing to kill.
                let _ = child.kill();
                let _ = child.wait();
                return Err(format!("{name}: no answer in {} s", FIND_MAX.as_secs()));
            }
            None => thread::sleep(POLL_INTERVAL),
        }
    };
    let mut path = String::new();
    if let Some(mut output) = child.stdout.take() {
        output.read_to_string(&mut path).map_err(failed)?;
    }
    match status.success() && Path::new(&path).is_absolute() {
        true => Ok(path.into()),
        false => Err(format!("{name}: {status}")),
    }
}
