//! The drafts of each conversation. The core owns them and the composer shows them. A draft that changes
//! other than by typing has a new revision.
//!
//! A text that is sent stays in the draft until its row is saved. Text typed meanwhile follows it
//! and remains.
//!
//! The tabs of one browser share the stored drafts, one per conversation. When a tab is shown, it takes
//! what another tab wrote since, or joins both texts if both wrote. A visible draft never changes
//! while the person writes.

use crate::conversation::Conversation;
use crate::effect::Effect;
use crate::limits::{DRAFT_BYTES_MAX, DRAFT_MS, DRAFTS_MAX};
use crate::persisted::{Owner, StoredDraft};
use crate::sorted::Map;
use crate::timer::Timer;
use crate::view;
use shared::{ClientId, RoomId};
use std::collections::VecDeque;
use std::rc::Rc;

/// The drafts of this page's member.
#[derive(Debug, Default)]
pub(crate) struct Drafts {
    drafts: Map<Conversation, Draft>,
    /// The last revision that was given out.
    revision: u64,
    /// The revision of rooms without a draft.
    empty_revision: u64,
    has_timer: bool,
}

#[derive(Debug, Default)]
struct Draft {
    text: Rc<str>,
    revision: u64,
    /// The time of the last key press.
    typed_at: u64,
    /// Whether the draft changed since it was saved.
    is_dirty: bool,
    /// Whether the last attempt to save the draft failed.
    has_failed_save: bool,
    /// Whether the draft is unchanged since the last read of the storage began.
    is_unchanged: bool,
    /// The text that the storage was last known to hold.
    base: Option<Rc<str>>,
    /// The parts that are being saved as rows, in order, and whether each is saved.
    sending: VecDeque<(ClientId, Rc<str>, bool)>,
}

impl Drafts {
    /// The draft as the composer shows it.
    pub(crate) fn view(&self, conversation: Conversation) -> view::DraftView {
        let draft = self.drafts.get(&conversation);
        let (text, revision) =
            draft.map_or((Rc::default(), self.empty_revision), |draft| (draft.text.clone(), draft.revision));
        view::DraftView { conversation, text, revision }
    }

    /// The rooms with a draft that is not blank.
    pub(crate) fn rooms_with_text(&self) -> Vec<RoomId> {
        let written = self.drafts.iter().filter(|(_, draft)| !draft.text.trim().is_empty());
        written.map(|(conversation, _)| conversation.room).collect()
    }

    /// Takes the text of the composer.
    pub(crate) fn set_text(
        &mut self,
        conversation: Conversation,
        text: &str,
        now: u64,
        out: &mut Vec<Effect>,
    ) {
        if !self.make_space_for(conversation) {
            return;
        }
        let revision = self.empty_revision;
        let draft = self.drafts.or_insert_with(conversation, || Draft { revision, ..Draft::default() });
        draft.typed_at = now;
        if *draft.text != *text {
            draft.text = Rc::from(text);
            (draft.is_dirty, draft.is_unchanged) = (true, false);
            if !std::mem::replace(&mut self.has_timer, true) {
                out.push(Effect::ScheduleTimer(Timer::Draft, now.saturating_add(DRAFT_MS)));
            }
        }
    }

    /// Makes space for the draft of this conversation; returns false if there is none.
    ///
    /// If the limit is reached, an empty draft, or the one typed longest ago, is dropped. It stays
    /// stored.
    fn make_space_for(&mut self, conversation: Conversation) -> bool {
        if self.drafts.contains_key(&conversation) || self.drafts.len() < DRAFTS_MAX {
            return true;
        }
        let others = self.drafts.iter().filter(|(_, draft)| !draft.is_dirty && draft.sending.is_empty());
        let first = others.min_by_key(|(_, draft)| (!draft.text.is_empty(), draft.typed_at));
        let first = first.map(|(conversation, _)| *conversation);
        first.and_then(|conversation| self.drafts.remove(&conversation)).is_some()
    }

