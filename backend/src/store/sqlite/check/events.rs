//! Checks each event against those before it, and rebuilds the house from all of them.

use super::report::CheckReport;
use crate::store::data_folder::utc;
use crate::store::sqlite::{
    event_reader,
    log_error::LogError,
    partition::Partition,
    row::{self, COLUMNS, UnreadableRow},
};
use hub::House;
use hub::house::{commit::LogEntry, mark, resting_names::RestingNames};
use rusqlite::{Connection as Database, Row};
use shared::{Address, Event, RoomId, event::Position};
use std::collections::HashMap;

/// Reads every event. Returns the house that follows from them.
pub(super) fn check(db: &Database, report: &mut CheckReport) -> Result<House, LogError> {
    let mut check = EventCheck {
        report,
        house: House::default(),
        mark: Some(mark::EMPTY),
        has_marks: false,
        last: HashMap::new(),
        messages: HashMap::new(),
        at: 0,
    };
    let mut select = db.prepare(&format!("SELECT {COLUMNS}, e.mark FROM events e ORDER BY e.n"))?;
    let mut rows = select.query(())?;
    while let Some(row) = rows.next()? {
        check.add(db, row)?;
    }
    Ok(check.house)
}

struct EventCheck<'a> {
    report: &'a mut CheckReport,
    house: House,
    /// Mark of the log; none after an event that cannot be read.
    mark: Option<u32>,
    /// Whether an event had a mark. Only older builds wrote events without one, so none follows.
    has_marks: bool,
    /// Last position of each address.
    last: HashMap<Address, u64>,
    /// Number of messages in each room.
    messages: HashMap<RoomId, u64>,
    /// Time of the last event.
    at: u64,
}

impl EventCheck<'_> {
    fn add(&mut self, db: &Database, row: &Row<'_>) -> Result<(), LogError> {
        self.report.events += 1;
        let stored_mark: i64 = row.get(9)?;
        match row::decode(row) {
            Ok(Ok(entry)) => self.add_readable(row, &entry, stored_mark),
            Ok(Err(unreadable)) => self.add_unreadable(db, &unreadable, stored_mark),
            // The event has no position, so nothing can be compared with it.
            Err(error) => {
                let n: i64 = row.get(0)?;
                self.report.add_difference(format!("event {n}: {error}"));
                self.mark = None;
                Ok(())
            }
        }
    }

    fn add_readable(&mut self, row: &Row<'_>, entry: &LogEntry, stored_mark: i64) -> Result<(), LogError> {
        let event = &entry.event;
        let Some(Position { n, to, .. }) = event.position() else { return Ok(()) };
        let is_older = stored_mark == row::UNKNOWN && !self.has_marks;
        self.has_marks = !is_older;
        self.mark = match (self.mark, stored_mark) {
            _ if is_older => Some(row::UNKNOWN_MARK),
            (Some(before), stored) => {
                let after = mark::advance(before, event);
                if stored != row::INNER {
                    self.report.compare(format_args!("event {n}: mark"), &i64::from(after), &stored);
                }
                // After a difference the next marks are compared with those that follow from this one.
                u32::try_from(stored).ok().or(Some(after))
            }
            // The event before this one could not be read.
            (None, stored) => u32::try_from(stored).ok(),
        };
        self.report.compare(format_args!("event {n}: partition"), &Partition::of(event, to).0, &row.get(1)?);
        let now = row::from_sql(row.get(6)?)?;
        self.add_position(event, now);
        if let (Event::Posted(posted), Address::Room(room)) = (event, to) {
            let count = self.count_message(room);
            self.report.compare(format_args!("event {n}: seq"), &count, &posted.seq);
        }
        self.house.apply(entry);
        if is_older {
            // The build that wrote this event let no name rest.
            self.house.resting_names = RestingNames::default();
        }
        Ok(())
    }

    fn add_unreadable(
        &mut self,
        db: &Database,
        unreadable: &UnreadableRow,
        stored_mark: i64,
    ) -> Result<(), LogError> {
        let UnreadableRow { position: Position { n, to, .. }, partition, at, author, .. } = *unreadable;
        self.mark = u32::try_from(stored_mark).ok();
        let is_message = partition.holds_messages();
        self.report.has_lost_state |= !is_message;
        if unreadable.is_blank {
            self.report.blanked += 1;
        } else {
            self.report.unreadable += 1;
            let address = match to {
                Address::Room(room) => format!("room {}", room.0),
                Address::Member(member) => format!("member {}", member.0),
            };
            let (what, when) = (if is_message { "message" } else { "event" }, utc(at / 1000));
            let reason = &unreadable.reason;
            self.report.add_difference(format!(
                "event {n}: this {what} of {when} in {address} cannot be read: {reason}"
            ));
        }
        let seq = match to {
            Address::Room(room) if is_message => self.count_message(room),
            _ => 0,
        };
        let event = event_reader::placeholder(unreadable, seq, event_reader::present_name(db, author)?);
        self.add_position(&event, at);
        self.house.apply(&LogEntry { event, device: None });
        Ok(())
    }

    fn add_position(&mut self, event: &Event, now: u64) {
        let Some(Position { n, to, prev }) = event.position() else { return };
        let before = self.last.insert(to, n).unwrap_or(0);
        self.report.compare(format_args!("event {n}: prev"), &before, &prev);
        if now < self.at {
            self.report.add_difference(format!("event {n}: the time goes back from {} to {now}", self.at));
        }
        self.at = self.at.max(now);
    }

    fn count_message(&mut self, room: RoomId) -> u64 {
        self.report.messages += 1;
        let count = self.messages.entry(room).or_default();
        *count += 1;
        *count
    }
}
