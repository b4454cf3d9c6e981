//! The server: built, and started on a port of its own for weighing what it sends.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Stdio};
use std::{fs, thread};

use crate::failure::{Failure, Outcome};
use crate::progress::Step;
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
    Step::new("Building the server", guess).must(command, "The server could not be built.")
}

/// A server that runs until it is dropped.
#[derive(Debug)]
pub(crate) struct Running {
    child: Child,
    data: PathBuf,
    /// Its address, as `host:port`.
    pub(crate) address: String,
}

impl Running {
    /// Starts the release build on a free port, with an empty data folder.
    ///
    /// # Errors
    /// When it does not start or ends before it says where it listens.
    pub(crate) fn start(tree: &Tree) -> Outcome<Self> {
        let data = tree.target.join("xtask").join(format!("data-{}", std::process::id()));
        let mut command = tree.command(tree.server("release"));
        command.args(["--listen", "127.0.0.1:0", "--data"]).arg(&data);
        command.stdin(Stdio::null()).stdout(Stdio::piped());
        let mut child = command.spawn().map_err(|error| Failure::start("teahouse", &error))?;
        let out = child.stdout.take();
        let mut running = Self { child, data, address: String::new() };
        let address = out.and_then(first_address);
        running.address = address
            .ok_or_else(|| Failure::new("The server ended before it said where it listens: see above."))?;
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

/// Reads until a line names an address; the rest is read and dropped, so that the server never waits for us.
fn first_address(out: ChildStdout) -> Option<String> {
    let mut lines = BufReader::new(out).lines();
    let address = lines.by_ref().map_while(Result::ok).find_map(|line| address_in(&line));
    thread::spawn(move || lines.for_each(drop));
    address
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
