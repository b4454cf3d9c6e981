//! What the person wants of the rooms: to say something, to read on, to be elsewhere.

use super::Client;
use crate::conversations::paging::PageRequest;
use crate::effect::Effect;
use crate::persisted::{CommandBody, Owner};
use crate::row_key::RowKey;
use shared::command::PageAnchor;
use shared::{ClientId, RoomId};

impl Client {
    pub(super) fn say(
        &mut self,
        client_id: ClientId,
        room: RoomId,
        text: &str,
        now: u64,
        out: &mut Vec<Effect>,
    ) {
        if !self.can_send() {
            return;
        }
        let rest = self.drafts.sends(room, client_id, text);
        if rest.trim().is_empty() && !text.trim().is_empty() {
            return;
        }
        if room == self.rooms.open_id() {
            self.jump(PageAnchor::Newest);
        }
        self.ask_for(client_id, CommandBody::Post { room, text: rest.as_ref().to_owned() }, now, out);
    }

    pub(super) fn ask_for(
        &mut self,
        client_id: ClientId,
        body: CommandBody,
        now: u64,
        out: &mut Vec<Effect>,
    ) {
        let (Some(me), Some(owner)) = (self.identity.me(), self.owner()) else { return };
        let key = RowKey { author: me.id, client_id };
        let is_settled =
            body.room().and_then(|id| self.rooms.get(id)).is_some_and(|room| room.timeline.has(key));
        if !is_settled {
            self.outbox.push(owner, me, client_id, body, now, out);
        }
    }

    pub(super) fn page(&mut self, want: PageRequest) {
        let Some(room) = self.rooms.open_mut() else { return };
        let timeline = &mut room.timeline;
        match want {
            PageRequest::Older if !timeline.lacks_older() => timeline.grow_older(),
            PageRequest::Newer if !timeline.lacks_newer() => timeline.grow_newer(),
            _ => room.history.want(want),
        }
    }

    pub(super) fn jump(&mut self, at: PageAnchor) {
        let Some(room) = self.rooms.open_mut() else { return };
        match at {
            PageAnchor::Newest => {
                room.history.forget();
                room.timeline.latest();
            }
            PageAnchor::Around(n) if room.timeline.show(n) => room.history.forget(),
            _ => room.history.want(PageRequest::Jump(at)),
        }
    }

    /// Who writes here, as what is written is stored.
    pub(super) fn owner(&self) -> Option<Owner> {
        let member = self.identity.me()?.id;
        Some(Owner { epoch: self.epoch.filter(|_| self.held_by == Some(member)), member })
    }
}
