//! How a session starts: anew, with a snapshot of the open room, or going on from what is held.

use super::Client;
use crate::conversations::segment::Viewer;
use crate::effect::Effect;
use crate::members::Members;
use crate::persisted::Owner;
use crate::sync::gap_detector::GapDetector;
use crate::sync::reorder_buffer::ReorderBuffer;
use shared::Member;
use shared::command::{Command, PresenceReport};
use shared::event::Welcome;
use shared::version::is_newer_page;

impl Client {
    pub(super) fn welcome(&mut self, welcome: &Welcome, now: u64, out: &mut Vec<Effect>) {
        let Welcome { build, through, you, resumed, as_of, .. } = welcome;
        let same_log = self.epoch == Some(through.epoch);
        let ours = same_log && self.held_by == Some(you.id);
        if *resumed && !(ours && self.cursor.is_some()) {
            // There is nothing to go on from.
            return self.start_over(now, out);
        }
        self.connection.welcomed(now);
        self.identity.welcomed(you, out);
        if !same_log {
            // Another log numbers its members anew.
            self.members = Members::default();
            self.seen = 0;
            self.new_epoch |= self.epoch.is_some();
        }
        self.seen = self.seen.max(*as_of);
        // The room's authors last: the rest may lag a moment behind the log.
        self.members.named(you.id, &you.name, *as_of);
        self.members.welcomed(&welcome.present, welcome.present_count, *as_of);
        if *resumed {
            self.catching_up = true;
            self.rooms.resume(&welcome.rooms, *as_of);
        } else {
            self.begin(welcome, ours);
        }
        // Under the old key first: a post may have been committed before the server forgot us.
        self.settle_outbox(out);
        self.epoch = Some(through.epoch);
        self.held_by = Some(you.id);
        let owner = Owner { epoch: self.epoch, member: you.id };
        self.outbox.welcomed(owner, you, now, &mut self.shelf, out);
        self.give_drafts(owner, you, out);
        self.take_stored(now, out);
        // What a page that ended meanwhile could not send is sent by this one.
        self.load(out);
        self.look_again();
        self.settle_outbox(out);
        self.new_version = is_newer_page(&self.build, build);
        if !self.visible {
            self.transmit(Command::Presence(PresenceReport { away: true }), out);
        }
    }

    /// Nothing of what was held is of use, but where it touches what is told now.
    fn begin(&mut self, welcome: &Welcome, ours: bool) {
        if let Some(room) = &welcome.room {
            self.members.authors(&room.authors, &room.messages, room.as_of);
        }
        let look = Viewer { me: Some(welcome.you.id), members: &self.members };
        self.rooms.fresh(welcome, ours, look);
        self.own = ReorderBuffer::new(GapDetector::from(welcome.through.n));
        self.cursor = Some(welcome.through);
        self.catching_up = false;
    }

    /// Drafts go along with the person, as rows do; another's are put away.
    fn give_drafts(&mut self, owner: Owner, you: &Member, out: &mut Vec<Effect>) {
        if let Some((old, name)) = self.drafts_of.replace((owner, you.name.clone()))
            && old != owner
        {
            let unnumbered = old.epoch.is_none() && old.member == you.id;
            if unnumbered || name == you.name {
                self.drafts.give(old, &name, out);
            } else {
                for draft in self.drafts.put_away(old, &name) {
                    out.push(Effect::SaveDraft(draft.clone()));
                    self.shelf.put_draft(draft);
                }
            }
        }
        self.flush_drafts(out);
    }
}
