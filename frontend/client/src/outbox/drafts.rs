//! What is being written in each room. The core owns it and the composer shows it: a draft that
//! changes by anything but typing has a new turn.
//!
//! The text that is sent stays in the draft until its row is stored. What is typed meanwhile
//! stands behind it, and is what stays.
//!
//! The pages of one browser share what is stored, one draft for each room. A page that is shown
//! takes over what was written in another since, or has both where both wrote. Nothing changes
//! under the eyes of who writes.

use crate::effect::Effect;
use crate::limits::{DRAFT_BYTES_MAX, DRAFT_MS, DRAFTS_MAX};
use crate::persisted::{Owner, StoredDraft};
use crate::sorted::Map;
use crate::timer::Timer;
use crate::view;
use shared::{ClientId, RoomId};
use std::collections::VecDeque;
use std::rc::Rc;

/// The drafts of the member of this page.
#[derive(Debug, Default)]
pub(crate) struct Drafts {
    rooms: Map<RoomId, Draft>,
    /// The last turn that was given out.
    revision: u64,
    has_timer: bool,
}

#[derive(Debug, Default)]
struct Draft {
    text: Rc<str>,
    revision: u64,
    /// When it was typed at last.
    typed_at: u64,
    /// Not stored yet as it is.
    is_dirty: bool,
    /// Not changed since the store was asked the last time.
    is_unchanged: bool,
    /// What the store was last seen to have, where it was looked at.
    base: Option<Rc<str>>,
    /// What of it is being stored as rows, in its order, and whether that is done.
    sending: VecDeque<(ClientId, Rc<str>, bool)>,
}

impl Drafts {
    /// As the composer shows it.
    pub(crate) fn view(&self, room: RoomId) -> view::DraftView {
        let draft = self.rooms.get(&room);
        let (text, revision) = draft.map_or((Rc::default(), 0), |draft| (draft.text.clone(), draft.revision));
        view::DraftView { room, text, revision }
    }

    /// Whether something is being written there.
    pub(crate) fn has_text(&self, room: RoomId) -> bool {
        self.rooms.get(&room).is_some_and(|draft| !draft.text.trim().is_empty())
    }

    /// The person typed: this is in the composer now.
    pub(crate) fn set_text(&mut self, room: RoomId, text: &str, now: u64, out: &mut Vec<Effect>) {
        if !self.make_space_for(room) {
            return;
        }
        let draft = self.rooms.or_insert_with(room, Draft::default);
        draft.typed_at = now;
        if *draft.text != *text {
            draft.text = Rc::from(text);
            (draft.is_dirty, draft.is_unchanged) = (true, false);
            if !std::mem::replace(&mut self.has_timer, true) {
                out.push(Effect::ScheduleTimer(Timer::Draft, now.saturating_add(DRAFT_MS)));
            }
        }
    }

    /// Whether the draft of this room can be held. In a full house that of another makes way: an
    /// empty one, or else that which was typed longest ago. It stays stored.
    fn make_space_for(&mut self, room: RoomId) -> bool {
        if self.rooms.contains_key(&room) || self.rooms.len() < DRAFTS_MAX {
            return true;
        }
        let others = self.rooms.iter().filter(|(_, draft)| !draft.is_dirty && draft.sending.is_empty());
        let first = others.min_by_key(|(_, draft)| (!draft.text.is_empty(), draft.typed_at));
        let first = first.map(|(room, _)| *room);
        first.and_then(|room| self.rooms.remove(&room)).is_some()
    }

    /// The person sends `text`, what the composer holds: what of it is not being stored already.
    pub(crate) fn begin_send(&mut self, room: RoomId, client_id: ClientId, text: &str) -> Rc<str> {
        let Some(draft) = self.rooms.get_mut(&room).filter(|draft| *draft.text == *text) else {
            return Rc::from(text);
        };
        let mut rest = text;
        for (_, sending, _) in &draft.sending {
            rest = rest.strip_prefix(&**sending).unwrap_or(rest);
        }
        let rest: Rc<str> = Rc::from(rest);
        if !rest.trim().is_empty() {
            draft.sending.push_back((client_id, rest.clone(), false));
        }
        rest
    }

    /// A row is stored: its text leaves the composer.
    pub(crate) fn finish_send(&mut self, client_id: ClientId) {
        let revision = &mut self.revision;
        for draft in self.rooms.values_mut() {
            if let Some(sending) = draft.sending.iter_mut().find(|(id, ..)| *id == client_id) {
                sending.2 = true;
            }
            while let Some((_, text, _)) = draft.sending.pop_front_if(|(.., stored)| *stored) {
                if let Some(rest) = draft.text.strip_prefix(&*text) {
                    draft.text = Rc::from(rest);
                    *revision += 1;
                    (draft.revision, draft.is_dirty, draft.is_unchanged) = (*revision, true, false);
                }
            }
        }
    }

    /// Stores what changed.
    pub(crate) fn flush(&mut self, owner: Owner, name: &str, out: &mut Vec<Effect>) {
        if std::mem::take(&mut self.has_timer) {
            out.push(Effect::CancelTimer(Timer::Draft));
        }
        for (room, draft) in self.rooms.iter_mut().filter(|(_, draft)| draft.is_dirty) {
            draft.is_dirty = false;
            out.push(Effect::SaveDraft(stored_draft(owner, name, *room, draft)));
        }
    }

