//! Checks a log: it reads every event, rebuilds the projections from the events and compares them. This
//! finds rows that do not fit together. It cannot show that a text is the one that was sent.
//!
//! The check reads one state of the log and writes nothing, so the house may be open meanwhile.

use super::{
    FILE, database,
    log_error::LogError,
    partition::Partition,
    projection,
    row::{self, COLUMNS, from_sql},
};
use crate::store::limits::DIFFERENCES_MAX;
use crate::store::permission_hint::FileUse;
use hub::House;
use hub::house::mark;
use rusqlite::Connection as Database;
use shared::{Address, Event, RoomId, event::Position};
use std::{collections::HashMap, fmt, fs, io, path::Path};

/// Result of a check.
#[derive(Debug, Default)]
pub struct CheckReport {
    events: u64,
    messages: u64,
    members: usize,
    rooms: usize,
    differences: Vec<String>,
    /// Differences that are not listed.
    more: u64,
}

impl CheckReport {
    /// Whether no damage was found.
    pub fn is_sound(&self) -> bool {
        self.differences.is_empty()
    }

    fn add_difference(&mut self, what: impl Into<String>) {
        if self.differences.len() < DIFFERENCES_MAX {
            self.differences.push(what.into())
        } else {
            self.more += 1
        }
    }

    fn compare<T: PartialEq + fmt::Debug>(&mut self, what: impl fmt::Display, rebuilt: &T, stored: &T) {
        if rebuilt != stored {
            self.add_difference(format!("{what}: {rebuilt:?} from the events, but {stored:?} is stored"));
        }
    }
}

impl fmt::Display for CheckReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let CheckReport { events, messages, members, rooms, differences, more } = self;
        writeln!(
            f,
            "{}, {}, {}, {}",
            count(*events, "event"),
            count(*messages, "message"),
            count(*members as u64, "member"),
            count(*rooms as u64, "room")
        )?;
        differences.iter().try_for_each(|difference| writeln!(f, "{difference}"))?;
        if *more > 0 {
            writeln!(f, "and {more} more")?;
        }
        match differences.len() {
            0 => f.write_str(SOUND),
            listed => writeln!(f, "The database is damaged: {}.", count(listed as u64 + more, "difference")),
        }
    }
}

/// The claim of a check without differences, and its limit.
const SOUND: &str = "\
No damage found: SQLite's own check passed, and the stored state matches the events.
The check cannot tell whether each text is still the one that was sent.
";

fn count(number: u64, what: &str) -> String {
    if number == 1 { format!("1 {what}") } else { format!("{number} {what}s") }
}

/// Checks the log of a data folder.
///
/// # Errors
///
/// The log cannot be read at all.
pub fn check(folder: &Path) -> Result<CheckReport, LogError> {
    check_file(&folder.join(FILE))
}

pub(super) fn check_file(file: &Path) -> Result<CheckReport, LogError> {
    check_readable(file)?;
    check_log(file).map_err(|error| error.at(file, FileUse::Read))
}

/// Checks that the log exists and that this user may read it.
pub(super) fn check_readable(file: &Path) -> Result<(), LogError> {
    match fs::File::open(file).and_then(|file| file.metadata()) {
        Ok(found) if found.is_file() => Ok(()),
        Ok(_) => Err(LogError::Refused(format!("{}: this is not a file", file.display()))),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Err(LogError::Missing(file.to_owned())),
        Err(error) => Err(LogError::Io(error).at(file, FileUse::Read)),
    }
}

fn check_log(file: &Path) -> Result<CheckReport, LogError> {
    let db = database::any_format_reader(file)?;
    let transaction = db.unchecked_transaction()?;
    let mut report = CheckReport::default();
    check_integrity(&transaction, &mut report)?;
    let house = check_events(&transaction, &mut report)?;
    check_rows(&transaction, &mut report)?;
    match projection::house(&transaction) {
        Ok(stored) => compare_houses(&house, &stored, &mut report),
        Err(error) => report.add_difference(format!("the stored state cannot be read: {error}")),
    }
    Ok(report)
}

/// SQLite's own check: pages, and each index against its table.
fn check_integrity(db: &Database, report: &mut CheckReport) -> Result<(), LogError> {
    let mut select = db.prepare(&format!("PRAGMA integrity_check({DIFFERENCES_MAX})"))?;
    let lines = select.query_map((), |row| row.get::<_, String>(0))?;
    for line in lines {
        let line = line?;
        if line != "ok" {
            report.add_difference(line);
        }
    }
    Ok(())
}

