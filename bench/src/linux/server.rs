//! The process under test: the release binary, or the floor or Bun in its place.
//!
//! A [`Home`] holds what stays from one start to the next: a port of 127.0.0.1 and a data folder. A
//! [`Server`] is the child process that runs there. Dropping it ends the process and removes the home's
//! temporary folder.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use super::bun;
use super::failure::Failure;
use super::folder::Folder;
use super::machine::Pinned;

/// Variable that names the binary under test.
const BINARY_VARIABLE: &str = "TEAHOUSE_BIN";
/// Binary under test when the variable is not set.
const BINARY_USUAL: &str = "target/release/teahouse";
/// Time limit for a server to become ready. A slow start is to be measured, not to end the measurement.
const READY_MAX: Duration = Duration::from_secs(60);
/// Time limit of one answer of `/readyz`.
const ANSWER_MAX: Duration = Duration::from_secs(1);
/// Interval between two requests to `/readyz`.
const READY_INTERVAL: Duration = Duration::from_micros(500);
/// Time limit for a server to end after SIGTERM. Past it the server is killed.
const END_MAX: Duration = Duration::from_secs(6);
/// Interval at which the process is checked for its end.
const POLL_INTERVAL: Duration = Duration::from_millis(5);
/// Ports that servers listen on.
const PORTS: Range<u16> = 20_000..32_000;
/// Last bytes of a dead server's standard error that are shown.
const STDERR_BYTES_MAX: usize = 2_000;

/// Program that a server runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// The release binary.
    Teahouse,
    /// The floor of this program.
    Floor,
    /// Bun, if [`bun::path`] finds it.
    Bun,
}

impl Kind {
    /// Name of the program in the tables.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Teahouse => "server",
            Self::Floor => "floor",
            Self::Bun => "Bun",
        }
    }
}

/// Port, folders and tracer of a server.
#[derive(Debug)]
pub(crate) struct Home {
    kind: Kind,
    port: u16,
    folder: Folder,
    data: PathBuf,
    /// Whether the server has its default rates and limits. Otherwise it has none that could pause a load.
    is_limited: bool,
    /// Port of 127.0.0.1 for the metrics; `None` if they are off.
    metrics_port: Option<u16>,
    /// Tracer and its arguments under which the server is started; mostly none.
    tracer: Vec<OsString>,
}

impl Home {
    /// A home with a free port and an empty folder.
    ///
    /// # Errors
    /// When there is no free port or no folder.
    pub(crate) fn fresh(kind: Kind) -> Result<Self, Failure> {
        let port = free_port().map_err(Failure::at("no free port"))?;
        let folder = Folder::fresh().map_err(Failure::at("cannot make a folder for the data"))?;
        let data = folder.path().join("data");
        Ok(Self { kind, port, folder, data, is_limited: false, metrics_port: None, tracer: Vec::new() })
    }

    /// Uses this data folder, which is not removed in the end.
    pub(crate) fn with_data(self, data: PathBuf) -> Self {
        Self { data, ..self }
    }

    /// Starts the server with its default rates and limits.
    pub(crate) fn limited(self) -> Self {
        Self { is_limited: true, ..self }
    }

    /// Starts the server with metrics.
    ///
    /// # Errors
    /// When there is no free port.
    pub(crate) fn with_metrics(self) -> Result<Self, Failure> {
        let port = free_port().map_err(Failure::at("no free port"))?;
        Ok(Self { metrics_port: Some(port), ..self })
    }

    /// Starts the server under this tracer. The tracer must leave the server a child of this program.
    pub(crate) fn traced_by(self, tracer: Vec<OsString>) -> Self {
        Self { tracer, ..self }
    }

    /// Temporary folder that contains the data folder.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Path of the data folder.
    pub(crate) fn data(&self) -> &Path {
        &self.data
    }

    /// Keeps the temporary folder for inspection. Returns its path.
    pub(crate) fn keep_files(&mut self) -> &Path {
        self.folder.keep();
        self.folder.path()
    }

    fn stderr_path(&self) -> PathBuf {
        self.folder.path().join("stderr")
    }

    fn spawn(&self, core: Option<usize>) -> Result<Child, Failure> {
        let mut command = self.command()?;
        let stderr = File::options().create(true).append(true).open(self.stderr_path());
        let stderr = stderr.map_err(Failure::at("cannot open a file for the server's errors"))?;
        command.stdout(Stdio::null()).stderr(stderr);
        // The floor and Bun end when this pipe does, however this program ends.
        command.stdin(Stdio::piped());
        // A child inherits the affinity of the thread that starts it.
        let _pinned = core.map(Pinned::to).transpose()?;
        command.spawn().map_err(Failure::at(format!(
            "cannot start {} (set {BINARY_VARIABLE}?)",
            command.get_program().display()
        )))
    }

