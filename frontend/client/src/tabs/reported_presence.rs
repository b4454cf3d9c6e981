//! The presence that the leader reported, compared with the one that the server announces.

use crate::limits::PRESENCE_REPEAT_MS;
use shared::{Event, MemberId};

/// The last presence report, and the server's announcement about this member.
///
/// The two can differ. A late report of an earlier leader, whose tab was suspended, may arrive after the
/// report of the current one. Then the leader must repeat its report. But another tab or device of the member
/// may also report otherwise for good reason. Therefore each repetition waits twice as long as the one
/// before.
#[derive(Clone, Debug, Default)]
pub(super) struct ReportedPresence {
    is_away: bool,
    /// Last announcement of the server; right after a report, the report itself.
    server_announced_away: bool,
    reported_at: u64,
    /// Milliseconds from the last report to its next repetition.
    repeat_after_ms: u64,
}

impl ReportedPresence {
    pub(super) fn is_away(&self) -> bool {
        self.is_away
    }

    /// Records whether the person is away. Returns true if that changed and is to be reported.
    pub(super) fn update(&mut self, is_away: bool, now: u64) -> bool {
        let is_new = is_away != self.is_away;
        if is_new {
            let repeat_after_ms = PRESENCE_REPEAT_MS;
            *self = ReportedPresence {
                is_away,
                server_announced_away: is_away,
                reported_at: now,
                repeat_after_ms,
            };
        }
        is_new
    }

    /// Records the presence of `member` that an event of the server announces.
    pub(super) fn record_announcement(&mut self, event: &Event, member: MemberId) {
        let announced_away = match event {
            Event::Away(away) => away.members.iter().any(|it| it.id == member).then_some(true),
            Event::Here(here) => here.members.iter().any(|it| it.id == member).then_some(false),
            Event::Present(all) => all.members.iter().find(|it| it.member.id == member).map(|it| it.away),
            _ => None,
        };
        self.server_announced_away = announced_away.unwrap_or(self.server_announced_away);
    }

    /// Whether it is time to repeat a report that the server contradicts. If so, the next repetition waits
    /// longer.
    pub(super) fn is_to_be_repeated(&mut self, now: u64) -> bool {
        let is_time = now.saturating_sub(self.reported_at) >= self.repeat_after_ms;
        let is_it = is_time && self.server_announced_away != self.is_away;
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
    fn a_report_is_repeated_when_its_time_is_over_or_the_clock_was_set_back() {
        let away = Event::parse(r#"{"type":"away","members":[{"id":1,"name":"Ann"}],"count":2}"#).unwrap();
        let contradicted = || {
            let mut report = ReportedPresence::default();
            assert!(report.update(true, 10_000) && report.update(false, 10_000));
            report.record_announcement(&away, MemberId(1));
            report
        };
        for (ms, is_repeated) in
            [(PRESENCE_REPEAT_MS - 1, false), (PRESENCE_REPEAT_MS, true), (PRESENCE_REPEAT_MS + 1, true)]
        {
            assert_eq!(contradicted().is_to_be_repeated(10_000 + ms), is_repeated, "{ms}");
        }
    }
}
