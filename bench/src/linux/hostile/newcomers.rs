//! The others who arrive during an attack: members who connect, new members who join, and rooms that are
//! created. Their rates stay far below the limits of one address.

use std::fmt;
use std::ops::RangeInclusive;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use shared::ClientId;

use crate::linux::api;
use crate::linux::datasets;
use crate::linux::failure::Failure;
use crate::linux::rng::Rng;
use crate::linux::session::Session;
use crate::linux::stats::Histogram;

/// Interval between two members who connect.
const INTERVAL: Duration = Duration::from_millis(250);
/// A new member joins with every so many connections.
const JOIN_EVERY: u64 = 5;
/// A room is created with every so many connections.
const ROOM_EVERY: u64 = 8;
/// Refusals that are printed.
const PRINTED_MAX: u64 = 3;

/// Members who arrive one after the other.
pub(super) struct Newcomers {
    port: u16,
    cookies: Vec<String>,
    rng: Rng,
    /// Connections until now.
    count: u64,
}

/// Times and refusals of the newcomers in one window.
pub(super) struct Arrivals {
    /// Times from connecting to `welcome`.
    welcomes: Histogram,
    /// Times of joining.
    joins: Histogram,
    /// Times of creating a room.
    rooms: Histogram,
    /// Requests that were refused or not answered.
    pub(super) refusals: Refusals,
}

/// Counts of refused requests.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Refusals {
    welcomes: u64,
    joins: u64,
    rooms: u64,
}

impl Newcomers {
    /// Newcomers who are the members `numbers` of the house in `folder`.
    ///
    /// # Errors
    /// When the folder has no house id.
    pub(super) fn new(port: u16, folder: &Path, numbers: RangeInclusive<u64>) -> Result<Self, Failure> {
        let cookies = numbers.map(|number| datasets::cookie(folder, number)).collect::<Result<_, _>>()?;
        Ok(Self { port, cookies, rng: Rng::new(10), count: 0 })
    }

    /// Lets newcomers arrive for `time`.
    pub(super) fn run_for(&mut self, time: Duration) -> Arrivals {
        let mut arrivals = Arrivals {
            welcomes: Histogram::new(),
            joins: Histogram::new(),
            rooms: Histogram::new(),
            refusals: Refusals::default(),
        };
        let end = Instant::now() + time;
        while Instant::now() < end {
            let next = Instant::now() + INTERVAL;
            self.arrive(&mut arrivals);
            thread::sleep(next.min(end).saturating_duration_since(Instant::now()));
        }
        arrivals
    }

    fn arrive(&mut self, arrivals: &mut Arrivals) {
        self.count += 1;
        let count = self.count;
        let Arrivals { welcomes, joins, rooms, refusals } = arrivals;
        let place = usize::try_from(count).unwrap_or(0) % self.cookies.len().max(1);
        let cookie = self.cookies.get(place).map_or("", String::as_str);
        let session = time(welcomes, &mut refusals.welcomes, || Session::open(self.port, cookie, None));
        if count.is_multiple_of(JOIN_EVERY) {
            time(joins, &mut refusals.joins, || api::join(self.port, &format!("Newcomer {count}")));
        }
        if count.is_multiple_of(ROOM_EVERY)
            && let Some((mut session, _)) = session
        {
            let client_id = ClientId(self.rng.bytes());
            time(rooms, &mut refusals.rooms, || session.create_room(client_id, &format!("Nook {count}")));
        }
    }
}

/// Runs a request and records its time, or counts its refusal.
fn time<T>(
    times: &mut Histogram,
    refused: &mut u64,
    request: impl FnOnce() -> Result<T, Failure>,
) -> Option<T> {
    let begin = Instant::now();
    let answer = request();
    times.record_duration(begin.elapsed());
    if let Err(failure) = &answer {
        *refused += 1;
        if *refused <= PRINTED_MAX {
            println!("a newcomer was refused after {:.1} s: {failure}", begin.elapsed().as_secs_f64());
        }
    }
    answer.ok()
}

impl Refusals {
    /// Whether nothing was refused.
    pub(super) fn is_none(self) -> bool {
        self == Self::default()
    }
}

impl fmt::Display for Refusals {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { welcomes, joins, rooms } = self;
        write!(out, "{welcomes} connections, {joins} joins, {rooms} rooms")
    }
}

impl fmt::Display for Arrivals {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let texts =
            [&self.welcomes, &self.joins, &self.rooms].map(|times| times.format_milliseconds([50, 99]));
        out.write_str(&texts.join("; "))
    }
}
