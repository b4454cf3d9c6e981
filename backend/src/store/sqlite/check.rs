//! The log against what was made from it: every event is read, all that follows
//! from the events is worked out again and compared with the projections. That
//! shows what does not fit together; it cannot show that a text is the one that
//! was sent.
//!
//! It only reads, one state of the log, so a house may be open meanwhile.

use super::{
    FILE, database,
    fault::Fault,
    partition::Shelf,
    projection,
    row::{self, COLUMNS, ours},
};
use crate::store::limits::DIFFERENCES_MAX;
use crate::store::permission_hint::Need;
use hub::House;
use hub::house::members::DeviceKey;
use rusqlite::Connection;
use shared::{Address, Event, RoomId, event::Position};
use std::{collections::HashMap, fmt, fs, io, path::Path};

/// What a check has found.
#[derive(Debug, Default)]
pub struct Report {
    events: u64,
    messages: u64,
    members: usize,
    rooms: usize,
    differences: Vec<String>,
    /// Differences beyond those that are told.
    more: u64,
}

impl Report {
    /// Whether no damage was found.
    pub fn is_sound(&self) -> bool {
        self.differences.is_empty()
    }

    fn differ(&mut self, what: impl Into<String>) {
        if self.differences.len() < DIFFERENCES_MAX {
            self.differences.push(what.into())
        } else {
            self.more += 1
        }
    }

    fn same<T: PartialEq + fmt::Debug>(&mut self, what: impl fmt::Display, worked_out: &T, kept: &T) {
        if worked_out != kept {
            self.differ(format!("{what}: {worked_out:?} from the events, but {kept:?} is stored"));
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Report { events, messages, members, rooms, differences, more } = self;
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
            told => writeln!(f, "The database is damaged: {}.", count(told as u64 + more, "difference")),
        }
    }
}

/// What is proved, and what is not.
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
/// It cannot be read at all.
pub fn check(folder: &Path) -> Result<Report, Fault> {
    check_file(&folder.join(FILE))
}

pub(super) fn check_file(file: &Path) -> Result<Report, Fault> {
    readable(file)?;
    look(file).map_err(|fault| fault.at(file, Need::Read))
}

/// A log that this user may read.
pub(super) fn readable(file: &Path) -> Result<(), Fault> {
    match fs::File::open(file).and_then(|file| file.metadata()) {
        Ok(found) if found.is_file() => Ok(()),
        Ok(_) => Err(Fault::Refused(format!("{}: this is not a file", file.display()))),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Err(Fault::Missing(file.to_owned())),
        Err(error) => Err(Fault::Io(error).at(file, Need::Read)),
    }
}

fn look(file: &Path) -> Result<Report, Fault> {
    let db = database::reader(file)?;
    let transaction = db.unchecked_transaction()?;
    let mut report = Report::default();
    integrity(&transaction, &mut report)?;
    let house = events(&transaction, &mut report)?;
    rows(&transaction, &mut report)?;
    match projection::house(&transaction) {
        Ok(kept) => houses(&house, &kept, &mut report),
        Err(fault) => report.differ(format!("the stored state cannot be read: {fault}")),
    }
    Ok(report)
}

/// SQLite's own check: pages, and each index against its table.
fn integrity(db: &Connection, report: &mut Report) -> Result<(), Fault> {
    let mut select = db.prepare(&format!("PRAGMA integrity_check({DIFFERENCES_MAX})"))?;
    let lines = select.query_map((), |row| row.get::<_, String>(0))?;
    for line in lines {
        let line = line?;
        if line != "ok" {
            report.differ(line);
        }
    }
    Ok(())
}

/// Reads every event; returns the house that follows from them.
fn events(db: &Connection, report: &mut Report) -> Result<House, Fault> {
    let mut house = House::default();
    let (mut last, mut at): (HashMap<Address, u64>, u64) = (HashMap::new(), 0);
    let mut messages: HashMap<RoomId, u64> = HashMap::new();
    let mut select = db.prepare(&format!("SELECT {COLUMNS} FROM events e ORDER BY e.n"))?;
    let mut rows = select.query(())?;
    while let Some(row) = rows.next()? {
        report.events += 1;
        let event = match row::read(row) {
            Ok(event) => event,
            Err(fault) => {
                report.differ(fault.to_string());
                continue;
            }
        };
        let Some(Position { n, to, prev }) = event.position() else { continue };
        report.same(format_args!("the position after {}", house.head()), &(house.head() + 1), &n);
        let shelf: i64 = row.get(1)?;
        report.same(format_args!("event {n}: shelf"), &Shelf::of(&event, to).0, &shelf);
        let before = last.insert(to, n).unwrap_or(0);
        report.same(format_args!("event {n}: prev"), &before, &prev);
        let now = ours(row.get(6)?)?;
        if now < at {
            report.differ(format!("event {n}: the time goes back from {at} to {now}"));
        }
        at = at.max(now);
        if let (Event::Posted(posted), Address::Room(room)) = (&event, to) {
            report.messages += 1;
            let count = messages.entry(room).or_default();
            *count += 1;
            report.same(format_args!("event {n}: seq"), count, &posted.seq);
        }
        // Devices are not in the log: any one will do to projection it.
        house.apply(&event, Some(DeviceKey([0; 32])));
    }
    Ok(house)
}

/// What can be told from the rows alone.
fn rows(db: &Connection, report: &mut Report) -> Result<(), Fault> {
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
            report.differ(format!("{what}: {}", number?));
        }
    }
    if projection::epoch(db)?.is_none() {
        report.differ("the epoch is missing");
    }
    Ok(())
}

fn houses(worked_out: &House, kept: &House, report: &mut Report) {
    report.same("the last position", &worked_out.head(), &kept.head());
    report.same("the next member", &worked_out.next_member(), &kept.next_member());
    let members =
        |house: &House| house.members.all().map(|member| (member.id, member.name)).collect::<HashMap<_, _>>();
    let (from, to) = (members(worked_out), members(kept));
    report.members = to.len();
    let mut ids: Vec<_> = from.keys().chain(to.keys()).copied().collect();
    ids.sort_unstable();
    ids.dedup();
    for id in ids {
        report.same(format_args!("member {}", id.0), &from.get(&id), &to.get(&id));
        let stays = |house: &House| house.rooms.of(id).collect::<Vec<_>>();
        report.same(format_args!("the rooms of member {}", id.0), &stays(worked_out), &stays(kept));
    }
    let rooms =
        |house: &House| house.rooms.all().map(|(id, state)| (id, state.clone())).collect::<HashMap<_, _>>();
    let (from, to) = (rooms(worked_out), rooms(kept));
    report.rooms = to.len();
    let mut ids: Vec<_> = from.keys().chain(to.keys()).copied().collect();
    ids.sort_unstable();
    ids.dedup();
    for id in ids {
        report.same(format_args!("room {}", id.0), &from.get(&id), &to.get(&id));
    }
}
