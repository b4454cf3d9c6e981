//! A server of a test's own.

use crate::{http, socket::Socket};
use backend::RunInputs;
use backend::config::Config;
use backend::http::app_state::InboundHook;
use backend::page::Page;
use backend::store::{Store, memory::MemoryStore};
use shared::{Command, Epoch, Event, command::Hello};
use std::{
    net::{SocketAddr, TcpListener},
    path::PathBuf,
    sync::atomic::{AtomicU64, Ordering},
    thread::JoinHandle,
};
use tokio::sync::oneshot;

/// A server on port 0, ended when dropped.
pub(crate) struct House {
    pub(crate) address: SocketAddr,
    shutdown: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<Result<(), backend::RunError>>>,
}

/// What a test sets apart from the defaults.
pub(crate) struct Plan {
    pub(crate) config: Config,
    pub(crate) store: Box<dyn Store>,
    pub(crate) page: Option<PathBuf>,
    pub(crate) inbound_hook: Option<InboundHook>,
}

impl Default for Plan {
    fn default() -> Self {
        static EPOCH: AtomicU64 = AtomicU64::new(1);
        let epoch = Epoch(EPOCH.fetch_add(1, Ordering::Relaxed));
        Plan {
            config: Config::default(),
            store: Box::new(MemoryStore::new(epoch)),
            page: None,
            inbound_hook: None,
        }
    }
}

impl House {
    pub(crate) fn open() -> Self {
        House::of(Plan::default())
    }

    pub(crate) fn with(change: impl FnOnce(&mut Config)) -> Self {
        let mut plan = Plan::default();
        change(&mut plan.config);
        House::of(plan)
    }

    pub(crate) fn of(plan: Plan) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (shutdown, asked) = oneshot::channel::<()>();
        let thread = std::thread::spawn(move || {
            let folder = plan.page.unwrap_or_else(|| PathBuf::from("no page"));
            let made = RunInputs {
                store: plan.store,
                page: Page::read(&folder),
                house_id: "0123456789abcdef".to_owned(),
                inbound_hook: plan.inbound_hook,
            };
            let asked = async {
                let _ = asked.await;
            };
            actix_web::rt::System::new().block_on(backend::run(listener, plan.config, made, asked))
        });
        House { address, shutdown: Some(shutdown), thread: Some(thread) }
    }

    /// A server that another process is.
    #[cfg(target_os = "linux")]
    pub(crate) fn elsewhere(address: SocketAddr) -> Self {
        House { address, shutdown: None, thread: None }
    }

    /// Ends it as SIGTERM would, and waits until it has.
    pub(crate) fn end(mut self) -> Result<(), backend::RunError> {
        self.ask_to_end();
        self.thread.take().unwrap().join().unwrap()
    }

    pub(crate) fn ask_to_end(&mut self) {
        drop(self.shutdown.take());
    }

    pub(crate) fn origin(&self) -> String {
        format!("http://{}", self.address)
    }

    /// A bare WebSocket, known to be attached: it has heard itself.
    pub(crate) async fn plain(&self) -> Socket {
        let mut socket = Socket::open(self.address, "/conn_ws", &[]).await.unwrap();
        socket.send_binary(b"attached?").await;
        while socket.next_binary().await != b"attached?" {}
        socket
    }

    /// A new member of this name; returns the cookie.
    pub(crate) async fn join(&self, name: &str) -> String {
        let answer = http::post(self, "/api/join", &[], &serde_json::json!({ "name": name })).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        answer.cookie().unwrap()
    }

    /// A v1 socket of this cookie, before its hello.
    pub(crate) async fn socket(&self, cookie: &str) -> Socket {
        let headers = [("Origin", self.origin()), ("Cookie", cookie.to_owned())];
        Socket::open(self.address, "/conn_ws?v=1", &headers).await.unwrap()
    }

    /// A new member's v1 socket, welcomed.
    pub(crate) async fn enter(&self, name: &str) -> Socket {
        let cookie = self.join(name).await;
        let mut socket = self.socket(&cookie).await;
        socket.command(&hello(1)).await;
        assert!(matches!(socket.event().await, Event::Welcome(_)));
        socket
    }
}

impl Drop for House {
    fn drop(&mut self) {
        self.ask_to_end();
        if let Some(thread) = self.thread.take()
            && !std::thread::panicking()
        {
            thread.join().unwrap().unwrap();
        }
    }
}

pub(crate) fn hello(reference: u64) -> Command {
    Command::Hello(Hello { reference, build: "test".into(), cursor: None, room: None })
}

#[cfg(target_os = "linux")]
impl House {
    /// Connections of this port as the server's kernel holds them, closing ones included.
    pub(crate) fn sockets(&self) -> usize {
        let port = format!(":{:04X}", self.address.port());
        let table = std::fs::read_to_string("/proc/net/tcp").unwrap();
        let is_ours = |line: &&str| {
            let mut fields = line.split_whitespace().skip(1);
            let (local, _, state) = (fields.next().unwrap_or_default(), fields.next(), fields.next());
            // 0A is the listener, 06 (TIME_WAIT) holds nothing any more.
            local.ends_with(&port) && !matches!(state, Some("0A" | "06"))
        };
        table.lines().skip(1).filter(is_ours).count()
    }
}
