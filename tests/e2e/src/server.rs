//! The server under test: the release binary with the page inside, on a loopback port.

use crate::{
    folder,
    wait::{TIMEOUT, until},
};
use std::{
    cell::RefCell,
    env, fs,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
    process::{ExitStatus, Stdio},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    process::{Child, Command},
    time::timeout,
};

/// One server process, killed when dropped.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    arguments: Vec<String>,
    data: PathBuf,
    log: PathBuf,
    child: RefCell<Option<Child>>,
}

impl Server {
    /// Starts a server on the loopback port `port` and waits until it is ready. Its data are in
    /// `folder`; `more` are further arguments. With `--lan` it listens on every interface.
    ///
    /// # Panics
    /// If the binary is missing, does not start, or contains no page.
    pub async fn start(folder: &Path, port: u16, more: &[&str]) -> Server {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let data = folder.join(format!("server-{port}"));
        let mut arguments = vec!["--listen".to_owned(), address.to_string()];
        arguments.extend(["--data".to_owned(), data.display().to_string()]);
        arguments.extend(more.iter().map(|&argument| argument.to_owned()));
        let log = folder.join(format!("server-{port}.log"));
        let server = Server { address, arguments, data, log, child: RefCell::new(None) };
        server.start_again().await;
        let page = get(address, "/").await.unwrap_or_default();
        assert!(
            page.starts_with("HTTP/1.1 200"),
            "{} has no page in it. Run `cargo xtask test e2e`, or `trunk build --release` and then \
             `cargo build --release -p backend`.",
            binary().display()
        );
        server
    }

    /// Deletes the log of the stopped server. The file with the house's id stays.
    ///
    /// # Panics
    /// If there is no log.
    pub fn delete_log(&self) {
        let entries = fs::read_dir(&self.data).unwrap_or_else(|error| panic!("no data: {error}"));
        let logs =
            entries.flatten().filter(|entry| entry.file_name().to_string_lossy().starts_with("log.sqlite"));
        let removed = logs.map(|entry| fs::remove_file(entry.path())).filter(Result::is_ok).count();
        assert!(removed > 0, "there is no log in {}", self.data.display());
    }

    /// Starts the server again on the same port, with the same data.
    ///
    /// # Panics
    /// As [`Server::start`].
    pub async fn start_again(&self) {
        let binary = binary();
        let mut command = Command::new(&binary);
        command.args(&self.arguments).kill_on_drop(true);
        log_output(&self.log, &mut command);
        // Remove the server's variables; otherwise the caller's environment could decide a test.
        for (name, _) in env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("TEAHOUSE_")) {
            command.env_remove(name);
        }
        let mut child = command.spawn().unwrap_or_else(|error| {
            panic!(
                "cannot start {}: {error}. Build it (`cargo xtask test e2e` does) or set TEAHOUSE_BIN.",
                binary.display()
            )
        });
        let (address, log) = (self.address, &self.log);
        until("the server to be ready", TIMEOUT, async || {
            if let Ok(Some(status)) = child.try_wait() {
                panic!("the server has ended ({status}): {}", fs::read_to_string(log).unwrap_or_default());
            }
            let response = get(address, "/readyz").await?;
            if response.starts_with("HTTP/1.1 200") { Ok(()) } else { Err(response) }
        })
        .await;
        self.child.replace(Some(child));
    }

    /// Sends SIGTERM and waits for the server's end.
    ///
    /// # Panics
    /// If the server takes longer than 5 seconds, or ends with a failure.
    pub async fn stop(&self) {
        let child = self.child.take();
        let Some(mut child) = child else { panic!("the server is stopped already") };
        let status = terminate(&mut child).await;
        assert!(status.success(), "the server ended with {status}: {}", self.log());
    }

    /// Returns the socket address: `127.0.0.1` and the port.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Returns the URL on loopback.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Returns the URL on a network interface, for a server with `--lan`.
    ///
    /// # Panics
    /// If the server printed none, because the machine has no interface but loopback.
    pub fn lan_url(&self) -> String {
        let log = self.log();
        let found = log.split_whitespace().find(|word| {
            let ip = word.strip_prefix("http://").and_then(|rest| rest.parse::<SocketAddr>().ok());
            ip.is_some_and(|address| is_network_address(address.ip()))
        });
        found.map(str::to_owned).unwrap_or_else(|| panic!("no address of a network interface in: {log}"))
    }

    /// Returns the output of the server so far.
    pub fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }
}

fn is_network_address(ip: IpAddr) -> bool {
    !ip.is_loopback() && !ip.is_unspecified()
}

/// Returns the path of the server's binary.
fn binary() -> PathBuf {
    let built = || folder::target().join("release").join(format!("teahouse{}", env::consts::EXE_SUFFIX));
    env::var_os("TEAHOUSE_BIN").map_or_else(built, |set| folder::workspace().join(set))
}

async fn terminate(child: &mut Child) -> ExitStatus {
    #[cfg(unix)]
    if let Some(pid) = child.id().and_then(|id| rustix::process::Pid::from_raw(id.cast_signed())) {
        // An error means that the server ended by itself; its status is checked below.
        let _ = rustix::process::kill_process(pid, rustix::process::Signal::TERM);
    }
    #[cfg(not(unix))]
    drop(child.start_kill());
    let ended = timeout(TIMEOUT, child.wait()).await;
    let status = ended.unwrap_or_else(|_| panic!("the server took longer than {TIMEOUT:?} to end"));
    status.unwrap_or_else(|error| panic!("the server cannot be waited for: {error}"))
}

/// Appends the output of a command to the file `log`.
///
/// # Panics
/// If the file cannot be opened.
pub fn log_output(log: &Path, command: &mut Command) {
    let open = || fs::File::options().create(true).append(true).open(log);
    let open = || open().unwrap_or_else(|error| panic!("{}: {error}", log.display()));
    command.stdin(Stdio::null()).stdout(open()).stderr(open());
}

/// Sends a GET and returns the whole response, head and body.
///
/// # Errors
/// The text of an I/O error.
pub async fn get(address: SocketAddr, path: &str) -> Result<String, String> {
    let exchange = async {
        let mut stream = TcpStream::connect(address).await?;
        let request = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await?;
        let mut response = Vec::new();
        stream.read_to_end(&mut response).await?;
        Ok::<_, std::io::Error>(String::from_utf8_lossy(&response).into_owned())
    };
    exchange.await.map_err(|error| error.to_string())
}
