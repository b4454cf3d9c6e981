//! The person's actions in rooms: sending, paging and jumping.

use super::Client;
use crate::conversation::Conversation;
use crate::conversations::paging::PageRequest;
use crate::conversations::room_lookup::RoomLookup;
use crate::effect::Effect;
use crate::persisted::{CommandBody, Owner};
use crate::row_key::RowKey;
use crate::sync::requests::RequestOwner;
use shared::command::PageAnchor;
use shared::{ClientId, Now, RoomId};

impl Client {
    pub(super) fn send_message(
        &mut self,
        client_id: ClientId,
        conversation: Conversation,
        text: &str,
        now: Now,
        out: &mut Vec<Effect>,
    ) {
        if !self.can_send() {
            return;
        }
        let rest = self.drafts.begin_send(conversation, client_id, text);
        if rest.trim().is_empty() && !text.trim().is_empty() {
            return;
        }
        self.jump_to(conversation, PageAnchor::Newest);
        let body = CommandBody::post(conversation.room, rest.as_ref().to_owned());
        self.queue_command(client_id, body, now, out);
    }

    pub(super) fn queue_command(
        &mut self,
        client_id: ClientId,
        body: CommandBody,
        now: Now,
        out: &mut Vec<Effect>,
    ) {
        let (Some(me), Some(owner)) = (self.identity.me(), self.owner()) else { return };
        let key = RowKey { author: me.id, client_id };
        let is_settled =
            body.room().and_then(|id| self.rooms.get(id)).is_some_and(|room| room.timeline.contains(key));
        if !is_settled {
            self.outbox.add(owner, me, client_id, body, now, out);
        }
    }

    /// Opens a room. One that the member is not in is looked up in the directory.
    pub(super) fn open_room(&mut self, room: RoomId) {
        self.hurry_markers();
        self.rooms.open_room(room);
        if self.lookup.as_ref().is_none_or(|lookup| lookup.room() != room) {
            self.lookup = Some(RoomLookup::new(room));
            self.requests.forget(RequestOwner::Lookup);
        }
    }

    /// Drops the lookup once its room is open, or another room is wanted.
    pub(super) fn drop_lookup(&mut self) {
        let wanted = self.rooms.wanted_room();
        self.lookup = self.lookup.take().filter(|lookup| wanted == Some(lookup.room()));
    }

    pub(super) fn load_page(&mut self, of: Conversation, want: PageRequest) {
        let Some(room) = self.rooms.open_conversation_mut(of) else { return };
        let timeline = &mut room.timeline;
        match want {
            PageRequest::Older if !timeline.needs_older_page() => timeline.grow_older(),
            PageRequest::Newer if !timeline.needs_newer_page() => timeline.grow_newer(),
            _ => room.paging.want(want),
        }
    }

    pub(super) fn jump_to(&mut self, of: Conversation, at: PageAnchor) {
        let Some(room) = self.rooms.open_conversation_mut(of) else { return };
        match at {
            PageAnchor::Newest => {
                room.paging.clear();
                room.timeline.show_latest();
            }
            PageAnchor::Around(n) if room.timeline.show_position(n) => room.paging.clear(),
            _ => room.paging.want(PageRequest::Jump(at)),
        }
    }

    /// The owner under which rows and drafts are stored now.
    pub(super) fn owner(&self) -> Option<Owner> {
        let member = self.identity.me()?.id;
        Some(Owner { epoch: self.epoch.filter(|_| self.held_by == Some(member)), member })
    }
}
