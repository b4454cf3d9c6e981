//! The start of a session: with a snapshot of the open room, or resumed from the cursor.

use super::Client;
use crate::conversations::room_lookup::RoomLookup;
use crate::conversations::segment::Viewer;
use crate::effect::Effect;
use crate::members::Members;
use crate::persisted::Owner;
use crate::sync::gap_detector::GapDetector;
use crate::sync::reorder_buffer::ReorderBuffer;
use shared::command::{Command, PresenceReport};
use shared::event::Welcome;
use shared::version::is_newer_page;
use shared::{Member, Now};

impl Client {
    pub(super) fn apply_welcome(&mut self, welcome: &Welcome, now: Now, out: &mut Vec<Effect>) {
        let Welcome { build, through, you, resumed, rolled_back, as_of, .. } = welcome;
        let is_same_log = self.epoch == Some(through.epoch) && !rolled_back;
        let is_resumable = is_same_log && self.held_by == Some(you.id);
        if *resumed && !(is_resumable && self.cursor.is_some()) {
            // The client has no cursor to resume from.
            return self.start_over(now, out);
        }
        self.connection.note_welcomed(now.mono);
        self.identity.confirm(you, out);
        if !is_same_log {
            // Another log gives its member and room ids to others.
            self.members = Members::default();
            self.lookup = self.lookup.take().map(|lookup| RoomLookup::new(lookup.room()));
            self.last_position = 0;
            self.has_new_epoch |= self.epoch.is_some();
        }
        self.last_position = self.last_position.max(*as_of);
        // Set the authors of the room last: the other names may lag a moment behind the log.
        self.members.set_name(you.id, &you.name, *as_of);
        self.members.set_present(&welcome.present, welcome.present_count, *as_of);
        let is_first = self.rooms.open().is_none();
        let was_read = self.rooms.open().is_none_or(|room| room.unread_count() == 0);
        if *resumed {
            self.is_catching_up = true;
            self.rooms.resume_session(&welcome.rooms, *as_of, self.own_events.held_through());
        } else {
            self.begin_session(welcome, is_resumable);
        }
        // What an earlier page has read is not new.
        self.apply_remembered(Owner { epoch: Some(through.epoch), member: you.id });
        if !resumed {
            match self.rooms.open_mut() {
                Some(room) if is_first => {
                    room.paging.clear();
                    room.timeline.show_latest();
                    room.open_at_line();
                }
                Some(room) if was_read => room.unread.draw_line(&room.timeline),
                _ => {}
            }
        }
        // Settle under the old key first: a post may have been committed before the server forgot
        // this member.
        self.settle_outbox(out);
        self.epoch = Some(through.epoch);
        self.held_by = Some(you.id);
        self.begin_reading(welcome);
        let owner = Owner { epoch: self.epoch, member: you.id };
        self.outbox.begin_session(owner, you, now, &mut self.foreign_rows, out);
        self.reassign_drafts(owner, you, out);
        // Adopt stored rows only after this read: another tab may have taken, sent or left some since an earlier one.
        self.load_rows(out);
        self.refresh_rows();
        self.settle_outbox(out);
        self.has_new_version = is_newer_page(&self.build, build);
        if !self.is_visible {
            self.transmit(Command::Presence(PresenceReport { away: true }), out);
        }
    }

    /// Replaces everything that is held, except messages that touch the new snapshot.
    fn begin_session(&mut self, welcome: &Welcome, is_resumable: bool) {
        if let Some(room) = &welcome.room {
            self.members.set_author_names(&room.authors, &room.messages, room.as_of);
        }
        let viewer = Viewer { me: Some(welcome.you.id), members: &self.members };
        self.rooms.begin_session(welcome, is_resumable, viewer);
        self.own_events = ReorderBuffer::new(GapDetector::from(welcome.through.n));
        self.cursor = Some(welcome.through);
        self.held.clear();
        self.is_catching_up = false;
    }

    /// Moves the drafts to the new owner if the person is the same, as rows do. Otherwise sets them
    /// aside.
    fn reassign_drafts(&mut self, owner: Owner, you: &Member, out: &mut Vec<Effect>) {
        if let Some((old, name)) = self.drafts_of.replace((owner, you.name.clone()))
            && old != owner
        {
            let unnumbered = old.epoch.is_none() && old.member == you.id;
            if unnumbered || name == you.name {
                self.drafts.reassign(old, &name, out);
            } else {
                for draft in self.drafts.take_all(old, &name) {
                    out.push(Effect::SaveDraft(draft.clone()));
                    self.foreign_rows.add_draft(draft);
                }
                self.has_loaded = false;
            }
        }
        self.flush_drafts(out);
    }
}
