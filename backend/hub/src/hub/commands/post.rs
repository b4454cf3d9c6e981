//! Messages: posts of members, and what the text dialect sends.

use crate::house::change::Change;
use crate::hub::{Hub, pending_append::Origin, refuse};
use crate::input::Unstored;
use crate::output::Output;
use crate::session::{Session, SessionId};
use shared::{ClientId, ErrorCode, MemberId, RoomId, command::Post, limits::TEXT_BYTES_MAX};

impl Hub {
    pub(super) fn post(
        &mut self,
        session: SessionId,
        author: MemberId,
        post: Post,
        now: u64,
        out: &mut Vec<Output>,
    ) {
        let Post { reference, client_id, room, text } = post;
        if let Err(code) = self.limit_posts(session, author, now, out) {
            return refuse(session, Some(reference), code, out);
        }
        if text.len() > TEXT_BYTES_MAX {
            return refuse(session, Some(reference), ErrorCode::TextTooLong, out);
        }
        if text.trim().is_empty() {
            return refuse(session, Some(reference), ErrorCode::TextEmpty, out);
        }
        let change = Change::Post { room, author, tag: None, client_id, text };
        self.append(Origin::Command { session, reference }, change, out);
    }

    /// Posts a text of the text dialect to the lobby.
    pub(in crate::hub) fn post_text(
        &mut self,
        session: SessionId,
        client_id: ClientId,
        text: String,
        out: &mut Vec<Output>,
    ) {
        let Some(Session::Text { tag }) = self.sessions.get(&session) else { return };
        let (room, author, tag) = (RoomId::LOBBY, MemberId::PASSER_BY, Some(*tag));
        self.append(Origin::Text { session }, Change::Post { room, author, tag, client_id, text }, out);
    }

    /// Passes on a message that is not stored, after the messages that came before it.
    pub(in crate::hub) fn pass_on_unstored(
        &mut self,
        session: SessionId,
        unstored: Unstored,
        out: &mut Vec<Output>,
    ) {
        if let Some(Session::Text { .. }) = self.sessions.get(&session) {
            self.publish_after_appends(unstored, out);
        }
    }
}
