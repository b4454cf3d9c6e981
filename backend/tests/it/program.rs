//! The real program as a process, for one test.

use crate::{http, socket::PATIENCE, temp_folder::TempFolder, test_server::TestServer};
use rustix::process::{Pid, Signal, kill_process};
use std::{
    io::{BufRead, BufReader},
    net::TcpListener,
    process::{Child, Command, ExitStatus, Stdio},
    thread,
    time::{Duration, Instant},
};

/// Pause between two looks at a process.
const LOOK_EVERY: Duration = Duration::from_millis(5);

/// A running program. Dropping it ends the program and removes its folder.
pub(crate) struct Program {
    pub(crate) child: Child,
    _folder: TempFolder,
}

impl Program {
    /// Starts the program with these arguments and a data folder of its own. `prepare` changes the command.
    pub(crate) fn spawn(arguments: &[&str], prepare: impl FnOnce(&mut Command)) -> Self {
        let folder = TempFolder::new();
        let mut command = Command::new(env!("CARGO_BIN_EXE_teahouse"));
        command.args(arguments).arg("--data").arg(folder.path()).env_remove("RUST_LOG");
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        prepare(&mut command);
        Program { child: command.spawn().unwrap(), _folder: folder }
    }

    /// Starts the program with these arguments, and waits until it listens.
    pub(crate) fn start(arguments: &[&str]) -> (Self, TestServer) {
        let mut program = Program::spawn(&[&["--listen", "127.0.0.1:0"], arguments].concat(), |_| ());
        let server = program.server();
        (program, server)
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

    /// Waits for the line with the server's address.
    pub(crate) fn server(&mut self) -> TestServer {
        let mut line = String::new();
        BufReader::new(self.child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let address = line.trim().rsplit_once("http://").unwrap_or_else(|| panic!("{line:?}")).1;
        TestServer::at_address(address.parse().unwrap())
    }

    /// Waits until the server answers at an address that the test knows.
    pub(crate) async fn server_at(&mut self, port: u16) -> TestServer {
        let server = TestServer::at_address(([127, 0, 0, 1], port).into());
        let since = Instant::now();
        while std::net::TcpStream::connect(server.address).is_err() {
            assert_eq!(self.child.try_wait().unwrap(), None, "the program has ended");
            assert!(since.elapsed() < PATIENCE, "the server never listens");
            thread::sleep(LOOK_EVERY);
        }
        assert_eq!(http::get(&server, "/readyz", &[]).await.status, 200);
        server
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    /// Waits for the end of the program.
    pub(crate) fn wait(&mut self, at_most: Duration) -> ExitStatus {
        let since = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            assert!(since.elapsed() < at_most, "the program did not end within {at_most:?}");
            thread::sleep(LOOK_EVERY);
        }
    }

    /// Waits until the program has a handler for this signal.
    pub(crate) fn wait_for_handler(&self, signal: Signal) {
        let since = Instant::now();
        while !self.handles(signal) {
            assert!(since.elapsed() < PATIENCE, "there is no handler of {signal:?}");
            thread::sleep(LOOK_EVERY);
        }
    }

    fn handles(&self, signal: Signal) -> bool {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let mask = status.lines().find_map(|line| line.strip_prefix("SigCgt:")).unwrap();
        u64::from_str_radix(mask.trim(), 16).unwrap() & (1 << (signal.as_raw() - 1)) != 0
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Returns a port that nobody uses.
pub(crate) fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}
