//! The report of a check, as `teahouse check` prints it.

use crate::store::limits::DIFFERENCES_MAX;
use std::fmt;

/// Result of a check.
#[derive(Debug, Default)]
pub struct CheckReport {
    pub(super) events: u64,
    pub(super) messages: u64,
    pub(super) members: usize,
    pub(super) rooms: usize,
    /// Events that an earlier repair has blanked.
    pub(super) blanked: u64,
    /// Events that cannot be read, and that no repair has blanked.
    pub(super) unreadable: u64,
    /// Whether an event that is not a message cannot be read, blanked or not. Then the stored state knows more
    /// than the events.
    pub(super) has_lost_state: bool,
    /// Whether every event could be read, and fits those before it.
    pub(super) are_events_sound: bool,
    /// Whether the pages are good, and every event that could be read fits those before it.
    pub(super) are_readable_events_sound: bool,
    differences: Vec<String>,
    /// Differences that are not listed.
    more: u64,
}

impl CheckReport {
    /// Whether no damage was found.
    pub fn is_sound(&self) -> bool {
        self.differences.is_empty()
    }

    /// Whether no other damage was found than events that cannot be read. Such a log works.
    pub(in super::super) fn is_sound_but_for_unreadable(&self) -> bool {
        self.differences.len() as u64 + self.more == self.unreadable
    }

    /// Whether the stored state follows from the events, so that it could be written anew: each event can be read
    /// and fits those before it.
    pub(in super::super) fn are_events_sound(&self) -> bool {
        self.are_events_sound
    }

    /// Whether a repair would leave a log without damage.
    pub(in super::super) fn is_repairable(&self) -> bool {
        // Without each event of a room or member, the stored state cannot be written anew.
        let has_state = self.is_sound_but_for_unreadable() || !self.has_lost_state;
        self.are_readable_events_sound && has_state
    }

    pub(super) fn add_difference(&mut self, what: impl Into<String>) {
        if self.differences.len() < DIFFERENCES_MAX {
            self.differences.push(what.into())
        } else {
            self.more += 1
        }
    }

    pub(super) fn compare<T: PartialEq + fmt::Debug>(
        &mut self,
        what: impl fmt::Display,
        rebuilt: &T,
        stored: &T,
    ) {
        if rebuilt != stored {
            self.add_difference(format!("{what}: {rebuilt:?} from the events, but {stored:?} is stored"));
        }
    }
}

impl fmt::Display for CheckReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let CheckReport { events, messages, members, rooms, differences, .. } = self;
        writeln!(
            f,
            "{}, {}, {}, {}",
            count(*events, "event"),
            count(*messages, "message"),
            count(*members as u64, "member"),
            count(*rooms as u64, "room")
        )?;
        differences.iter().try_for_each(|difference| writeln!(f, "{difference}"))?;
        if self.more > 0 {
            writeln!(f, "and {} more", self.more)?;
        }
        if self.blanked > 0 {
            writeln!(f, "A repair has blanked {}.", count(self.blanked, "event"))?;
        }
        if self.has_lost_state {
            f.write_str(LOST_STATE)?;
        }
        if self.is_sound() {
            return f.write_str(SOUND);
        }
        writeln!(
            f,
            "The database is damaged: {}.",
            count(differences.len() as u64 + self.more, "difference")
        )?;
        if self.unreadable > 0 {
            writeln!(f, "To blank what cannot be read, stop the server and run teahouse check --repair.")?;
        }
        Ok(())
    }
}

/// Consequence of an event that cannot be read and is not a message.
const LOST_STATE: &str = "\
The stored rooms and members were not compared with the events, because not all events can be read.
";

/// The claim of a check without differences, and its limit.
const SOUND: &str = "\
No damage found: SQLite's own check passed, and the stored state matches the events.
The check cannot tell whether each text is still the one that was sent.
";

/// A number with its unit.
fn count(number: u64, what: &str) -> String {
    if number == 1 { format!("1 {what}") } else { format!("{number} {what}s") }
}
