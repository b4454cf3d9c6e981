//! The real program in a process of its own.

use crate::{temp_folder::TempFolder, test_server::TestServer};
use rustix::process::Pid;
use std::{
    io::{BufRead, BufReader},
    process::{Child, Command as Process, Stdio},
};

/// A running program with a data folder of its own. Dropping it kills the program.
pub(crate) struct Program {
    child: Child,
    _folder: TempFolder,
}

impl Program {
    /// Starts the program so that it ignores the signal for too long files. A full disk sends no signal either.
    pub(crate) fn start(arguments: &[&str]) -> (Self, TestServer) {
        let folder = TempFolder::new();
        let mut child = Process::new("sh")
            .args(["-c", "trap '' XFSZ; exec \"$0\" \"$@\"", env!("CARGO_BIN_EXE_teahouse")])
            .args(["--listen", "127.0.0.1:0", "--data"])
            .arg(folder.path())
            .args(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let address = line.trim().rsplit_once("http://").unwrap().1.trim_end_matches('/').parse().unwrap();
        (Program { child, _folder: folder }, TestServer::at_address(address))
    }

    pub(crate) fn pid(&self) -> Pid {
        Pid::from_child(&self.child)
    }

    /// Bytes of memory that the program has now.
    pub(crate) fn memory_bytes(&self) -> usize {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
        let kib: usize = line.split_whitespace().nth(1).unwrap().parse().unwrap();
        kib << 10
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