    fn command(&self) -> Result<Command, Failure> {
        match self.kind {
            Kind::Floor => {
                let own = std::env::current_exe().map_err(Failure::at("cannot find this program"))?;
                let mut command = Command::new(own);
                command.args(["floor", "--port", &self.port.to_string()]);
                Ok(command)
            }
            Kind::Bun => {
                let program = self.folder().join("publish.js");
                fs::write(&program, bun::PROGRAM).map_err(Failure::at("cannot write Bun's program"))?;
                let mut command = Command::new(bun::path().map_err(Failure::new)?);
                command.arg("run").arg(program).arg(self.port.to_string());
                Ok(command)
            }
            Kind::Teahouse => {
                let mut command = match self.tracer.split_first() {
                    Some((tracer, arguments)) => {
                        let mut command = without_own_variables(Command::new(tracer));
                        command.args(arguments).arg(binary());
                        command
                    }
                    None => without_own_variables(Command::new(binary())),
                };
                command.args(["--listen", &format!("127.0.0.1:{}", self.port)]);
                if !self.is_limited {
                    command.args(["--limit-posts", "0"]);
                }
                if let Some(port) = self.metrics_port {
                    command.args(["--metrics", &format!("127.0.0.1:{port}")]);
                }
                command.arg("--data").arg(&self.data);
                Ok(command)
            }
        }
    }
}

/// A running server.
#[derive(Debug)]
pub(crate) struct Server {
    home: Home,
    core: Option<usize>,
    child: Child,
    begun: Instant,
    /// Time from starting the process to the first 200 of `/readyz`.
    pub(crate) ready_after: Duration,
}

impl Server {
    /// Starts a server in a fresh home and waits until it is ready. With `core`, all its threads run on that
    /// CPU core.
    ///
    /// # Errors
    /// When the binary is missing, ends at once, or is not ready in time.
    pub(crate) fn start(kind: Kind, core: Option<usize>) -> Result<Self, Failure> {
        Self::start_in(Home::fresh(kind)?, core)
    }

    /// Starts a server in this home and waits until it is ready.
    ///
    /// # Errors
    /// As [`Server::start`].
    pub(crate) fn start_in(home: Home, core: Option<usize>) -> Result<Self, Failure> {
        let begun = Instant::now();
        let child = home.spawn(core)?;
        let mut server = Self { home, core, child, begun, ready_after: Duration::ZERO };
        server.await_ready()?;
        Ok(server)
    }

    /// Waits until the server is ready.
    ///
    /// # Errors
    /// When the server ends, or is not ready in time.
    pub(crate) fn await_ready(&mut self) -> Result<(), Failure> {
        while !self.is_ready() {
            self.expect_alive()?;
            if self.begun.elapsed() > READY_MAX {
                return Err(Failure::new(format!("the server was not ready in {} s", READY_MAX.as_secs())));
            }
            thread::sleep(READY_INTERVAL);
        }
        self.ready_after = self.begun.elapsed();
        Ok(())
    }

    /// Ends the server with SIGKILL and waits until it is gone.
    ///
    /// # Errors
    /// When the server had ended by itself before.
    pub(crate) fn kill(&mut self) -> Result<(), Failure> {
        self.expect_alive()?;
        self.child.kill().map_err(Failure::at("cannot kill the server"))?;
        self.child.wait().map_err(Failure::at("cannot wait for the server's end"))?;
        Ok(())
    }

    /// Starts the server again in the same home, without waiting.
    ///
    /// # Errors
    /// When the server cannot be started.
    pub(crate) fn restart(&mut self) -> Result<(), Failure> {
        self.begun = Instant::now();
        self.child = self.home.spawn(self.core)?;
        Ok(())
    }

    /// Home of the server.
    pub(crate) fn home(&mut self) -> &mut Home {
        &mut self.home
    }

    /// Process id of the server.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Port of the server on 127.0.0.1.
    pub(crate) fn port(&self) -> u16 {
        self.home.port
    }

    /// The server's metrics in Prometheus' text format.
    ///
    /// # Errors
    /// When the server has none, or does not answer.
    pub(crate) fn metrics(&self) -> Result<String, Failure> {
        let port = self.home.metrics_port.ok_or_else(|| Failure::new("the server has no metrics"))?;
        let ask = || -> std::io::Result<String> {
            let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
            stream.set_read_timeout(Some(ANSWER_MAX))?;
            let request =
                format!("GET /metrics HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\r\n");
            stream.write_all(request.as_bytes())?;
            let mut text = String::new();
            stream.read_to_string(&mut text)?;
            Ok(text)
        };
        ask().map_err(Failure::at("cannot read the metrics"))
    }

