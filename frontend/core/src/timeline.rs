//! The open room's settled messages, in the order of the log.
//!
//! What is held is one stretch without gaps: two that do not touch are never
//! shown as one. Only a row that a `reply` settled may stand ahead of the
//! stretch, for as long as the events before it are on their way.

use crate::chain::{Chain, Step};
use crate::limits::TIMELINE_ROWS_MAX;
use crate::members::Members;
use crate::view::{Row, RowKey, RowState};
use shared::event::RoomSnapshot;
use shared::{Epoch, MemberId, Message, RoomId};
use std::collections::BTreeMap;
use std::rc::Rc;

/// One message that is held.
#[derive(Debug)]
struct Held {
    seq: u64,
    /// The author's name when it was written: shown while today's is unknown.
    written: Rc<str>,
    row: Rc<Row>,
}

/// The settled messages of one room.
#[derive(Debug)]
pub(crate) struct Timeline {
    room: RoomId,
    epoch: Option<Epoch>,
    chain: Chain,
    /// By position.
    rows: BTreeMap<u64, Held>,
    /// The position of each row.
    keys: BTreeMap<RowKey, u64>,
    /// The newest number of the stretch.
    newest_seq: u64,
    older: bool,
}

impl Default for Timeline {
    fn default() -> Self {
        Timeline {
            room: RoomId::LOBBY,
            epoch: None,
            chain: Chain::from(0),
            rows: BTreeMap::new(),
            keys: BTreeMap::new(),
            newest_seq: 0,
            older: false,
        }
    }
}

impl Timeline {
    /// The open room.
    pub(crate) fn room(&self) -> RoomId {
        self.room
    }

    /// Whether what is held belongs to this log.
    pub(crate) fn is_of(&self, epoch: Epoch) -> bool {
        self.epoch == Some(epoch)
    }

    /// Whether the room has older messages than those held.
    pub(crate) fn older(&self) -> bool {
        self.older
    }

    /// Whether this message is held.
    pub(crate) fn has(&self, key: RowKey) -> bool {
        self.keys.contains_key(&key)
    }

    /// Whether `id` wrote one of the messages held.
    pub(crate) fn has_author(&self, id: MemberId) -> bool {
        let from = RowKey { author: id, client_id: shared::ClientId([0; 16]) };
        self.keys.range(from..).next().is_some_and(|(key, _)| key.author == id)
    }

    /// The rows, oldest first.
    pub(crate) fn rows(&self) -> impl Iterator<Item = &Rc<Row>> {
        self.rows.values().map(|held| &held.row)
    }

    /// Takes an event of the open room that is no message, or looks at one that is.
    pub(crate) fn step(&mut self, n: u64, prev: u64) -> Step {
        self.chain.step(n, prev)
    }

    /// Takes the snapshot that a session starts with. True if an earlier epoch
    /// was held: its rows are gone.
    pub(crate) fn welcomed(&mut self, epoch: Epoch, snapshot: &RoomSnapshot, look: Look<'_>) -> bool {
        let before = self.epoch.replace(epoch);
        let same_log = before == Some(epoch) && self.room == snapshot.room;
        let first = snapshot.messages.first();
        let touches = first.is_some_and(|first| first.seq <= self.newest_seq.saturating_add(1));
        if same_log && touches {
            // What the snapshot tells about, it tells whole.
            let from = first.map_or(0, |first| first.n);
            self.forget(|n| n >= from && n <= snapshot.as_of);
        } else {
            self.forget(|_| true);
        }
        let reaches_back = self.rows.keys().next().is_some_and(|n| first.is_some_and(|first| *n < first.n));
        if !reaches_back {
            self.older = snapshot.older;
        }
        self.room = snapshot.room;
        self.chain = Chain::after(snapshot.as_of, snapshot.last);
        self.newest_seq = snapshot.messages.last().map_or(0, |last| last.seq);
        for message in &snapshot.messages {
            self.insert(message, look);
        }
        self.look_again(look);
        before.is_some_and(|before| before != epoch)
    }

    /// Takes a message that the log told of; the chain has taken its position.
    pub(crate) fn posted(&mut self, message: &Message, look: Look<'_>) {
        self.newest_seq = self.newest_seq.max(message.seq);
        self.insert(message, look);
    }

    /// Takes a message of our own that a `reply` settled. It may be older than
    /// all that is held (an old post, sent again): then it stands in the part
    /// that is not held, and is not shown as if it belonged here.
    pub(crate) fn replied(&mut self, message: &Message, look: Look<'_>) {
        if self.has(RowKey { author: message.author, client_id: message.client_id }) {
            return;
        }
        let held_from = self.rows.values().next().map(|oldest| oldest.seq);
        if held_from.is_none_or(|from| message.seq > from) {
            self.insert(message, look);
        } else {
            self.older = true;
        }
    }

    /// Gives every row its author's name of today, and tells whose it is.
    pub(crate) fn look_again(&mut self, look: Look<'_>) {
        for held in self.rows.values_mut() {
            let name = look.members.name(held.row.key.author).unwrap_or(&held.written);
            let mine = look.me == Some(held.row.key.author);
            if held.row.name != *name || held.row.mine != mine {
                held.row = Rc::new(Row { name: name.clone(), mine, ..(*held.row).clone() });
            }
        }
    }

    fn insert(&mut self, message: &Message, look: Look<'_>) {
        let key = RowKey { author: message.author, client_id: message.client_id };
        if self.keys.contains_key(&key) || self.rows.contains_key(&message.n) {
            return;
        }
        let written: Rc<str> = Rc::from(message.name.as_str());
        let row = Rc::new(Row {
            key,
            name: look.members.name(message.author).unwrap_or(&written).clone(),
            tag: message.tag,
            mine: look.me == Some(message.author),
            text: Rc::from(message.text.as_str()),
            at: message.at,
            state: RowState::Settled,
        });
        self.keys.insert(key, message.n);
        self.rows.insert(message.n, Held { seq: message.seq, written, row });
        if self.rows.len() > TIMELINE_ROWS_MAX
            && let Some((_, oldest)) = self.rows.pop_first()
        {
            self.keys.remove(&oldest.row.key);
            self.older = true;
        }
    }

    fn forget(&mut self, is_old: impl Fn(u64) -> bool) {
        self.rows.retain(|n, _| !is_old(*n));
        self.keys.retain(|_, n| !is_old(*n));
    }
}

/// How rows are shown: by whose eyes, under which names.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Look<'a> {
    /// The member of this page.
    pub(crate) me: Option<MemberId>,
    /// Today's names.
    pub(crate) members: &'a Members,
}

#[cfg(test)]
mod tests;
