//! The server: the release binary with the page in it, on a port of loopback.

use crate::{
    folder,
    wait::{SOON, until},
};
use std::{
    cell::RefCell,
    env, fs,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
    process::ExitStatus,
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    process::{Child, Command},
    time::timeout,
};

/// How long the server may take to end after SIGTERM.
const CLOSING: Duration = Duration::from_secs(5);

/// One server, closed when it is dropped.
#[derive(Debug)]
pub struct House {
    address: SocketAddr,
    arguments: Vec<String>,
    data: PathBuf,
    log: PathBuf,
    child: RefCell<Option<Child>>,
}

impl House {
    /// Starts a server on `port` of loopback (with `--lan` in `more`: of every
    /// interface) with its data in `folder`, and waits until it answers.
    ///
    /// # Panics
    /// If there is no binary, it does not start, or it has no page in it.
    pub async fn open(folder: &Path, port: u16, more: &[&str]) -> House {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let data = folder.join(format!("house-{port}"));
        let mut arguments = vec!["--listen".to_owned(), address.to_string()];
        arguments.extend(["--data".to_owned(), data.display().to_string()]);
        arguments.extend(more.iter().map(|&argument| argument.to_owned()));
        let log = folder.join(format!("house-{port}.log"));
        let house = House { address, arguments, data, log, child: RefCell::new(None) };
        house.open_again().await;
        let page = get(address, "/").await.unwrap_or_default();
        assert!(
            page.starts_with("HTTP/1.1 200"),
            "{} has no page in it. Run `cargo xtask test e2e`, or `trunk build --release` and then \
             `cargo build --release -p backend`.",
            binary().display()
        );
        house
    }

    /// Takes away its log, while it is closed; the house stays the same one.
    ///
    /// # Panics
    /// If there is none.
    pub fn forget_log(&self) {
        let entries = fs::read_dir(&self.data).unwrap_or_else(|error| panic!("no data: {error}"));
        let logs =
            entries.flatten().filter(|entry| entry.file_name().to_string_lossy().starts_with("log.sqlite"));
        let removed = logs.map(|entry| fs::remove_file(entry.path())).filter(Result::is_ok).count();
        assert!(removed > 0, "there is no log in {}", self.data.display());
    }

    /// Starts it again on the same port, with the same data.
    ///
    /// # Panics
    /// As [`House::open`].
    pub async fn open_again(&self) {
        let binary = binary();
        let mut command = Command::new(&binary);
        command.args(&self.arguments).kill_on_drop(true);
        folder::says_into(&self.log, &mut command);
        // What the shell has set must not decide a test.
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
        until("the house to open", SOON, async || {
            if let Ok(Some(status)) = child.try_wait() {
                panic!("the server has ended ({status}): {}", fs::read_to_string(log).unwrap_or_default());
            }
            let answer = get(address, "/readyz").await?;
            if answer.starts_with("HTTP/1.1 200") { Ok(()) } else { Err(answer) }
        })
        .await;
        self.child.replace(Some(child));
    }

    /// Asks it to end (SIGTERM) and waits until it has.
    ///
    /// # Panics
    /// If it takes longer than it may, or ends in another way than well.
    pub async fn close(&self) {
        let child = self.child.take();
        let Some(mut child) = child else { panic!("the house is closed already") };
        let status = terminate(&mut child).await;
        assert!(status.success(), "the server ended with {status}: {}", self.log());
    }

    /// `127.0.0.1` and its port.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its address as one opens it.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Its address on this machine's own interface, for a server with `--lan`.
    ///
    /// # Panics
    /// If the server did not print one: the machine has no interface but loopback.
    pub fn lan_url(&self) -> String {
        let log = self.log();
        let found = log.split_whitespace().find(|word| {
            let ip = word.strip_prefix("http://").and_then(|rest| rest.parse::<SocketAddr>().ok());
            ip.is_some_and(|address| is_elsewhere(address.ip()))
        });
        found.map(str::to_owned).unwrap_or_else(|| panic!("no address but loopback in: {log}"))
    }

    /// What it has printed.
    pub fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }
}

fn is_elsewhere(ip: IpAddr) -> bool {
    !ip.is_loopback() && !ip.is_unspecified()
}

/// Where the server is.
fn binary() -> PathBuf {
    let built = || folder::target().join("release").join(format!("teahouse{}", env::consts::EXE_SUFFIX));
    env::var_os("TEAHOUSE_BIN").map_or_else(built, |set| folder::workspace().join(set))
}

async fn terminate(child: &mut Child) -> ExitStatus {
    #[cfg(unix)]
    if let Some(pid) = child.id().and_then(|id| rustix::process::Pid::from_raw(id.cast_signed())) {
        // It fails only if the server has ended by itself, which the status tells.
        let _ = rustix::process::kill_process(pid, rustix::process::Signal::TERM);
    }
    #[cfg(not(unix))]
    drop(child.start_kill());
    let ended = timeout(CLOSING, child.wait()).await;
    let status = ended.unwrap_or_else(|_| panic!("the server took longer than {CLOSING:?} to end"));
    status.unwrap_or_else(|error| panic!("the server cannot be waited for: {error}"))
}

/// The whole answer to a GET, head and body.
///
/// # Errors
/// What the connection said.
pub async fn get(address: SocketAddr, path: &str) -> Result<String, String> {
    let exchange = async {
        let mut stream = TcpStream::connect(address).await?;
        let request = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await?;
        Ok::<_, std::io::Error>(String::from_utf8_lossy(&answer).into_owned())
    };
    exchange.await.map_err(|error| error.to_string())
}