    /// Begins to send `text`, the content of the composer. Returns the part that is not being saved
    /// already.
    pub(crate) fn begin_send(
        &mut self,
        conversation: Conversation,
        client_id: ClientId,
        text: &str,
    ) -> Rc<str> {
        let Some(draft) = self.drafts.get_mut(&conversation).filter(|draft| *draft.text == *text) else {
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

    /// Removes the text of a saved or settled row from the composer. Returns false if no draft has it.
    pub(crate) fn finish_send(&mut self, client_id: ClientId) -> bool {
        let revision = &mut self.revision;
        let mut is_sending = false;
        for draft in self.drafts.values_mut() {
            if let Some(sending) = draft.sending.iter_mut().find(|(id, ..)| *id == client_id) {
                (sending.2, is_sending) = (true, true);
            }
            while let Some((_, text, _)) = draft.sending.pop_front_if(|(.., stored)| *stored) {
                if let Some(rest) = draft.text.strip_prefix(&*text) {
                    draft.text = Rc::from(rest);
                    *revision += 1;
                    (draft.revision, draft.is_dirty, draft.is_unchanged) = (*revision, true, false);
                }
            }
        }
        is_sending
    }

    /// Saves the changed drafts. One that is too long counts as not saved, and what is stored of it stays.
    pub(crate) fn flush(&mut self, owner: Owner, name: &str, out: &mut Vec<Effect>) {
        if std::mem::take(&mut self.has_timer) {
            out.push(Effect::CancelTimer(Timer::Draft));
        }
        for (conversation, draft) in self.drafts.iter_mut().filter(|(_, draft)| draft.is_dirty) {
            draft.is_dirty = false;
            if draft.text.len() > DRAFT_BYTES_MAX {
                draft.has_failed_save = true;
                continue;
            }
            out.push(Effect::SaveDraft(stored_draft(owner, name, *conversation, draft)));
        }
    }

    /// Records that the shell saved the conversation's draft, or could not.
    pub(crate) fn note_saved(&mut self, conversation: Conversation, ok: bool) {
        if let Some(draft) = self.drafts.get_mut(&conversation) {
            draft.has_failed_save = !ok;
        }
    }

    /// Whether a draft could not be saved, so that it is lost with the page.
    pub(crate) fn has_unsaved(&self) -> bool {
        self.drafts.values().any(|draft| draft.has_failed_save && !draft.text.trim().is_empty())
    }

    /// Records that [`Timer::Draft`] fired.
    pub(crate) fn note_timer_fired(&mut self) {
        self.has_timer = false;
    }

    /// Takes a draft of an earlier visit and puts it before the text written since.
    ///
    /// `is_same_owner` is false if the draft was stored under another owner and must be stored
    /// again.
    pub(crate) fn load(&mut self, conversation: Conversation, text: &str, is_same_owner: bool) {
        if text.is_empty() || (!self.drafts.contains_key(&conversation) && self.drafts.len() >= DRAFTS_MAX) {
            return;
        }
        let since = self.drafts.get(&conversation).map(|draft| draft.text.clone()).unwrap_or_default();
        // The composer may contain the text already, from when the storage could not be read.
        if !is_part(text, &since) {
            self.put(conversation, &join_texts(text, &since)).is_dirty |= !since.is_empty();
        }
        if let Some(draft) = self.drafts.get_mut(&conversation) {
            draft.is_dirty |= !is_same_owner;
            if is_same_owner {
                draft.base = Some(Rc::from(text));
            }
        }
    }

    /// Records that a read of the storage began.
    pub(crate) fn note_load_started(&mut self) {
        for draft in self.drafts.values_mut() {
            draft.is_unchanged = true;
        }
    }

    /// Takes what the storage holds.
    ///
    /// A draft that changed since the read began stays as it is. Otherwise a tab that is `shown`
    /// takes what another tab wrote since, and keeps what it wrote itself.
    pub(crate) fn refresh(&mut self, stored: &[StoredDraft], shown: bool) {
        let text_of = |conversation| {
            stored.iter().find(|draft| draft.conversation() == conversation).map_or("", |draft| &draft.text)
        };
        let mut changes = Vec::new();
        let is_still = |draft: &Draft| !draft.is_dirty && draft.is_unchanged && draft.sending.is_empty();
        for (conversation, draft) in self.drafts.iter_mut().filter(|(_, draft)| is_still(draft)) {
            let (ours, text) = (&*draft.text, text_of(*conversation));
            let base = draft.base.as_deref();
            if ours == text {
                draft.base = Some(draft.text.clone());
            } else if base == Some(ours) || is_part(ours, text) {
                changes.push((*conversation, text, text.to_owned()));
            } else if base != Some(text) && !is_part(text, ours) {
                changes.push((*conversation, text, join_texts(text, ours)));
            }
        }
        if !shown {
            return;
        }
        let new = stored.iter().filter(|draft| !self.drafts.contains_key(&draft.conversation()));
        let free = DRAFTS_MAX.saturating_sub(self.drafts.len());
        changes.extend(new.take(free).map(|draft| (draft.conversation(), &*draft.text, draft.text.clone())));
        for (conversation, stored, text) in changes {
            let draft = self.put(conversation, &text);
            (draft.is_dirty, draft.base) = (text != stored, Some(Rc::from(stored)));
        }
    }

    /// Moves all drafts to the new owner, who is the same person; deletes those of the `old` owner.
    pub(crate) fn reassign(&mut self, old: Owner, name: &str, out: &mut Vec<Effect>) {
        for (conversation, draft) in self.drafts.iter_mut() {
            (draft.is_dirty, draft.is_unchanged, draft.base) = (true, false, None);
            out.push(Effect::SaveDraft(StoredDraft::new(old, name, *conversation, "")));
        }
    }

    /// Appends a draft that another person left behind.
    pub(crate) fn adopt(&mut self, conversation: Conversation, text: &str) {
        let before = self.drafts.get(&conversation).map(|draft| draft.text.clone()).unwrap_or_default();
        self.put(conversation, &join_texts(&before, text)).is_dirty = true;
    }

    fn put(&mut self, conversation: Conversation, text: &str) -> &mut Draft {
        self.revision += 1;
        let draft = self.drafts.or_insert_with(conversation, Draft::default);
        (draft.text, draft.revision, draft.is_unchanged) = (Rc::from(text), self.revision, false);
        draft
    }

    /// Takes out all drafts, so that the next person cannot see them.
    pub(crate) fn take_all(&mut self, owner: Owner, name: &str) -> Vec<StoredDraft> {
        let rooms = std::mem::take(&mut self.drafts);
        self.revision += 1;
        self.empty_revision = self.revision;
        let written = rooms.iter().filter(|(_, draft)| !draft.text.trim().is_empty());
        written.map(|(conversation, draft)| stored_draft(owner, name, *conversation, draft)).collect()
    }
}

/// Joins two drafts.
fn join_texts(before: &str, behind: &str) -> String {
    let between = if before.is_empty() || behind.is_empty() { "" } else { "\n" };
    [before, between, behind].concat()
}

/// Whether `part` is one of two drafts that were joined.
fn is_part(part: &str, whole: &str) -> bool {
    whole.starts_with(part) || whole.ends_with(part)
}

fn stored_draft(owner: Owner, name: &str, conversation: Conversation, draft: &Draft) -> StoredDraft {
    let text = if draft.text.len() <= DRAFT_BYTES_MAX { draft.text.as_ref() } else { "" };
    StoredDraft::new(owner, name, conversation, text)
}

#[cfg(test)]
mod tests;
