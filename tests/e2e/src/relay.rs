//! A wire that can be cut: a TCP proxy before a house that really resets its
//! connections and refuses new ones. What DevTools calls *offline* only stalls
//! a WebSocket, and delivers everything afterwards.

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

/// Bytes of the house that the system holds for a wire that is held: little, so that the house learns of it
/// soon.
const HELD_BYTES: u32 = 256 << 10;

/// What the wire does.
#[derive(Clone, Copy, Debug)]
struct State {
    /// It is there.
    whole: bool,
    /// Bytes of the page reach the house.
    up: bool,
    /// Bytes of the house reach the page.
    down: bool,
}

/// What there is.
#[derive(Clone, Copy, Debug, Default)]
struct Wires {
    listening: bool,
    connections: usize,
}

/// The wire. It is cut for good when it is dropped.
#[derive(Debug)]
pub struct Relay {
    address: SocketAddr,
    state: watch::Sender<State>,
    wires: watch::Receiver<Wires>,
}

impl Relay {
    /// A whole wire to `house`.
    ///
    /// # Panics
    /// If the system gives no port.
    pub async fn before(house: SocketAddr) -> Relay {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port::free()));
        let (state, states) = watch::channel(State { whole: true, up: true, down: true });
        let (told, wires) = watch::channel(Wires::default());
        tokio::spawn(listen(address, house, states, told));
        let relay = Relay { address, state, wires };
        relay.is(|wires| wires.listening).await;
        relay
    }

    /// The address of the house behind it.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Resets every connection and refuses new ones.
    pub async fn cut(&self) {
        self.state.send_modify(|state| state.whole = false);
        self.is(|wires| !wires.listening && wires.connections == 0).await;
    }

    /// Makes it whole again.
    pub async fn heal(&self) {
        self.state.send_modify(|state| *state = State { whole: true, up: true, down: true });
        self.is(|wires| wires.listening).await;
    }

    /// Keeps what the page sends from the house, until the wire is cut and healed.
    pub fn hold_up(&self) {
        self.state.send_modify(|state| state.up = false);
    }

    /// Keeps what the house sends from the page, until [`Relay::release_down`], or the wire is cut and healed.
    pub fn hold_down(&self) {
        self.state.send_modify(|state| state.down = false);
    }

    /// Lets what the house sent, and sends, reach the page again.
    pub fn release_down(&self) {
        self.state.send_modify(|state| state.down = true);
    }

    async fn is(&self, mut right: impl FnMut(&Wires) -> bool) {
        let ended = self.wires.clone().wait_for(|wires| right(wires)).await.is_err();
        assert!(!ended, "the relay has ended: is its port taken?");
    }
}

async fn listen(
    address: SocketAddr,
    house: SocketAddr,
    mut states: watch::Receiver<State>,
    wires: watch::Sender<Wires>,
) {
    while states.wait_for(|state| state.whole).await.is_ok() {
        let Ok(listener) = TcpListener::bind(address).await else { return };
        wires.send_modify(|wires| wires.listening = true);
        let mut until_cut = states.clone();
        loop {
            let page = tokio::select! {
                accepted = listener.accept() => accepted,
                _ = until_cut.wait_for(|state| !state.whole) => break,
            };
            if let Ok((page, _)) = page {
                wires.send_modify(|wires| wires.connections += 1);
                let (states, wires) = (states.clone(), wires.clone());
                tokio::spawn(async move {
                    carry(page, house, states).await;
                    wires.send_modify(|wires| wires.connections -= 1);
                });
            }
        }
        drop(listener);
        wires.send_modify(|wires| wires.listening = false);
    }
}

/// Connects with a buffer that does not grow; where the system refuses, it holds more.
async fn connect(house: SocketAddr) -> Option<TcpStream> {
    let socket = TcpSocket::new_v4().ok()?;
    let _ = socket.set_recv_buffer_size(HELD_BYTES);
    socket.connect(house).await.ok()
}

async fn carry(mut page: TcpStream, house: SocketAddr, mut states: watch::Receiver<State>) {
    let Some(mut house) = connect(house).await else { return };
    let (up, down) = (states.clone(), states.clone());
    let is_cut = {
        let (page_reads, page_writes) = page.split();
        let (house_reads, house_writes) = house.split();
        tokio::select! {
            () = pass(page_reads, house_writes, up, |state| state.up) => false,
            () = pass(house_reads, page_writes, down, |state| state.down) => false,
            _ = states.wait_for(|state| !state.whole) => true,
        }
    };
    if is_cut {
        for end in [&page, &house] {
            // With it the system sends a reset where it would say good-bye.
            let _ = end.set_zero_linger();
        }
    }
}

/// Passes bytes on until one end closes.
async fn pass(
    mut from: ReadHalf<'_>,
    mut to: WriteHalf<'_>,
    mut states: watch::Receiver<State>,
    flows: fn(&State) -> bool,
) {
    let mut bytes = vec![0; 16 << 10];
    while let Ok(count @ 1..) = from.read(&mut bytes).await {
        let _ = states.wait_for(flows).await;
        if to.write_all(&bytes[..count]).await.is_err() {
            return;
        }
    }
}
