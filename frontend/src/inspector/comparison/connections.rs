//! The four connections that a comparison compares. They begin at the same cursor and end together.

use super::{Runner, now};
use crate::inspector::socket::Socket;
use crate::random;
use crate::timeout::sleep;
use crate::transport::fetch::HttpConnection;
use client::http_session::SessionInput;
use client::inspect::comparison::reader::{Reader, ReaderEffect};
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
pub(super) struct ComparedConnections(Rc<ConnectionsInner>);

struct ConnectionsInner {
    runner: Runner,
    is_open: Cell<bool>,
    /// Readers and their current connections, by [`ComparedTransport::index`].
    readers: [RefCell<Reader>; 4],
    connections: RefCell<[Option<ReaderConnection>; 4]>,
}

enum ReaderConnection {
    Http(HttpConnection),
    Socket(Socket),
}

impl ComparedConnections {
    /// Opens the connections, each at `cursor`. A closed connection is replaced as its [`Reader`] orders.
    pub(super) fn open(runner: Runner, cursor: Cursor) -> Self {
        let transports = [Transport::Poll, Transport::LongPoll, Transport::EventStream, Transport::WebSocket];
        let connections = ComparedConnections(Rc::new(ConnectionsInner {
            runner,
            is_open: Cell::new(true),
            readers: transports.map(|transport| RefCell::new(Reader::new(transport, cursor))),
            connections: RefCell::default(),
        }));
        transports.into_iter().for_each(|transport| connections.connect(transport));
        connections
    }

    /// Closes all connections. Their events no longer count.
    pub(super) fn close(&self) {
        self.0.is_open.set(false);
        // Drop the connections later, because one of their listeners may be the caller.
        let connections = self.0.connections.take();
        for connection in connections.iter().flatten() {
            if let ReaderConnection::Http(connection) = connection {
                connection.handle(SessionInput::Close);
            }
        }
        spawn_local(async move { drop(connections) });
    }

    /// Whether the connections count: they are open, and the comparison is running.
    fn is_open(&self) -> bool {
        self.0.is_open.get() && self.0.runner.with(|comparison| comparison.is_running())
    }

    /// Opens the next connection of a reader, and drops the one before with its listeners.
    fn connect(&self, transport: Transport) {
        let index = ComparedTransport::Reading(transport).index();
        self.0.readers[index].borrow_mut().begin_connection();
        let connections = self.clone();
        let connection = if transport == Transport::WebSocket {
            let opened = Socket::open(move |event| {
                connections.act(transport, |reader, it| reader.handle_socket_event(event, it, now()));
            });
            opened.ok().map(ReaderConnection::Socket)
        } else {
            let reader = self.0.readers[index].borrow();
            let session = self.0.runner.with(|comparison| reader.session(comparison, random::seed()));
            Some(ReaderConnection::Http(HttpConnection::open(session, false, move |event| {
                connections.act(transport, |reader, it| reader.handle_session_event(event, it, now()));
            })))
        };
        if connection.is_none() {
            self.act(transport, |reader, comparison| {
                reader.record_refusal(comparison);
                None
            });
        }
        self.0.connections.borrow_mut()[index] = connection;
    }

    /// Calls `act` with a reader and the comparison, and performs the effect. Does nothing after the end.
    fn act(
        &self,
        transport: Transport,
        act: impl FnOnce(&mut Reader, &mut Comparison) -> Option<ReaderEffect>,
    ) {
        if !self.is_open() {
            return;
        }
        let effect = {
            let index = ComparedTransport::Reading(transport).index();
            let mut reader = self.0.readers[index].borrow_mut();
            self.0.runner.with(|comparison| act(&mut reader, comparison))
        };
        match effect {
            Some(ReaderEffect::Send(command)) => self.send(transport, command),
            Some(ReaderEffect::Reopen(after_ms)) => {
                let connections = self.clone();
                spawn_local(async move {
                    sleep(after_ms).await;
                    if connections.is_open() {
                        connections.connect(transport);
                    }
                });
            }
            Some(ReaderEffect::Fail(fault)) => self.0.runner.fail(fault),
            None => {}
        }
    }

    fn send(&self, transport: Transport, command: Command) {
        match &self.0.connections.borrow()[ComparedTransport::Reading(transport).index()] {
            Some(ReaderConnection::Http(connection)) => connection.handle(SessionInput::Send(command)),
            Some(ReaderConnection::Socket(socket)) => socket.send(&command.to_text()),
            None => {}
        }
    }
}
