//! What the person said and the server has not settled yet.
//!
//! Per room at most one post is in flight; the next leaves when it is settled,
//! so that the order of sending is the order of the log. A post is settled by
//! its `reply`, by the `posted` event or by a snapshot that holds it, whichever
//! comes first. It keeps its `client_id` however often it is sent, and the
//! store keeps one of each: sending again does no harm.

use crate::backoff::Backoff;
use crate::compose;
use crate::jitter::Jitter;
use crate::limits::{OUTBOX_ROWS_MAX, SETTLE_MS};
use crate::view::{Row, RowKey, RowState};
use shared::command::Post;
use shared::event::Refusal;
use shared::{ClientId, Epoch, ErrorCode, Member, RoomId};
use std::rc::Rc;

/// One message that is not settled.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) key: RowKey,
    pub(crate) room: RoomId,
    /// The author's name when it was sent.
    pub(crate) name: Rc<str>,
    pub(crate) text: Rc<str>,
    at: u64,
    state: State,
    /// As it was last shown.
    shown: Option<Rc<Row>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Leaves when the room is free.
    Queued,
    /// Sent on the connection of now.
    InFlight { reference: u64, sent_at: u64 },
    /// Refused for now: queued again when the timer comes. Its room waits with it.
    Resting,
    /// Refused for good: others pass it by.
    Failed(ErrorCode),
}

/// The unsettled messages, in the order of sending.
#[derive(Debug, Default)]
pub(crate) struct Outbox {
    entries: Vec<Entry>,
    /// The log of the last `welcome`: members' ids belong to it.
    epoch: Option<Epoch>,
    backoff: Backoff,
}

impl Outbox {
    /// Whether it takes no more.
    pub(crate) fn is_full(&self) -> bool {
        self.entries.len() >= OUTBOX_ROWS_MAX
    }

    /// Takes a message of `me`. One that cannot be sent steps aside at once.
    pub(crate) fn push(&mut self, me: &Member, client_id: ClientId, room: RoomId, text: &str, now: u64) {
        let key = RowKey { author: me.id, client_id };
        if self.is_full() || self.entries.iter().any(|entry| entry.key.client_id == client_id) {
            return;
        }
        let name = Rc::from(me.name.as_str());
        let state = state_of_new(text);
        self.entries.push(Entry { key, room, name, text: Rc::from(text), at: now, state, shown: None });
    }

    /// The posts that may leave now, and takes them as sent. `number` gives each its `ref`.
    pub(crate) fn take_ready(&mut self, now: u64, mut number: impl FnMut() -> u64) -> Vec<Post> {
        let mut busy: Vec<RoomId> = Vec::new();
        let mut posts = Vec::new();
        for entry in &mut self.entries {
            // The first of a room that has not failed speaks for it.
            if matches!(entry.state, State::Failed(_)) || busy.contains(&entry.room) {
                continue;
            }
            busy.push(entry.room);
            if entry.state == State::Queued {
                let reference = number();
                entry.state = State::InFlight { reference, sent_at: now };
                let text = entry.text.as_ref().to_owned();
                posts.push(Post { reference, client_id: entry.key.client_id, room: entry.room, text });
            }
        }
        posts
    }

    /// Takes out the post that a `reply` settles.
    pub(crate) fn replied(&mut self, reference: u64) -> Option<Entry> {
        let at = self.in_flight(reference)?;
        self.backoff = Backoff::default();
        Some(self.entries.remove(at))
    }

    /// Lets go of the posts that are held as settled elsewhere.
    pub(crate) fn settle(&mut self, mut is_settled: impl FnMut(RowKey) -> bool) {
        let before = self.entries.len();
        self.entries.retain(|entry| !is_settled(entry.key));
        if self.entries.len() < before {
            self.backoff = Backoff::default();
        }
    }

    /// Whether the post with this `ref` is in flight.
    pub(crate) fn awaits(&self, reference: u64) -> bool {
        self.in_flight(reference).is_some()
    }

    /// The server refused a post. When to send it again, if that may help.
    pub(crate) fn refused(&mut self, refusal: &Refusal, now: u64, jitter: &mut Jitter) -> Option<u64> {
        let at = self.in_flight(refusal.reference?)?;
        let entry = self.entries.get_mut(at)?;
        if refusal.temporary {
            entry.state = State::Resting;
            return Some(now.saturating_add(self.backoff.wait(now, jitter)));
        }
        entry.state = State::Failed(refusal.code);
        None
    }

    /// The timer of a temporary refusal came.
    pub(crate) fn rested(&mut self) {
        self.requeue(|state| state == State::Resting);
    }

    /// The connection is lost, and with it the answers to what is in flight.
    /// True if the timer of a temporary refusal is not needed any more.
    pub(crate) fn disconnected(&mut self) -> bool {
        let rested = self.entries.iter().any(|entry| entry.state == State::Resting);
        self.requeue(|state| !matches!(state, State::Failed(_)));
        rested
    }

