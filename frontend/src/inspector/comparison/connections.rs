//! The four connections that a comparison compares. They begin at the same cursor and end together.

use super::Runner;
use crate::clock::mono_us;
use crate::inspector::socket::Socket;
use crate::random;
use crate::timeout::sleep;
use crate::transport::fetch::HttpConnection;
use client::http_session::SessionInput;
use client::inspect::comparison::compared_connection::{ComparedConnection, ComparedConnectionEffect};
use client::inspect::comparison::{ComparedTransport, Comparison};
use client::transport::Transport;
use shared::{Command, Cursor};
use std::{
    cell::{Cell, RefCell},
    rc::Rc,
};
use wasm_bindgen_futures::spawn_local;

/// Handle of the connections; clones refer to the same ones.
#[derive(Clone)]
pub(super) struct ComparedConnections(Rc<ComparedConnectionsInner>);

struct ComparedConnectionsInner {
    runner: Runner,
    is_open: Cell<bool>,
    /// Cores of the connections, by [`ComparedTransport::index`].
    cores: [RefCell<ComparedConnection>; 4],
    /// Sessions and the WebSocket in use, at the same indexes.
    opened: RefCell<[Option<OpenConnection>; 4]>,
}

/// A session or a WebSocket that the browser has created for a connection.
enum OpenConnection {
    Http(HttpConnection),
    Socket(Socket),
}

impl ComparedConnections {
    /// Opens the connections, each at `cursor`. Each [`ComparedConnection`] decides what is sent
    /// and when the connection is opened again.
    pub(super) fn open(runner: Runner, cursor: Cursor) -> Self {
        let transports = [Transport::Poll, Transport::LongPoll, Transport::EventStream, Transport::WebSocket];
        let connections = ComparedConnections(Rc::new(ComparedConnectionsInner {
            runner,
            is_open: Cell::new(true),
            cores: transports.map(|transport| RefCell::new(ComparedConnection::new(transport, cursor))),
            opened: RefCell::default(),
        }));
        transports.into_iter().for_each(|transport| connections.connect(transport));
        connections
    }

    /// Closes all connections. Their events no longer count.
    pub(super) fn close(&self) {
        self.0.is_open.set(false);
        // Drop the connections later, because one of their listeners may be the caller.
        let connections = self.0.opened.take();
        for connection in connections.iter().flatten() {
            if let OpenConnection::Http(connection) = connection {
                connection.handle(SessionInput::Close);
            }
        }
        spawn_local(async move { drop(connections) });
    }

    /// Whether the connections count: they are open, and the comparison is running.
    fn is_open(&self) -> bool {
        self.0.is_open.get() && self.0.runner.with(|comparison| comparison.is_running())
    }

    /// Opens the connection of this transport, and drops the one before with its listeners.
    fn connect(&self, transport: Transport) {
        let index = ComparedTransport::Reading(transport).index();
        self.0.cores[index].borrow_mut().begin_opening();
        let connections = self.clone();
        let connection = if transport == Transport::WebSocket {
            let opened = Socket::open(move |event| {
                connections.act(transport, |core, it| core.handle_socket_event(event, it, mono_us()));
            });
            opened.ok().map(OpenConnection::Socket)
        } else {
            let core = self.0.cores[index].borrow();
            let session = self.0.runner.with(|comparison| core.session(comparison, random::seed()));
            Some(OpenConnection::Http(HttpConnection::open(session, false, move |event| {
                connections.act(transport, |core, it| core.handle_session_event(event, it, mono_us()));
            })))
        };
        if connection.is_none() {
            self.act(transport, |core, comparison| {
                core.record_refusal(comparison);
                None
            });
        }
        self.0.opened.borrow_mut()[index] = connection;
    }

    /// Calls `act` with a core and the comparison, and performs the effect. After the end, nothing happens.
    fn act(
        &self,
        transport: Transport,
        act: impl FnOnce(&mut ComparedConnection, &mut Comparison) -> Option<ComparedConnectionEffect>,
    ) {
        if !self.is_open() {
            return;
        }
        let effect = {
            let index = ComparedTransport::Reading(transport).index();
            let mut core = self.0.cores[index].borrow_mut();
            self.0.runner.with(|comparison| act(&mut core, comparison))
        };
        match effect {
            Some(ComparedConnectionEffect::Send(command)) => self.send(transport, command),
            Some(ComparedConnectionEffect::Reopen(after_ms)) => {
                let connections = self.clone();
                spawn_local(async move {
                    sleep(after_ms).await;
                    if connections.is_open() {
                        connections.connect(transport);
                    }
                });
            }
            Some(ComparedConnectionEffect::Fail(fault)) => self.0.runner.fail(fault),
            None => {}
        }
    }

    fn send(&self, transport: Transport, command: Command) {
        match &self.0.opened.borrow()[ComparedTransport::Reading(transport).index()] {
            Some(OpenConnection::Http(connection)) => connection.handle(SessionInput::Send(command)),
            Some(OpenConnection::Socket(socket)) => socket.send(&command.to_text()),
            None => {}
        }
    }
}
