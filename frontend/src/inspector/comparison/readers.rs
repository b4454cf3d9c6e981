//! State that the readers of one comparison share: the cursor where they begin, the identity, and their
//! connections, which end together.

use super::{Runner, now, request, room};
use crate::inspector::socket::Socket;
use crate::transport::abort_handle::AbortHandle;
use crate::transport::fetch::HttpConnection;
use client::http_session::{Call, PollAnswer, SessionInput};
use client::inspect::comparison::{ComparedTransport, Comparison, ComparisonFault, TransferCost};
use client::tabs::SessionIdentity;
use client::transport::Transport;
use shared::command::{Command, Hello};
use shared::{Cursor, Event, RoomId};
use std::{
    cell::{Cell, RefCell},
    rc::Rc,
};
use wasm_bindgen_futures::spawn_local;

/// Handle of the shared state; clones refer to the same state.
#[derive(Clone)]
pub(super) struct Readers(Rc<ReadersInner>);

struct ReadersInner {
    runner: Runner,
    room: RoomId,
    /// Cursor at which all readers begin, so that none of them reads earlier messages.
    cursor: Cursor,
    /// Member and epoch that the server's `welcome` named.
    identity: SessionIdentity,
    open: Cell<bool>,
    /// Current connections of the readers over plain HTTP, by [`ComparedTransport::index`].
    http: RefCell<[Option<HttpConnection>; 3]>,
    socket: RefCell<Option<Socket>>,
}

impl Readers {
    /// Requests the cursor of now and the identity of the page, with one poll.
    ///
    /// # Errors
    /// The fault, if the server does not answer or answers without a `welcome`.
    pub(super) async fn begin(runner: Runner, room: RoomId) -> Result<Self, ComparisonFault> {
        let hello = Hello { reference: 1, build: "inspector".into(), cursor: None, room: Some(room) };
        let request = request(Call::FirstPoll { hello, is_away: false }, false);
        // Keep the handle until the body has been read: dropping it aborts the request.
        let handle = AbortHandle::new(request.timeout_ms());
        let answer = handle.get(&request.path()).await.ok_or(ComparisonFault::Unreachable)?;
        let text = room::read(answer).await?;
        let (cursor, identity) = welcomed(&text).ok_or(ComparisonFault::Unreachable)?;
        let inner = ReadersInner {
            runner,
            room,
            cursor,
            identity,
            open: Cell::new(true),
            http: RefCell::default(),
            socket: RefCell::default(),
        };
        Ok(Readers(Rc::new(inner)))
    }

    pub(super) fn room(&self) -> RoomId {
        self.0.room
    }

    pub(super) fn cursor(&self) -> Cursor {
        self.0.cursor
    }

    pub(super) fn identity(&self) -> SessionIdentity {
        self.0.identity
    }

    /// Whether the comparison is running, so that a closed connection is to be replaced.
    pub(super) fn is_open(&self) -> bool {
        self.0.open.get() && self.with(|comparison| comparison.is_running())
    }

    pub(super) fn with<T>(&self, act: impl FnOnce(&mut Comparison) -> T) -> T {
        self.0.runner.with(act)
    }

    /// Keeps the current connection of a reader over plain HTTP, and drops the one before.
    pub(super) fn hold_http(&self, transport: Transport, connection: HttpConnection) {
        if let Some(slot) = self.0.http.borrow_mut().get_mut(ComparedTransport::Reading(transport).index()) {
            *slot = Some(connection);
        }
    }

    /// Sends a command on the current connection of a reader over plain HTTP.
    pub(super) fn send(&self, transport: Transport, command: Command) {
        let place = ComparedTransport::Reading(transport).index();
        let connection = self.0.http.borrow().get(place).cloned().flatten();
        if let Some(connection) = connection {
            connection.handle(SessionInput::Send(command));
        }
    }

    /// Keeps the current WebSocket, and drops the one before with its listeners.
    pub(super) fn hold(&self, socket: Option<Socket>) {
        self.0.socket.replace(socket);
    }

    pub(super) fn with_socket(&self, act: impl FnOnce(&Socket)) {
        if let Some(socket) = &*self.0.socket.borrow() {
            act(socket);
        }
    }

    /// Records the arrival of a message that `transport` has read. Other events are ignored.
    pub(super) fn read(&self, transport: Transport, event: &Event) {
        if let Event::Posted(posted) = event {
            let (row, at) = (ComparedTransport::Reading(transport), now());
            self.with(|comparison| comparison.record_arrival(row, posted.client_id, at));
        }
    }

    pub(super) fn live(&self, transport: Transport) {
        self.with(|comparison| comparison.record_reading(transport));
    }

    pub(super) fn took(&self, row: ComparedTransport, took: TransferCost) {
        self.with(|comparison| comparison.add_cost(row, took));
    }

    /// Records that a connection or request of `row` broke. With `status` 401 the whole comparison ends,
    /// because the page is signed out; other statuses, and 0 for none, only count.
    pub(super) fn broke(&self, row: ComparedTransport, status: u16) {
        if self.is_open() {
            match status {
                401 => self.0.runner.failed(ComparisonFault::SignedOut),
                _ => self.with(|comparison| comparison.record_break(row)),
            }
        }
    }

    /// Closes all connections.
    pub(super) fn end(&self) {
        self.0.open.set(false);
        for connection in self.0.http.take().into_iter().flatten() {
            connection.handle(SessionInput::Close);
        }
        // Drop the socket later, because one of its listeners may be the caller.
        let socket = self.0.socket.take();
        spawn_local(async move { drop(socket) });
    }
}

/// Cursor and identity from the answer to a first poll; `None` if it does not begin with `welcome`.
fn welcomed(text: &str) -> Option<(Cursor, SessionIdentity)> {
    let answer = PollAnswer::read(text).ok()?;
    match answer.events.first()? {
        (Event::Welcome(welcome), _) => Some((answer.through, SessionIdentity::of(welcome))),
        _ => None,
    }
}
