//! A TCP relay in front of the server whose connections can be cut: existing connections are reset and
//! new ones refused. The offline mode of DevTools only stalls a WebSocket and delivers everything later.

use crate::port;
use std::net::{Ipv4Addr, SocketAddr};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{
        TcpListener, TcpSocket, TcpStream,
        tcp::{ReadHalf, WriteHalf},
    },
    sync::watch,
};

/// Size of the kernel's receive buffer towards the server. The buffer is small, so that a held
/// connection soon blocks the server's writes.
const RECEIVE_BUFFER_BYTES: u32 = 256 << 10;

/// The requested behaviour.
#[derive(Clone, Copy, Debug)]
struct RelayState {
    /// Whether connections exist and are accepted.
    connected: bool,
    /// Whether bytes from the browser reach the server.
    upstream: bool,
    /// Whether bytes from the server reach the browser.
    downstream: bool,
}

/// The actual listener and connections.
#[derive(Clone, Copy, Debug, Default)]
struct RelayStatus {
    listening: bool,
    connections: usize,
}

/// The relay. Dropping it cuts all connections.
#[derive(Debug)]
pub struct Relay {
    address: SocketAddr,
    state: watch::Sender<RelayState>,
    status: watch::Receiver<RelayStatus>,
}

impl Relay {
    /// Starts a relay in front of the server at `server`.
    ///
    /// # Panics
    /// If no port is free.
    pub async fn start(server: SocketAddr) -> Relay {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port::free()));
        let (state, states) =
            watch::channel(RelayState { connected: true, upstream: true, downstream: true });
        let (reported, status) = watch::channel(RelayStatus::default());
        tokio::spawn(listen(address, server, states, reported));
        let relay = Relay { address, state, status };
        relay.wait_for(|status| status.listening).await;
        relay
    }

    /// Returns the URL of the server behind the relay.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Resets every connection and refuses new ones.
    pub async fn cut(&self) {
        self.state.send_modify(|state| state.connected = false);
        self.wait_for(|status| !status.listening && status.connections == 0).await;
    }

    /// Accepts connections again and passes all bytes.
    pub async fn heal(&self) {
        self.state
            .send_modify(|state| *state = RelayState { connected: true, upstream: true, downstream: true });
        self.wait_for(|status| status.listening).await;
    }

    /// Holds the bytes from the browser until [`Relay::cut`] and [`Relay::heal`].
    pub fn hold_upstream(&self) {
        self.state.send_modify(|state| state.upstream = false);
    }

    /// Holds the bytes from the server until [`Relay::release_downstream`], or [`Relay::cut`] and
    /// [`Relay::heal`].
    pub fn hold_downstream(&self) {
        self.state.send_modify(|state| state.downstream = false);
    }

    /// Passes the held and all later bytes from the server to the browser.
    pub fn release_downstream(&self) {
        self.state.send_modify(|state| state.downstream = true);
    }

    async fn wait_for(&self, mut condition: impl FnMut(&RelayStatus) -> bool) {
        let ended = self.status.clone().wait_for(|status| condition(status)).await.is_err();
        assert!(!ended, "the relay has ended: is its port taken?");
    }
}

async fn listen(
    address: SocketAddr,
    server: SocketAddr,
    mut states: watch::Receiver<RelayState>,
    status: watch::Sender<RelayStatus>,
) {
    while states.wait_for(|state| state.connected).await.is_ok() {
        let Ok(listener) = TcpListener::bind(address).await else { return };
        status.send_modify(|status| status.listening = true);
        let mut until_cut = states.clone();
        loop {
            let browser = tokio::select! {
                accepted = listener.accept() => accepted,
                _ = until_cut.wait_for(|state| !state.connected) => break,
            };
            if let Ok((browser, _)) = browser {
                status.send_modify(|status| status.connections += 1);
                let (states, status) = (states.clone(), status.clone());
                tokio::spawn(async move {
                    carry(browser, server, states).await;
                    status.send_modify(|status| status.connections -= 1);
                });
            }
        }
        drop(listener);
        status.send_modify(|status| status.listening = false);
    }
}

/// Connects with a receive buffer of fixed size. If the system refuses the size, it buffers more.
async fn connect(server: SocketAddr) -> Option<TcpStream> {
    let socket = TcpSocket::new_v4().ok()?;
    let _ = socket.set_recv_buffer_size(RECEIVE_BUFFER_BYTES);
    socket.connect(server).await.ok()
}

async fn carry(mut browser: TcpStream, server: SocketAddr, mut states: watch::Receiver<RelayState>) {
    let Some(mut server) = connect(server).await else { return };
    let (upstream, downstream) = (states.clone(), states.clone());
    let is_cut = {
        let (browser_reader, browser_writer) = browser.split();
        let (server_reader, server_writer) = server.split();
        tokio::select! {
            () = pass(browser_reader, server_writer, upstream, |state| state.upstream) => false,
            () = pass(server_reader, browser_writer, downstream, |state| state.downstream) => false,
            _ = states.wait_for(|state| !state.connected) => true,
        }
    };
    if is_cut {
        for end in [&browser, &server] {
            // With a linger of zero the kernel sends RST instead of FIN.
            let _ = end.set_zero_linger();
        }
    }
}

/// Copies bytes until one end closes, while `passes` holds.
async fn pass(
    mut from: ReadHalf<'_>,
    mut to: WriteHalf<'_>,
    mut states: watch::Receiver<RelayState>,
    passes: fn(&RelayState) -> bool,
) {
    let mut bytes = vec![0; 16 << 10];
    while let Ok(count @ 1..) = from.read(&mut bytes).await {
        let _ = states.wait_for(passes).await;
        if to.write_all(&bytes[..count]).await.is_err() {
            return;
        }
    }
}