    /// The timer came.
    pub(crate) fn note_timer_fired(&mut self) {
        self.has_timer = false;
    }

    /// Takes a draft of the last life of the page: before what was written since. One that does not
    /// stay where it is stored is to be stored anew.
    pub(crate) fn load(&mut self, room: RoomId, text: &str, is_same_owner: bool) {
        if text.is_empty() || (!self.rooms.contains_key(&room) && self.rooms.len() >= DRAFTS_MAX) {
            return;
        }
        let since = self.rooms.get(&room).map(|draft| draft.text.clone()).unwrap_or_default();
        // It may be there already, from when the store could not be read.
        if !is_part(text, &since) {
            self.put(room, &join_texts(text, &since)).is_dirty |= !since.is_empty();
        }
        if let Some(draft) = self.rooms.get_mut(&room) {
            draft.is_dirty |= !is_same_owner;
            if is_same_owner {
                draft.base = Some(Rc::from(text));
            }
        }
    }

    /// The store is asked what it has.
    pub(crate) fn note_load_started(&mut self) {
        for draft in self.rooms.values_mut() {
            draft.is_unchanged = true;
        }
    }

    /// What the store has. What was changed here since it was asked is left alone. Elsewhere a page
    /// that is `shown` takes what another wrote since, and keeps what it wrote itself.
    pub(crate) fn refresh(&mut self, stored: &[StoredDraft], shown: bool) {
        let text_of = |room| stored.iter().find(|draft| draft.room == room).map_or("", |draft| &draft.text);
        let mut changes = Vec::new();
        let is_still = |draft: &Draft| !draft.is_dirty && draft.is_unchanged && draft.sending.is_empty();
        for (room, draft) in self.rooms.iter_mut().filter(|(_, draft)| is_still(draft)) {
            let (ours, text) = (&*draft.text, text_of(*room));
            let base = draft.base.as_deref();
            if ours == text {
                draft.base = Some(draft.text.clone());
            } else if base == Some(ours) || is_part(ours, text) {
                changes.push((*room, text, text.to_owned()));
            } else if base != Some(text) && !is_part(text, ours) {
                changes.push((*room, text, join_texts(text, ours)));
            }
        }
        if !shown {
            return;
        }
        let new = stored.iter().filter(|draft| !self.rooms.contains_key(&draft.room));
        let place = DRAFTS_MAX.saturating_sub(self.rooms.len());
        changes.extend(new.take(place).map(|draft| (draft.room, &*draft.text, draft.text.clone())));
        for (room, stored, text) in changes {
            let draft = self.put(room, &text);
            (draft.is_dirty, draft.base) = (text != stored, Some(Rc::from(stored)));
        }
    }

    /// All is another's now, who is the same person.
    pub(crate) fn reassign(&mut self, old: Owner, name: &str, out: &mut Vec<Effect>) {
        for (room, draft) in self.rooms.iter_mut() {
            (draft.is_dirty, draft.is_unchanged, draft.base) = (true, false, None);
            let (name, text) = (name.to_owned(), String::new());
            out.push(Effect::SaveDraft(StoredDraft { owner: old, name, room: *room, text }));
        }
    }

    /// Takes another's draft: behind what is written there.
    pub(crate) fn adopt(&mut self, room: RoomId, text: &str) {
        let before = self.rooms.get(&room).map(|draft| draft.text.clone()).unwrap_or_default();
        self.put(room, &join_texts(&before, text)).is_dirty = true;
    }

    fn put(&mut self, room: RoomId, text: &str) -> &mut Draft {
        self.revision += 1;
        let draft = self.rooms.or_insert_with(room, Draft::default);
        (draft.text, draft.revision, draft.is_unchanged) = (Rc::from(text), self.revision, false);
        draft
    }

    /// What is written, to be put away: the next person sees nothing of it.
    pub(crate) fn take_all(&mut self, owner: Owner, name: &str) -> Vec<StoredDraft> {
        let rooms = std::mem::take(&mut self.rooms);
        let written = rooms.iter().filter(|(_, draft)| !draft.text.trim().is_empty());
        written.map(|(room, draft)| stored_draft(owner, name, *room, draft)).collect()
    }
}

/// Two drafts made one.
fn join_texts(before: &str, behind: &str) -> String {
    let between = if before.is_empty() || behind.is_empty() { "" } else { "\n" };
    [before, between, behind].concat()
}

/// Whether one of two drafts that were made one is `part`.
fn is_part(part: &str, whole: &str) -> bool {
    whole.starts_with(part) || whole.ends_with(part)
}

fn stored_draft(owner: Owner, name: &str, room: RoomId, draft: &Draft) -> StoredDraft {
    let text = if draft.text.len() <= DRAFT_BYTES_MAX { draft.text.as_ref() } else { "" };
    StoredDraft { owner, name: name.to_owned(), room, text: text.to_owned() }
}

#[cfg(test)]
mod tests;