    /// Checks that the server still runs.
    ///
    /// # Errors
    /// When the server has ended: a sentence with its last output.
    pub(crate) fn expect_alive(&mut self) -> Result<(), Failure> {
        match self.child.try_wait() {
            Ok(None) => Ok(()),
            Ok(Some(status)) => {
                Err(Failure::new(format!("the server ended by itself ({status}): {}", self.last_output())))
            }
            Err(error) => Err(Failure::at("cannot see whether the server runs")(error)),
        }
    }

    /// Whether `/readyz` answers with 200 now.
    pub(crate) fn is_ready(&self) -> bool {
        let ask = || -> std::io::Result<bool> {
            let port = self.home.port;
            let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
            stream.set_read_timeout(Some(ANSWER_MAX))?;
            let request =
                format!("GET /readyz HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\r\n");
            stream.write_all(request.as_bytes())?;
            let mut status = [0; "HTTP/1.1 200".len()];
            stream.read_exact(&mut status)?;
            Ok(status == *b"HTTP/1.1 200")
        };
        ask().unwrap_or(false)
    }

    fn last_output(&self) -> String {
        let bytes = fs::read(self.home.stderr_path()).unwrap_or_default();
        let from = bytes.len().saturating_sub(STDERR_BYTES_MAX);
        String::from_utf8_lossy(&bytes[from..]).trim().to_owned()
    }

    /// Sends SIGTERM and waits until the server has ended.
    pub(crate) fn end(&mut self) {
        if let Ok(None) = self.child.try_wait() {
            // The server may end before the signal; then there is nothing to end.
            let _ = kill_process(Pid::from_child(&self.child), Signal::TERM);
            let begin = Instant::now();
            while let Ok(None) = self.child.try_wait() {
                if begin.elapsed() > END_MAX {
                    eprintln!("bench: the server did not end after SIGTERM and is killed");
                    let _ = self.child.kill();
                    let _ = self.child.wait();
                    break;
                }
                thread::sleep(POLL_INTERVAL);
            }
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.end();
    }
}

/// Output of `teahouse check` on a data folder.
///
/// # Errors
/// The check's output, when the log is damaged. Another sentence, when the check could not be started.
pub(crate) fn check_data(data: &Path) -> Result<String, Failure> {
    let mut command = without_own_variables(Command::new(binary()));
    let output = command.arg("check").arg("--data").arg(data).stdin(Stdio::null()).output();
    let output = output.map_err(Failure::at("cannot start teahouse check"))?;
    let mut text = String::from_utf8_lossy(&output.stdout).into_owned();
    text.push_str(&String::from_utf8_lossy(&output.stderr));
    match output.status.success() {
        true => Ok(text.trim().to_owned()),
        false => Err(Failure::new(format!("teahouse check of {}: {}", data.display(), text.trim()))),
    }
}

fn binary() -> OsString {
    std::env::var_os(BINARY_VARIABLE).unwrap_or_else(|| OsString::from(BINARY_USUAL))
}

/// Removes the variables of another server that the caller may have set.
fn without_own_variables(mut command: Command) -> Command {
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("TEAHOUSE_") {
            command.env_remove(name);
        }
    }
    command
}

/// A port that was free a moment ago, below the range of outgoing connections (`ip_local_port_range` begins
/// at 32,768). An outgoing connection could take a port of that range while the server is down.
fn free_port() -> std::io::Result<u16> {
    static COUNT: AtomicU16 = AtomicU16::new(0);
    let own = std::process::id() as u16; // any start will do
    let mut refused = std::io::ErrorKind::AddrInUse.into();
    for _ in 0..PORTS.len() {
        let step = own.wrapping_mul(31).wrapping_add(COUNT.fetch_add(1, Ordering::Relaxed));
        let port = PORTS.start + step % (PORTS.end - PORTS.start);
        match TcpListener::bind((Ipv4Addr::LOCALHOST, port)) {
            Ok(_) => return Ok(port),
            Err(error) => refused = error,
        }
    }
    Err(refused)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_has_no_rates_unless_it_is_limited() {
        let lifts_limits =
            |home: &Home| home.command().unwrap().get_args().any(|word| word == "--limit-posts");
        let home = Home::fresh(Kind::Teahouse).unwrap();
        assert!(lifts_limits(&home));
        assert!(!lifts_limits(&home.limited()));
    }
}