/// Reads every event. Returns the house that follows from them.
fn check_events(db: &Database, report: &mut CheckReport) -> Result<House, LogError> {
    let mut house = House::default();
    // Mark of the log; none after an event that cannot be read.
    let mut mark = Some(mark::EMPTY);
    let (mut last, mut at): (HashMap<Address, u64>, u64) = (HashMap::new(), 0);
    let mut messages: HashMap<RoomId, u64> = HashMap::new();
    let mut select = db.prepare(&format!("SELECT {COLUMNS}, e.mark FROM events e ORDER BY e.n"))?;
    let mut rows = select.query(())?;
    while let Some(row) = rows.next()? {
        report.events += 1;
        let entry = match row::read_entry(row) {
            Ok(entry) => entry,
            Err(error) => {
                report.add_difference(error.to_string());
                mark = None;
                continue;
            }
        };
        let event = &entry.event;
        let Some(Position { n, to, prev }) = event.position() else { continue };
        let stored: i64 = row.get(9)?;
        mark = match (mark, stored) {
            (_, row::UNKNOWN) => Some(row::UNKNOWN_MARK),
            (Some(before), stored) => {
                let after = mark::advance(before, event);
                if stored != row::INNER {
                    report.compare(format_args!("event {n}: mark"), &i64::from(after), &stored);
                }
                // After a difference the next marks are compared with those that follow from this one.
                u32::try_from(stored).ok().or(Some(after))
            }
            // The event before this one could not be read.
            (None, stored) => u32::try_from(stored).ok(),
        };
        let partition: i64 = row.get(1)?;
        report.compare(format_args!("event {n}: partition"), &Partition::of(event, to).0, &partition);
        let before = last.insert(to, n).unwrap_or(0);
        report.compare(format_args!("event {n}: prev"), &before, &prev);
        let now = from_sql(row.get(6)?)?;
        if now < at {
            report.add_difference(format!("event {n}: the time goes back from {at} to {now}"));
        }
        at = at.max(now);
        if let (Event::Posted(posted), Address::Room(room)) = (event, to) {
            report.messages += 1;
            let count = messages.entry(room).or_default();
            *count += 1;
            report.compare(format_args!("event {n}: seq"), count, &posted.seq);
        }
        house.apply(&entry);
    }
    Ok(house)
}

/// Checks rows that need no events.
fn check_rows(db: &Database, report: &mut CheckReport) -> Result<(), LogError> {
    for (what, sql) in [
        (
            "two receipts for one id",
            "SELECT n FROM events WHERE client_id IS NOT NULL GROUP BY author, client_id HAVING count(*) > 1",
        ),
        ("a member without a device", "SELECT id FROM members WHERE id NOT IN (SELECT member FROM devices)"),
        (
            "a device without a member",
            "SELECT member FROM devices WHERE member NOT IN (SELECT id FROM members)",
        ),
        (
            "a membership without a member",
            "SELECT member FROM memberships WHERE member NOT IN (SELECT id FROM members)",
        ),
        (
            "a membership without a room",
            "SELECT room FROM memberships WHERE room NOT IN (SELECT id FROM rooms)",
        ),
    ] {
        let mut select = db.prepare(sql)?;
        let found = select.query_map((), |row| row.get::<_, i64>(0))?;
        for number in found {
            report.add_difference(format!("{what}: {}", number?));
        }
    }
    if projection::epoch(db)?.is_none() {
        report.add_difference("the epoch is missing");
    }
    Ok(())
}

fn compare_houses(rebuilt: &House, stored: &House, report: &mut CheckReport) {
    report.compare("the last position", &rebuilt.head(), &stored.head());
    report.compare("the next member", &rebuilt.next_member(), &stored.next_member());
    let members =
        |house: &House| house.members.all().map(|member| (member.id, member.name)).collect::<HashMap<_, _>>();
    let (from, to) = (members(rebuilt), members(stored));
    report.members = to.len();
    let mut ids: Vec<_> = from.keys().chain(to.keys()).copied().collect();
    ids.sort_unstable();
    ids.dedup();
    for id in ids {
        report.compare(format_args!("member {}", id.0), &from.get(&id), &to.get(&id));
        let stays = |house: &House| house.rooms.of(id).collect::<Vec<_>>();
        report.compare(format_args!("the rooms of member {}", id.0), &stays(rebuilt), &stays(stored));
    }
    let rooms =
        |house: &House| house.rooms.all().map(|(id, state)| (id, state.clone())).collect::<HashMap<_, _>>();
    let (from, to) = (rooms(rebuilt), rooms(stored));
    report.rooms = to.len();
    let mut ids: Vec<_> = from.keys().chain(to.keys()).copied().collect();
    ids.sort_unstable();
    ids.dedup();
    for id in ids {
        report.compare(format_args!("room {}", id.0), &from.get(&id), &to.get(&id));
    }
}
