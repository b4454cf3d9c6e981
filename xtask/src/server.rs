//! The server: built, and started on a port of its own for weighing what it sends.

use std::path::PathBuf;
use std::process::{Child, Stdio};
use std::sync::mpsc::Receiver;
use std::time::{Duration, Instant};
use std::{fs, io};

use crate::failure::{Failure, Outcome};
use crate::progress::{Step, read_lines};
use crate::tree::Tree;

/// Builds the binary `teahouse` into the target's `release` or `debug` folder. Where nothing changed, cargo says so at once.
///
/// # Errors
/// When it does not build.
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

/// A server says where it listens within milliseconds; one that is silent for so long is stuck.
const PATIENCE: Duration = Duration::from_secs(30);

/// A server that runs until it is dropped.
#[derive(Debug)]
pub(crate) struct Running {
    child: Child,
    data: PathBuf,
    /// What it goes on to say: kept open, so that it never writes into a closed pipe.
    lines: Receiver<String>,
    /// Its address, as `host:port`.
    pub(crate) address: String,
}

impl Running {
    /// Starts the release build on a free port, with an empty data folder.
    ///
    /// # Errors
    /// When it does not start, or does not say where it listens.
    pub(crate) fn start(tree: &Tree) -> Outcome<Self> {
        let failed = |error: io::Error| Failure::start("teahouse", &error);
        let data = tree.target.join("xtask").join(format!("data-{}", std::process::id()));
        let (reader, writer) = io::pipe().map_err(failed)?;
        let mut command = tree.command(tree.server("release"));
        command.args(["--listen", "127.0.0.1:0", "--data"]).arg(&data).stdin(Stdio::null());
        command.stdout(writer.try_clone().map_err(failed)?).stderr(writer);
        let child = command.spawn().map_err(failed)?;
        drop(command); // its ends of the pipe, or a server that ended would seem to be only silent
        let mut running = Self { child, data, lines: read_lines(reader), address: String::new() };
        running.address = first_address(&running.lines)?;
        Ok(running)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended by itself; its data is thrown away in any case.
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = fs::remove_dir_all(&self.data);
    }
}

/// Reads until a line names an address.
fn first_address(lines: &Receiver<String>) -> Outcome<String> {
    let until = Instant::now() + PATIENCE;
    let mut said = String::new();
    while let Ok(line) = lines.recv_timeout(until.saturating_duration_since(Instant::now())) {
        if let Some(address) = address_in(&line) {
            return Ok(address);
        }
        said = said + &line + "\n";
    }
    Err(Failure::new(format!("{said}The server did not print its address. Its output is above.")))
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
    fn finds_the_address_in_a_line() {
        let is = |line: &str, address: Option<&str>| assert_eq!(address_in(line).as_deref(), address);
        is("Teahouse is open at http://127.0.0.1:40123/", Some("127.0.0.1:40123"));
        is("http://127.0.0.1:40123.", Some("127.0.0.1:40123"));
        is("\u{1b}[1mhttp://[::1]:8888\u{1b}[0m", Some("[::1]:8888"));
        is("http://localhost", None);
        is("data in teahouse-data", None);
    }
}
