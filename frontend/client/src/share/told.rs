//! What the server was told of the person, and what it tells of them.

use crate::limits::SAY_AGAIN_MS;
use shared::{Event, MemberId};

/// Whether the person is away, as the server was told, and as it says.
///
/// The two can differ: a word of a page that led before, and was frozen or slow, comes behind the word
/// of the one that leads now. It stands until that is said again. But another page may as well read for
/// itself and say otherwise for good, or the member be at another device: so each time takes longer.
#[derive(Clone, Debug, Default)]
pub(super) struct Told {
    away: bool,
    /// What the server said last, or is taken to say since it was told.
    server_says: bool,
    said_at: u64,
    /// For how long it waits from then on.
    again_ms: u64,
}

impl Told {
    pub(super) fn is_away(&self) -> bool {
        self.away
    }

    /// So it is now: true if it was not so before, and is to be told.
    pub(super) fn tell(&mut self, away: bool, now: u64) -> bool {
        let is_new = away != self.away;
        if is_new {
            *self = Told { away, server_says: away, said_at: now, again_ms: SAY_AGAIN_MS };
        }
        is_new
    }

    /// The server told this frame, to a session of this member.
    pub(super) fn heard(&mut self, frame: &str, member: MemberId) {
        if let Some(away) = told_of_presence(frame, member) {
            self.server_says = away;
        }
    }

    /// Whether it is time to say again what the server says otherwise.
    pub(super) fn is_to_be_told_again(&mut self, now: u64) -> bool {
        // A clock that was set back says nothing of how long it was.
        let is_time = now < self.said_at || now - self.said_at >= self.again_ms;
        let is_it = is_time && self.server_says != self.away;
        if is_it {
            self.again_ms = self.again_ms.saturating_mul(2).max(SAY_AGAIN_MS);
            self.said_at = now;
        }
        is_it
    }
}

/// Whether this frame says of a member that they are away, or are not.
fn told_of_presence(frame: &str, of: MemberId) -> Option<bool> {
    // Frames come by the thousand, and hardly one is of presence.
    let kinds = [r#"{"type":"away""#, r#"{"type":"here""#, r#"{"type":"present""#];
    if !kinds.iter().any(|kind| frame.starts_with(kind)) {
        return None;
    }
    match Event::parse(frame).ok()? {
        Event::Away(away) => away.members.iter().any(|it| it.id == of).then_some(true),
        Event::Here(here) => here.members.iter().any(|it| it.id == of).then_some(false),
        Event::Present(all) => all.members.iter().find(|it| it.member.id == of).map(|it| it.away),
        _ => None,
    }
}
