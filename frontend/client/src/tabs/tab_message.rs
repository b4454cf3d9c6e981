//! Messages between the tabs of one browser, as texts on its `BroadcastChannel`.
//!
//! A text consists of the sender's identity, a line feed, the kind of the message, and its arguments. After
//! an update, tabs of two builds may share the channel, so a tab ignores messages that it does not know.

use super::Tab;
use shared::event::Welcome;
use shared::{Cursor, Epoch, MemberId};
use std::fmt;
use std::str::FromStr;

/// Member and epoch of a session, as its `welcome` named them.
///
/// Requests carry both as parameters of the query (`member=…&epoch=…`), so that the server refuses a request
/// whose cookie belongs to another member by then. The server calls them the expected identity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionIdentity {
    /// Member that the session belongs to.
    pub member: MemberId,
    /// Epoch of the log that the session reads.
    pub epoch: Epoch,
}

impl SessionIdentity {
    /// Returns the identity that a `welcome` names.
    pub fn of(welcome: &Welcome) -> Self {
        SessionIdentity { member: welcome.you.id, epoch: welcome.through.epoch }
    }
}

impl fmt::Display for SessionIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "member={}&epoch={}", self.member.0, self.epoch)
    }
}

impl FromStr for SessionIdentity {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let (member, epoch) = text.split_once('&').ok_or(())?;
        let member = member.strip_prefix("member=").ok_or(())?.parse().map_err(drop)?;
        let epoch = epoch.strip_prefix("epoch=").ok_or(())?.parse().map_err(drop)?;
        Ok(SessionIdentity { member: MemberId(member), epoch })
    }
}

/// A message from one tab to all other tabs of its browser.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TabMessage {
    /// The leader has read this frame.
    Frame(String),
    /// The leader has read everything up to this cursor. A leader sends it without a mark, because tabs of older
    /// builds pass over the message if it has one.
    Through(Cursor),
    /// The same cursor with its mark, sent right before [`TabMessage::Through`].
    Marked(Cursor),
    /// The leader's session has become live, so followers must restart.
    Live,
    /// The leader ends its session.
    Bye,
    /// The leader says that it leads.
    Leads(Tab),
    /// A follower asks whether a tab leads, when it becomes live or finds the lease expired.
    ///
    /// The timers of a tab that is hidden for long fire once a minute, so a living leader may fail to renew
    /// its lease. Messages are not delayed.
    WhoLeads,
    /// A follower says whether the person is at its tab.
    Presence {
        /// Tab that sent the message.
        tab: Tab,
        /// Whether the person is at that tab.
        is_here: bool,
    },
}

impl TabMessage {
    /// Encodes the message as a text; `identity` is that of the sender's session, `None` before its
    /// `welcome`.
    pub fn encode(&self, identity: Option<SessionIdentity>) -> String {
        let mut text = identity.map(|identity| identity.to_string()).unwrap_or_default();
        text.push('\n');
        text + &self.to_string()
    }

    /// Decodes a text into the sender's identity and the message; `None` if this build does not know the
    /// message.
    pub fn decode(text: &str) -> Option<(Option<SessionIdentity>, TabMessage)> {
        let (identity, message) = text.split_once('\n')?;
        let identity = if identity.is_empty() { None } else { Some(identity.parse().ok()?) };
        let (word, rest) = message.split_once(' ').unwrap_or((message, ""));
        let tab = || rest.parse().ok().map(Tab);
        let message = match word {
            "frame" => TabMessage::Frame(rest.to_owned()),
            "through" => TabMessage::Through(rest.parse().ok()?),
            "marked" => TabMessage::Marked(rest.parse().ok()?),
            "live" => TabMessage::Live,
            "bye" => TabMessage::Bye,
            "ask" => TabMessage::WhoLeads,
            "lead" => TabMessage::Leads(tab()?),
            "here" => TabMessage::Presence { tab: tab()?, is_here: true },
            "away" => TabMessage::Presence { tab: tab()?, is_here: false },
            _ => return None,
        };
        Some((identity, message))
    }
}

impl fmt::Display for TabMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            TabMessage::Frame(frame) => write!(f, "frame {frame}"),
            TabMessage::Through(cursor) => write!(f, "through {cursor}"),
            TabMessage::Marked(cursor) => write!(f, "marked {cursor}"),
            TabMessage::Live => f.write_str("live"),
            TabMessage::Bye => f.write_str("bye"),
            TabMessage::WhoLeads => f.write_str("ask"),
            TabMessage::Leads(tab) => write!(f, "lead {}", tab.0),
            TabMessage::Presence { tab, is_here: true } => write!(f, "here {}", tab.0),
            TabMessage::Presence { tab, is_here: false } => write!(f, "away {}", tab.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_message_is_read_back_as_written() {
        let cursor = "00000000000000ab.7".parse().unwrap();
        let identity = SessionIdentity { member: MemberId(7), epoch: Epoch(0xab) };
        for message in [
            TabMessage::Frame("{\"type\":\"posted\",\"text\":\"两\\n行 \"}".to_owned()),
            TabMessage::Frame("two\nlines".to_owned()),
            TabMessage::Through(cursor),
            TabMessage::Marked("00000000000000ab.7.0000beef".parse().unwrap()),
            TabMessage::Live,
            TabMessage::Bye,
            TabMessage::WhoLeads,
            TabMessage::Leads(Tab(9)),
            TabMessage::Presence { tab: Tab(7), is_here: true },
            TabMessage::Presence { tab: Tab(u64::MAX), is_here: false },
        ] {
            for identity in [None, Some(identity)] {
                let text = message.encode(identity);
                assert_eq!(TabMessage::decode(&text), Some((identity, message.clone())), "{text}");
            }
        }
        assert_eq!(TabMessage::Bye.encode(Some(identity)), "member=7&epoch=00000000000000ab\nbye");
    }

    #[test]
    fn a_text_of_another_build_is_ignored() {
        for text in
            ["", "bye", "\nsing", "\nlead", "\nlead x", "\nthrough 7", "somebody\nbye", "member=7\nbye"]
        {
            assert_eq!(TabMessage::decode(text), None, "{text:?}");
        }
    }
}
