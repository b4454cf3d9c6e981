//! The process under test: the release binary, or the floor in its place.
//!
//! Started as a child on a free port of 127.0.0.1 with a data folder of its
//! own, ended and cleaned up when dropped.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use super::failure::Failure;
use super::machine::Pinned;

/// The variable that names the binary under test.
const BINARY_VARIABLE: &str = "TEAHOUSE_BIN";
/// The binary under test when the variable is not set.
const BINARY_USUAL: &str = "target/release/teahouse";
/// How long a server may take until it is ready.
const READY_MAX: Duration = Duration::from_secs(10);
/// How long one answer of `/readyz` may take.
const ANSWER_MAX: Duration = Duration::from_secs(1);
/// Between two questions whether it is ready.
const ASK_EVERY: Duration = Duration::from_micros(500);
/// How long a server may take to end when asked to; then it is killed.
const END_MAX: Duration = Duration::from_secs(6);
/// Between two looks whether it has ended.
const LOOK_EVERY: Duration = Duration::from_millis(5);
/// Bytes of a dead server's complaints that are shown: the last ones.
const COMPLAINT_BYTES_MAX: usize = 2_000;

/// What runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// The release binary.
    Teahouse,
    /// This program's own floor.
    Floor,
}

impl Kind {
    /// Its name in the tables.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Teahouse => "server",
            Self::Floor => "floor",
        }
    }
}

/// A running child that is ready.
#[derive(Debug)]
pub(crate) struct Server {
    child: Child,
    port: u16,
    folder: Folder,
    /// From the spawning to the first 200 of `/readyz`.
    pub(crate) ready_after: Duration,
}

impl Server {
    /// Starts one and waits until it is ready; with `core`, all its threads run on that core.
    ///
    /// # Errors
    /// When the binary is not there, ends at once, or is not ready in time.
    pub(crate) fn start(kind: Kind, core: Option<usize>) -> Result<Self, Failure> {
        let port = free_port().map_err(Failure::at("no free port"))?;
        let folder = Folder::fresh().map_err(Failure::at("no folder for the data"))?;
        let mut command = command(kind, port, &folder.0)?;
        let complaints =
            File::create(folder.0.join("stderr")).map_err(Failure::at("no file for the complaints"))?;
        command.stdout(Stdio::null()).stderr(complaints);
        // The floor ends when this pipe does, whatever becomes of this program.
        command.stdin(Stdio::piped());
        let begin = Instant::now();
        let child = {
            // A child inherits the affinity of the thread that starts it.
            let _pinned = core.map(Pinned::to).transpose()?;
            command.spawn()
        }
        .map_err(Failure::at(format!(
            "cannot start {} (set {BINARY_VARIABLE}?)",
            command.get_program().display()
        )))?;
        let mut server = Self { child, port, folder, ready_after: Duration::ZERO };
        while !server.is_ready() {
            server.expect_alive()?;
            if begin.elapsed() > READY_MAX {
                return Err(Failure::new("the server was not ready in ten seconds"));
            }
            thread::sleep(ASK_EVERY);
        }
        server.ready_after = begin.elapsed();
        Ok(server)
    }

    /// Its process.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Its port on 127.0.0.1.
    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// An error with its last words when it has ended.
    ///
    /// # Errors
    /// When it has ended.
    pub(crate) fn expect_alive(&mut self) -> Result<(), Failure> {
        match self.child.try_wait() {
            Ok(None) => Ok(()),
            Ok(Some(status)) => {
                Err(Failure::new(format!("the server ended by itself ({status}): {}", self.last_words())))
            }
            Err(error) => Err(Failure::at("cannot see whether the server lives")(error)),
        }
    }

    fn is_ready(&self) -> bool {
        let ask = || -> std::io::Result<bool> {
            let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port))?;
            stream.set_read_timeout(Some(ANSWER_MAX))?;
            let port = self.port;
            let request =
                format!("GET /readyz HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\r\n");
            stream.write_all(request.as_bytes())?;
            let mut status = [0; "HTTP/1.1 200".len()];
            stream.read_exact(&mut status)?;
            Ok(status == *b"HTTP/1.1 200")
        };
        ask().unwrap_or(false)
    }

    fn last_words(&self) -> String {
        let bytes = fs::read(self.folder.0.join("stderr")).unwrap_or_default();
        let from = bytes.len().saturating_sub(COMPLAINT_BYTES_MAX);
        String::from_utf8_lossy(&bytes[from..]).trim().to_owned()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Ok(None) = self.child.try_wait() {
            // It may end between the question and the signal: then there is nothing to end.
            let _ = kill_process(Pid::from_child(&self.child), Signal::TERM);
            let begin = Instant::now();
            while let Ok(None) = self.child.try_wait() {
                if begin.elapsed() > END_MAX {
                    eprintln!("bench: the server did not end when asked to and is killed");
                    let _ = self.child.kill();
                    let _ = self.child.wait();
                    break;
                }
                thread::sleep(LOOK_EVERY);
            }
        }
    }
}

fn command(kind: Kind, port: u16, folder: &Path) -> Result<Command, Failure> {
    match kind {
        Kind::Floor => {
            let own = std::env::current_exe().map_err(Failure::at("where am I"))?;
            let mut command = Command::new(own);
            command.args(["floor", "--port", &port.to_string()]);
            Ok(command)
        }
        Kind::Teahouse => {
            let binary = std::env::var_os(BINARY_VARIABLE).unwrap_or_else(|| OsString::from(BINARY_USUAL));
            let mut command = Command::new(binary);
            // What the caller has set for another server is not for this one.
            for (name, _) in std::env::vars_os() {
                if name.to_string_lossy().starts_with("TEAHOUSE_") {
                    command.env_remove(name);
                }
            }
            command
                .args(["--listen", &format!("127.0.0.1:{port}")])
                .args(["--limit-posts", "0"])
                .arg("--data")
                .arg(folder.join("data"));
            Ok(command)
        }
    }
}

/// A port that was free a moment ago.
fn free_port() -> std::io::Result<u16> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    Ok(listener.local_addr()?.port())
}

/// A folder of the server's own, gone when dropped.
#[derive(Debug)]
struct Folder(PathBuf);

impl Folder {
    fn fresh() -> std::io::Result<Self> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("teahouse-bench-{}-{count}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        fs::create_dir(&folder)?;
        Ok(Self(folder))
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What stays behind in the temporary folder harms nobody.
        let _ = fs::remove_dir_all(&self.0);
    }
}
