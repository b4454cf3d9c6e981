//! A server for one test.

use crate::{
    http,
    lock::lock_with_retry,
    socket::{PATIENCE, Socket},
    temp_folder::TempFolder,
};
use backend::RunInputs;
use backend::config::Config;
use backend::connection::deadlines::Deadlines;
use backend::http::app_state::InboundHook;
use backend::join_secret::JoinSecret;
use backend::page::Page;
use backend::store::{Store, memory::MemoryStore, sqlite::SqliteStore};
use shared::{Command, Epoch, Event, command::Hello};
use std::{
    net::{SocketAddr, TcpListener},
    path::PathBuf,
    sync::atomic::{AtomicU64, Ordering},
    thread::JoinHandle,
};
use tokio::{sync::oneshot, time::timeout};

/// A server on port 0. Dropping it shuts it down.
pub(crate) struct TestServer {
    pub(crate) address: SocketAddr,
    shutdown: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<Result<(), backend::RunError>>>,
}

/// Settings of a server that a test may change.
pub(crate) struct ServerOptions {
    pub(crate) config: Config,
    pub(crate) store: Box<dyn Store>,
    pub(crate) page: Option<PathBuf>,
    pub(crate) inbound_hook: Option<InboundHook>,
    pub(crate) deadlines: Deadlines,
    pub(crate) metrics: Vec<TcpListener>,
    pub(crate) connections_max: Option<usize>,
}

impl TempFolder {
    /// Options for a server on this folder.
    pub(crate) fn server_options(&self) -> ServerOptions {
        let store = SqliteStore::open(lock_with_retry(self.path())).unwrap();
        ServerOptions { store: Box::new(store), ..ServerOptions::default() }
    }
}

impl Default for ServerOptions {
    fn default() -> Self {
        static EPOCH: AtomicU64 = AtomicU64::new(1);
        let epoch = Epoch(EPOCH.fetch_add(1, Ordering::Relaxed));
        ServerOptions {
            config: Config::default(),
            store: Box::new(MemoryStore::new(epoch)),
            page: None,
            inbound_hook: None,
            deadlines: Deadlines::default(),
            metrics: Vec::new(),
            connections_max: None,
        }
    }
}

impl TestServer {
    pub(crate) fn start() -> Self {
        TestServer::with_options(ServerOptions::default())
    }

    pub(crate) fn with_config(change: impl FnOnce(&mut Config)) -> Self {
        let mut options = ServerOptions::default();
        change(&mut options.config);
        TestServer::with_options(options)
    }

    pub(crate) fn with_options(options: ServerOptions) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (shutdown, requested) = oneshot::channel::<()>();
        let thread = std::thread::spawn(move || {
            let folder = options.page.unwrap_or_else(|| PathBuf::from("no page"));
            let inputs = RunInputs {
                store: options.store,
                page: Page::read(&folder),
                house_id: "0123456789abcdef".to_owned(),
                join_secret: JoinSecret([7; 32]),
                inbound_hook: options.inbound_hook,
                deadlines: options.deadlines,
                metrics: options.metrics,
                connections_max: options.connections_max,
            };
            let requested = async {
                let _ = requested.await;
            };
            actix_web::rt::System::new().block_on(backend::run(
                vec![listener],
                options.config,
                inputs,
                requested,
            ))
        });
        TestServer { address, shutdown: Some(shutdown), thread: Some(thread) }
    }

    /// A server that runs in another process.
    #[cfg(target_os = "linux")]
    pub(crate) fn at_address(address: SocketAddr) -> Self {
        TestServer { address, shutdown: None, thread: None }
    }

    /// Shuts the server down as SIGTERM would, and waits for its end.
    pub(crate) fn shut_down(mut self) -> Result<(), backend::RunError> {
        self.request_shutdown();
        self.thread.take().unwrap().join().unwrap()
    }

    /// Waits for the end of the server, whose shutdown was requested before.
    pub(crate) async fn ended(mut self) {
        let thread = self.thread.take().unwrap();
        // A thread of its own: the runtime would wait for a blocking task of its own even after a panic.
        let (sender, end) = oneshot::channel();
        std::thread::spawn(move || sender.send(thread.join()));
        timeout(PATIENCE, end).await.expect("the end of the server").unwrap().unwrap().unwrap();
    }

    pub(crate) fn request_shutdown(&mut self) {
        drop(self.shutdown.take());
    }

    pub(crate) fn origin(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Opens a WebSocket in the text dialect. It is attached: it has got its own message.
    pub(crate) async fn open_text_socket(&self) -> Socket {
        let mut socket = Socket::open(self.address, "/conn_ws", &[]).await.unwrap();
        socket.send_binary(b"attached?").await;
        while socket.next_binary().await != b"attached?" {}
        socket
    }

    /// Joins as a new member of this name. Returns the cookie.
    pub(crate) async fn join(&self, name: &str) -> String {
        let answer = http::post(self, "/api/join", &[], &serde_json::json!({ "name": name })).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        answer.cookie().unwrap()
    }

    /// Opens a v1 socket with this cookie. The client must send `hello`.
    pub(crate) async fn open_v1_socket(&self, cookie: &str) -> Socket {
        let headers = [("Origin", self.origin()), ("Cookie", cookie.to_owned())];
        Socket::open(self.address, "/conn_ws?v=1", &headers).await.unwrap()
    }

    /// Joins as a new member and opens a v1 socket. The `welcome` is read.
    pub(crate) async fn join_and_open(&self, name: &str) -> Socket {
        let cookie = self.join(name).await;
        let mut socket = self.open_v1_socket(&cookie).await;
        socket.command(&hello(1)).await;
        assert!(matches!(socket.event().await, Event::Welcome(_)));
        socket
    }
}

impl Drop for TestServer {
    fn drop(&mut self) {
        self.request_shutdown();
        if let Some(thread) = self.thread.take()
            && !std::thread::panicking()
        {
            thread.join().unwrap().unwrap();
        }
    }
}

pub(crate) fn hello(reference: u64) -> Command {
    Command::Hello(Hello { reference, build: "test".into(), cursor: None, held: vec![], room: None })
}

#[cfg(target_os = "linux")]
impl TestServer {
    /// Connections to this port in the server's kernel, closing ones included.
    pub(crate) fn open_connections(&self) -> usize {
        let port = format!(":{:04X}", self.address.port());
        let table = std::fs::read_to_string("/proc/net/tcp").unwrap();
        let is_ours = |line: &&str| {
            let mut fields = line.split_whitespace().skip(1);
            let (local, _, state) = (fields.next().unwrap_or_default(), fields.next(), fields.next());
            // 0A is the listener. 06 (TIME_WAIT) holds no resources any more.
            local.ends_with(&port) && !matches!(state, Some("0A" | "06"))
        };
        table.lines().skip(1).filter(is_ours).count()
    }
}
