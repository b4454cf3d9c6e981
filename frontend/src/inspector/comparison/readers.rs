//! What the readers of one comparison have in common: where they begin, whom they tell, and that they end together.

use super::{Runner, now, request, room};
use crate::inspector::socket::Socket;
use crate::transport::abort_handle::AbortHandle;
use crate::transport::fetch::HttpConnection;
use client::http_session::{Call, PollAnswer, SessionInput};
use client::inspect::comparison::{ComparedTransport, Comparison, ComparisonFault, TransferCost};
use client::tabs::ExpectedIdentity;
use client::transport::Transport;
use shared::command::{Command, Hello};
use shared::{Cursor, Event, RoomId};
use std::{
    cell::{Cell, RefCell},
    rc::Rc,
};
use wasm_bindgen_futures::spawn_local;

/// The handle; clones are the same.
#[derive(Clone)]
pub(super) struct Readers(Rc<ReadersInner>);

struct ReadersInner {
    runner: Runner,
    room: RoomId,
    /// Where all begin: nobody reads what was said before.
    cursor: Cursor,
    /// Identity of the session.
    identity: ExpectedIdentity,
    open: Cell<bool>,
    /// What those over plain HTTP read by now.
    http: RefCell<[Option<HttpConnection>; 3]>,
    socket: RefCell<Option<Socket>>,
}

impl Readers {
    /// Asks where the log stands now, and who reads it.
    pub(super) async fn begin(runner: Runner, room: RoomId) -> Result<Self, ComparisonFault> {
        let hello = Hello { reference: 1, build: "inspector".into(), cursor: None, room: Some(room) };
        let request = request(Call::FirstPoll { hello, is_away: false }, false);
        // It gives up what is not read yet when it goes.
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

    pub(super) fn identity(&self) -> ExpectedIdentity {
        self.0.identity
    }

    /// Whether there is still something to read for.
    pub(super) fn is_open(&self) -> bool {
        self.0.open.get() && self.with(|comparison| comparison.is_running())
    }

    pub(super) fn with<T>(&self, act: impl FnOnce(&mut Comparison) -> T) -> T {
        self.0.runner.with(act)
    }

    /// What this one reads by now ends with all others.
    pub(super) fn hold_http(&self, transport: Transport, connection: HttpConnection) {
        if let Some(slot) = self.0.http.borrow_mut().get_mut(ComparedTransport::Reading(transport).index()) {
            *slot = Some(connection);
        }
    }

    /// Sends this on what it reads by now.
    pub(super) fn send(&self, transport: Transport, command: Command) {
        let place = ComparedTransport::Reading(transport).index();
        let connection = self.0.http.borrow().get(place).cloned().flatten();
        if let Some(connection) = connection {
            connection.handle(SessionInput::Send(command));
        }
    }

    /// The same for the WebSocket. What was there goes, with its listeners.
    pub(super) fn hold(&self, socket: Option<Socket>) {
        self.0.socket.replace(socket);
    }

    pub(super) fn with_socket(&self, act: impl FnOnce(&Socket)) {
        if let Some(socket) = &*self.0.socket.borrow() {
            act(socket);
        }
    }

    /// An event was read.
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

    /// What is read by this broke; where its session is refused, all is over.
    pub(super) fn broke(&self, row: ComparedTransport, status: u16) {
        if self.is_open() {
            match status {
                401 => self.0.runner.failed(ComparisonFault::SignedOut),
                _ => self.with(|comparison| comparison.record_break(row)),
            }
        }
    }

    /// Nothing is read any more.
    pub(super) fn end(&self) {
        self.0.open.set(false);
        for connection in self.0.http.take().into_iter().flatten() {
            connection.handle(SessionInput::Close);
        }
        // Not now: it may be what called.
        let socket = self.0.socket.take();
        spawn_local(async move { drop(socket) });
    }
}

/// Where a session stands that has begun, and its identity.
fn welcomed(text: &str) -> Option<(Cursor, ExpectedIdentity)> {
    let answer = PollAnswer::read(text).ok()?;
    match answer.events.first()? {
        (Event::Welcome(welcome), _) => Some((answer.through, ExpectedIdentity::of(welcome))),
        _ => None,
    }
}
