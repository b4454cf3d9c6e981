//! What the readers of one comparison have in common: where they begin, whom they tell, and that they end together.

use super::{Runner, now, room};
use crate::inspector::socket::Socket;
use crate::transport::fields::Fields;
use crate::transport::line::claim_of;
use crate::transport::request::Cutter;
use client::inspect::comparison::{ComparedTransport, Comparison, ComparisonFault, Durations};
use client::transport::Transport;
use shared::{Event, RoomId};
use std::{
    cell::{Cell, RefCell},
    rc::Rc,
};
use wasm_bindgen_futures::spawn_local;

/// Milliseconds behind its wait after which a request is given up.
pub(super) const PATIENCE_MS: u64 = 10_000;

/// Before what broke begins again, in milliseconds.
pub(super) const AGAIN_MS: u64 = 1_000;

/// The handle; clones are the same.
#[derive(Clone)]
pub(super) struct Course(Rc<Inner>);

struct Inner {
    runner: Runner,
    room: RoomId,
    /// Where all begin: nobody reads what was said before.
    cursor: String,
    /// Whose session it is, as part of a query.
    claim: String,
    open: Cell<bool>,
    /// What each of them reads by now.
    cutters: RefCell<[Option<Cutter>; 3]>,
    socket: RefCell<Option<Socket>>,
}

impl Course {
    /// Asks where the log stands now, and who reads it.
    pub(super) async fn begin(runner: Runner, room: RoomId) -> Result<Self, ComparisonFault> {
        let path = format!("/api/poll?begin=1&wait=0&room={}", room.0);
        // It gives up what is not read yet when it goes.
        let cutter = Cutter::new(Some(PATIENCE_MS));
        let answer = cutter.get(&path).await.ok_or(ComparisonFault::Unreachable)?;
        let text = room::read(answer).await?;
        let (cursor, claim) = welcomed(&text).ok_or(ComparisonFault::Unreachable)?;
        let inner = Inner {
            runner,
            room,
            cursor,
            claim,
            open: Cell::new(true),
            cutters: RefCell::default(),
            socket: RefCell::default(),
        };
        Ok(Course(Rc::new(inner)))
    }

    pub(super) fn room(&self) -> RoomId {
        self.0.room
    }

    pub(super) fn cursor(&self) -> String {
        self.0.cursor.clone()
    }

    pub(super) fn claim(&self) -> &str {
        &self.0.claim
    }

    /// Whether there is still something to read for.
    pub(super) fn is_open(&self) -> bool {
        self.0.open.get() && self.with(|comparison| comparison.is_going_on())
    }

    pub(super) fn with<T>(&self, act: impl FnOnce(&mut Comparison) -> T) -> T {
        self.0.runner.with(act)
    }

    /// What this one reads by now ends with all others.
    pub(super) fn cut_by(&self, transport: Transport, cutter: &Cutter) {
        if let Some(slot) = self.0.cutters.borrow_mut().get_mut(ComparedTransport::Reading(transport).place())
        {
            *slot = Some(cutter.clone());
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

    /// A frame was read.
    pub(super) fn read(&self, transport: Transport, frame: &str) -> Option<Event> {
        let at = now();
        let event = Event::parse(frame).ok()?;
        if let Event::Posted(posted) = &event {
            self.with(|comparison| {
                comparison.arrived(ComparedTransport::Reading(transport), posted.client_id, at)
            });
        }
        Some(event)
    }

    pub(super) fn live(&self, transport: Transport) {
        self.with(|comparison| comparison.live(transport));
    }

    pub(super) fn took(&self, row: ComparedTransport, took: Durations) {
        self.with(|comparison| comparison.took(row, took));
    }

    /// What is read by this broke; where its session is refused, all is over.
    pub(super) fn broke(&self, row: ComparedTransport, status: u16) {
        if self.is_open() {
            match status {
                401 => self.0.runner.failed(ComparisonFault::SignedOut),
                _ => self.with(|comparison| comparison.broke(row)),
            }
        }
    }

    /// Nothing is read any more.
    pub(super) fn end(&self) {
        self.0.open.set(false);
        for cutter in self.0.cutters.take().into_iter().flatten() {
            cutter.cut();
        }
        // Not now: it may be what called.
        let socket = self.0.socket.take();
        spawn_local(async move { drop(socket) });
    }
}

/// Where a session stands that has begun, and whose it is.
fn welcomed(text: &str) -> Option<(String, String)> {
    let answer = Fields::of(text)?;
    Some((answer.text("through")?, claim_of(answer.list("events")?.first()?)?))
}

/// What the server told of bytes.
pub(super) fn traced(told: &Fields) -> Option<Durations> {
    Some(Durations::request(told.number("up")?, told.number("down")?))
}