    /// A session began as `you`, in the log `epoch`.
    ///
    /// Rows go along with a person whom the server had forgotten and who came
    /// back under the same name. For somebody else they step aside and wait to
    /// be asked for: nobody says what another wrote.
    pub(crate) fn welcomed(&mut self, epoch: Epoch, you: &Member) {
        let same_log = self.epoch.replace(epoch).is_none_or(|before| before == epoch);
        for entry in &mut self.entries {
            let same_member = same_log && entry.key.author == you.id;
            if same_member || matches!(entry.state, State::Failed(_)) {
                continue;
            }
            if *entry.name == *you.name {
                entry.key.author = you.id;
            } else {
                entry.state = State::Failed(ErrorCode::SignInRequired);
            }
        }
        if same_log {
            self.renamed(you);
        }
    }

    /// The member has another name.
    pub(crate) fn renamed(&mut self, me: &Member) {
        let theirs = |entry: &&mut Entry| entry.key.author == me.id && *entry.name != *me.name;
        for entry in self.entries.iter_mut().filter(theirs) {
            entry.name = Rc::from(me.name.as_str());
        }
    }

    /// `me` wants a failed row sent again: it goes to the end, as theirs.
    pub(crate) fn retry(&mut self, key: RowKey, me: &Member, now: u64) {
        let Some(at) = self.failed(key) else { return };
        let Entry { room, text, .. } = self.entries.remove(at);
        self.push(me, key.client_id, room, &text, now);
    }

    /// The person drops a failed row.
    pub(crate) fn discard(&mut self, key: RowKey) {
        if let Some(at) = self.failed(key) {
            self.entries.remove(at);
        }
    }

    /// When a post in flight has waited too long, on a connection that lives.
    pub(crate) fn overdue_at(&self) -> Option<u64> {
        let sent = self.entries.iter().filter_map(|entry| match entry.state {
            State::InFlight { sent_at, .. } => Some(sent_at),
            _ => None,
        });
        sent.min().map(|sent_at| sent_at.saturating_add(SETTLE_MS))
    }

    /// The rows of `room` and how many of all rooms wait for the network. Rows
    /// on their way first, in the order of sending; those that failed last, so
    /// that what settles passes none of them.
    pub(crate) fn rows(&mut self, room: RoomId, connected: bool) -> (Vec<Rc<Row>>, u32) {
        let mut on_their_way = Vec::new();
        let mut failed = Vec::new();
        let mut waiting = 0_u32;
        for entry in &mut self.entries {
            let state = match entry.state {
                State::Failed(code) => RowState::Failed(code),
                State::Resting => RowState::Waiting,
                State::Queued | State::InFlight { .. } if connected => RowState::Sending,
                State::Queued | State::InFlight { .. } => RowState::Waiting,
            };
            waiting = waiting.saturating_add((state == RowState::Waiting).into());
            if entry.room == room {
                let rows = if matches!(state, RowState::Failed(_)) { &mut failed } else { &mut on_their_way };
                rows.push(entry.show(state));
            }
        }
        on_their_way.append(&mut failed);
        (on_their_way, waiting)
    }

    fn in_flight(&self, wanted: u64) -> Option<usize> {
        let is_it = |state| matches!(state, State::InFlight { reference, .. } if reference == wanted);
        self.entries.iter().position(|entry| is_it(entry.state))
    }

    fn failed(&self, key: RowKey) -> Option<usize> {
        self.entries.iter().position(|entry| entry.key == key && matches!(entry.state, State::Failed(_)))
    }

    fn requeue(&mut self, which: impl Fn(State) -> bool) {
        for entry in self.entries.iter_mut().filter(|entry| which(entry.state)) {
            entry.state = State::Queued;
        }
    }
}

impl Entry {
    fn show(&mut self, state: RowState) -> Rc<Row> {
        let same = |row: &&Rc<Row>| row.state == state && row.key == self.key && row.name == self.name;
        if let Some(row) = self.shown.as_ref().filter(same) {
            return row.clone();
        }
        let row = Rc::new(Row {
            key: self.key,
            name: self.name.clone(),
            tag: None,
            mine: true,
            text: self.text.clone(),
            at: self.at,
            state,
        });
        self.shown = Some(row.clone());
        row
    }
}

/// The composer has checked the text; a frame over the limit would still end
/// each connection that it is sent on, so it is never sent.
fn state_of_new(text: &str) -> State {
    match compose::check(text) {
        Ok(()) => State::Queued,
        Err(compose::Refusal::Empty) => State::Failed(ErrorCode::TextEmpty),
        Err(compose::Refusal::TooLong { .. }) => State::Failed(ErrorCode::TextTooLong),
    }
}

#[cfg(test)]
mod tests;
