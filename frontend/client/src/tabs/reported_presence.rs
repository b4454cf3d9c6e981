//! Whether the person is away: as the server was told, and as it tells others.

use crate::limits::PRESENCE_REPEAT_MS;
use shared::{Event, MemberId};

/// The last report, and what came back of it.
///
/// The two can differ. A report of a tab that led before, and was frozen or slow, may arrive after the report of the
/// tab that leads now, and stands until the leader repeats its own. But another tab may as well read for itself and
/// report otherwise for good, or the member be at another device: so each repetition waits twice as long.
#[derive(Clone, Debug, Default)]
pub(super) struct ReportedPresence {
    is_away: bool,
    /// What the server said last, or is taken to say since the report.
    server_says_away: bool,
    reported_at: u64,
    /// Milliseconds from then to the next repetition.
    repeat_after_ms: u64,
}

impl ReportedPresence {
    pub(super) fn is_away(&self) -> bool {
        self.is_away
    }

    /// Whether the person is away now: true if that is news, and to be reported.
    pub(super) fn update(&mut self, is_away: bool, now: u64) -> bool {
        let is_new = is_away != self.is_away;
        if is_new {
            let repeat_after_ms = PRESENCE_REPEAT_MS;
            *self =
                ReportedPresence { is_away, server_says_away: is_away, reported_at: now, repeat_after_ms };
        }
        is_new
    }

    /// The server sent this event to a session of this member.
    pub(super) fn heard(&mut self, event: &Event, member: MemberId) {
        let says_away = match event {
            Event::Away(away) => away.members.iter().any(|it| it.id == member).then_some(true),
            Event::Here(here) => here.members.iter().any(|it| it.id == member).then_some(false),
            Event::Present(all) => all.members.iter().find(|it| it.member.id == member).map(|it| it.away),
            _ => None,
        };
        self.server_says_away = says_away.unwrap_or(self.server_says_away);
    }

    /// Whether it is time to repeat a report that the server contradicts.
    pub(super) fn is_to_be_repeated(&mut self, now: u64) -> bool {
        // A clock that was set back tells nothing of how long it was.
        let is_time = now < self.reported_at || now - self.reported_at >= self.repeat_after_ms;
        let is_it = is_time && self.server_says_away != self.is_away;
        if is_it {
            self.repeat_after_ms = self.repeat_after_ms.saturating_mul(2).max(PRESENCE_REPEAT_MS);
            self.reported_at = now;
        }
        is_it
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_is_repeated_once_its_time_is_over_and_when_the_clock_was_set_back() {
        let away = Event::parse(r#"{"type":"away","members":[{"id":1,"name":"Ann"}],"count":2}"#).unwrap();
        let contradicted = || {
            let mut report = ReportedPresence::default();
            assert!(report.update(true, 10_000) && report.update(false, 10_000));
            report.heard(&away, MemberId(1));
            report
        };
        for (ms, is_repeated) in
            [(PRESENCE_REPEAT_MS - 1, false), (PRESENCE_REPEAT_MS, true), (PRESENCE_REPEAT_MS + 1, true)]
        {
            assert_eq!(contradicted().is_to_be_repeated(10_000 + ms), is_repeated, "{ms}");
        }
        assert!(contradicted().is_to_be_repeated(9_999));
    }
}
