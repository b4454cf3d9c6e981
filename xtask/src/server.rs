//! Builds the server, and starts it on a free port so that its answers can be measured.

use std::path::PathBuf;
use std::process::{Child, Stdio};
use std::sync::mpsc::Receiver;
use std::time::{Duration, Instant};
use std::{fs, io};

use crate::failure::{Failure, Outcome};
use crate::progress::{Step, read_lines};
use crate::tree::Tree;

/// Builds the binary `teahouse` into the target's `release` or `debug` folder. cargo returns at once if
/// nothing changed.
///
/// # Errors
/// When the server does not build.
pub(crate) fn build(tree: &Tree, folder: &str) -> Outcome {
    let mut command = tree.cargo();
    command.args(["build", "--package", "backend", "--bin", "teahouse"]);
    let guess = if folder == "release" {
        command.arg("--release");
        "the first time about 3 min"
    } else {
        "the first time about 1 min"
    };
    Step::new("Building the server", guess).must(command, "Cannot build the server.")
}

/// Time within which a server prints its address. A healthy server does so within milliseconds.
const START_TIMEOUT: Duration = Duration::from_secs(30);

/// A server that runs until this value is dropped.
#[derive(Debug)]
pub(crate) struct Running {
    child: Child,
    data: PathBuf,
    /// Further output of the server. Keep it open, or the server writes into a closed pipe.
    lines: Receiver<String>,
    /// Address of the server, as `host:port`.
    pub(crate) address: String,
}

impl Running {
    /// Starts the release build on a free port, with an empty data folder.
    ///
    /// # Errors
    /// When the server does not start, or does not print its address.
    pub(crate) fn start(tree: &Tree) -> Outcome<Self> {
        let failed = |error: io::Error| Failure::start("teahouse", &error);
        let data = tree.target.join("xtask").join(format!("data-{}", std::process::id()));
        let (reader, writer) = io::pipe().map_err(failed)?;
        let mut command = tree.command(tree.server("release"));
        command.args(["--listen", "127.0.0.1:0", "--data"]).arg(&data).stdin(Stdio::null());
        command.stdout(writer.try_clone().map_err(failed)?).stderr(writer);
        let child = command.spawn().map_err(failed)?;
        drop(command); // closes our ends of the pipe; otherwise a server that ended would only seem silent
        let mut running = Self { child, data, lines: read_lines(reader), address: String::new() };
        running.address = first_address(&running.lines)?;
        Ok(running)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // The server may have ended by itself. Its data is removed in any case.
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = fs::remove_dir_all(&self.data);
    }
}

/// Reads lines until one names an address.
fn first_address(lines: &Receiver<String>) -> Outcome<String> {
    let until = Instant::now() + START_TIMEOUT;
    let mut output = String::new();
    while let Ok(line) = lines.recv_timeout(until.saturating_duration_since(Instant::now())) {
        if let Some(address) = address_in(&line) {
            return Ok(address);
        }
        output = output + &line + "\n";
    }
    Err(Failure::new(format!("{output}The server did not print its address. Its output is above.")))
}

/// `host:port` of the first http address in a line.
fn address_in(line: &str) -> Option<String> {
    let (_, rest) = line.split_once("http://")?;
    let end = rest.find(|c: char| !(c.is_ascii_alphanumeric() || ".:[]".contains(c))).unwrap_or(rest.len());
    let address = rest[..end].trim_end_matches('.');
    address.contains(':').then(|| address.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_found_in_a_line() {
        let is = |line: &str, address: Option<&str>| assert_eq!(address_in(line).as_deref(), address);
        is("Teahouse is open at http://127.0.0.1:40123/", Some("127.0.0.1:40123"));
        is("http://127.0.0.1:40123.", Some("127.0.0.1:40123"));
        is("\u{1b}[1mhttp://[::1]:8888\u{1b}[0m", Some("[::1]:8888"));
        is("http://localhost", None);
        is("data in teahouse-data", None);
    }
}
