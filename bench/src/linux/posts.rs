//! Durable posts a second: many members, each alone in a room, each with a few posts in flight. A post counts
//! when the reply arrives, which the server sends after the commit. For comparison a bare loop inserts the
//! same rows on the same disk.
//!
//! First the members post as fast as they are answered, which shows how many posts a second the server
//! accepts. The latency then follows from the count of posts in flight. So the members also post at an even
//! rate; there the latency counts from the time at which a post was due, even if it had to wait for others.

mod bare_loop;
mod poster;

use std::time::{Duration, Instant};

use rustix::event::Timespec;
use rustix::event::epoll::{self, EventData, EventFlags};

use super::api;
use super::failure::Failure;
use super::rng::Rng;
use super::server::{Kind, Server};
use super::session::Session;
use super::stats::Histogram;
use super::table::Table;
use crate::arguments::Posts;
use poster::Poster;
use shared::ClientId;

/// Posts a second that must be acknowledged.
const POSTS_MIN: u32 = 10_000;
/// Milliseconds from sending to the reply that the 99th percentile must not exceed.
const REPLY_MILLISECONDS_MAX: f64 = 50.0;
/// Time of posting before the measured window.
const WARM_UP: Duration = Duration::from_secs(2);
/// Time limit for the posts in flight to be answered in the end.
const DRAIN_MAX: Duration = Duration::from_secs(10);
/// Longest delay of a post that is due at a fixed time.
const POLL_INTERVAL: Duration = Duration::from_millis(1);
/// Events taken at a time.
const EVENTS_MAX: usize = 256;

/// Measures and adds the outcome to `table`.
///
/// # Errors
/// When the server cannot be started or does not answer.
pub(crate) fn measure(settings: &Posts, table: &mut Table) -> Result<(), Failure> {
    let Posts { posters, flight: in_flight_max, seconds } = *settings;
    println!("\nposts: {posters} posters in as many rooms, {in_flight_max} in flight each, {seconds} s");
    let mut server = Server::start(Kind::Teahouse, None)?;
    let mut pool = PosterPool::connect(server.port(), posters, in_flight_max)?;
    let full = pool.measure(PostRate::Unlimited, seconds)?;
    let even = pool.measure(PostRate::PerSecond(POSTS_MIN), seconds)?;
    server.expect_alive()?;
    server.end();
    let bare = bare_loop::measure_rate(server.home().data(), posters)?;
    println!("the bare loop: {bare:.0} posts/s, each with its rows, in transactions of {}", bare_loop::ROWS);
    table.judge(
        format!("durable posts: {posters} posters, {in_flight_max} in flight each, all the time"),
        format!("{:.0}/s, {:.2} of the bare loop's {bare:.0}/s", full.rate, full.rate / bare),
        format!("{POSTS_MIN}/s"),
        full.rate >= f64::from(POSTS_MIN),
    );
    table.note(
        "durable posts: from sending to the reply at that rate, p50, p99, max",
        full.format_percentiles(),
    );
    table.note(
        "durable posts: all in flight at once, so the latency is posters × flight ÷ rate (Little's law)",
        format!(
            "{posters} × {in_flight_max} ÷ {:.0}/s = {:.1} ms",
            full.rate,
            full.mean_latency(posters * in_flight_max)
        ),
    );
    table.judge(
        format!("durable posts: {:.0}/s evenly: from due to the reply, p50, p99, max", even.rate),
        even.format_percentiles(),
        format!("p99 {REPLY_MILLISECONDS_MAX:.0} ms at {POSTS_MIN}/s"),
        even.late < REPLY_MILLISECONDS_MAX && even.rate >= 0.99 * f64::from(POSTS_MIN),
    );
    Ok(())
}

/// Rate at which the members post.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum PostRate {
    /// A post as soon as another is answered.
    Unlimited,
    /// This many posts a second, all members together.
    PerSecond(u32),
    /// Stop: no post is sent.
    Stopped,
}

/// Result of one rate.
#[derive(Debug, Clone, Copy)]
struct RateResult {
    /// Replies a second.
    rate: f64,
    /// Milliseconds until the reply: median, 99th percentile, maximum.
    middle: f64,
    late: f64,
    most: f64,
}

impl RateResult {
    fn format_percentiles(&self) -> String {
        format!("{:.1}, {:.1}, {:.1} ms", self.middle, self.late, self.most)
    }

    /// Mean latency in milliseconds with this many posts in flight (Little's law).
    fn mean_latency(&self, in_flight: usize) -> f64 {
        in_flight as f64 / self.rate * 1e3
    }
}

/// All posters in one thread.
struct PosterPool {
    epoll: rustix::fd::OwnedFd,
    posters: Vec<Poster>,
    latencies: Histogram,
    answered: u64,
    rate_limit: PostRate,
    /// Count of the posts that were due at a fixed rate, and the time of the first.
    due: (u32, Instant),
}

impl PosterPool {
    fn connect(port: u16, posters: usize, in_flight_max: usize) -> Result<Self, Failure> {
        let epoll = epoll::create(epoll::CreateFlags::CLOEXEC).map_err(Failure::at("epoll"))?;
        let mut rng = Rng::new(1);
        let (latencies, due) = (Histogram::new(), (0, Instant::now()));
        let mut pool =
            Self { epoll, posters: Vec::new(), latencies, answered: 0, rate_limit: PostRate::Stopped, due };
        for number in 0..posters {
            let (cookie, _) = api::join(port, &format!("Poster {number}"))?;
            let (mut session, _) = Session::open(port, &cookie, None)?;
            let room = session.create_room(ClientId(rng.bytes()), &format!("Room {number}"))?;
            let poster = Poster::new(session, room, in_flight_max, rng.split());
            let poster = poster.map_err(Failure::at("cannot use a connection"))?;
            let mark = EventData::new_u64(number as u64);
            epoll::add(&pool.epoll, poster.stream(), mark, EventFlags::IN).map_err(Failure::at("epoll"))?;
            pool.posters.push(poster);
        }
        Ok(pool)
    }

    fn measure(&mut self, rate_limit: PostRate, seconds: u64) -> Result<RateResult, Failure> {
        self.rate_limit = rate_limit;
        self.due = (0, Instant::now());
        self.run(WARM_UP)?;
        self.latencies.clear();
        let (before, begin) = (self.answered, Instant::now());
        self.run(Duration::from_secs(seconds))?;
        let rate = (self.answered - before) as f64 / begin.elapsed().as_secs_f64();
        self.drain()?;
        let [middle, late, most] =
            [50, 99, 100].map(|percent| self.latencies.percentile(percent) as f64 / 1e6);
        println!("{rate_limit:?}: {rate:.0}/s, p50 {middle:.1} ms, p99 {late:.1} ms, max {most:.1} ms");
        Ok(RateResult { rate, middle, late, most })
    }

    fn run(&mut self, time: Duration) -> Result<(), Failure> {
        let end = Instant::now() + time;
        while Instant::now() < end {
            self.send_due()?;
            self.wait(end.min(Instant::now() + POLL_INTERVAL))?;
        }
        Ok(())
    }

    /// Sends the posts that are due now, other than those due because of a reply.
    fn send_due(&mut self) -> Result<(), Failure> {
        match self.rate_limit {
            PostRate::Stopped => Ok(()),
            PostRate::Unlimited => self.posters.iter_mut().try_for_each(|poster| {
                poster.fill_queue();
                poster.send_due()
            }),
            PostRate::PerSecond(rate) => {
                let now = Instant::now();
                loop {
                    let (count, begin) = self.due;
                    let since = begin + Duration::from_secs(1) * count / rate;
                    if since > now {
                        return Ok(());
                    }
                    self.due.0 += 1;
                    let place = count as usize % self.posters.len().max(1);
                    if let Some(poster) = self.posters.get_mut(place) {
                        poster.queue_post(since);
                        poster.send_due()?;
                    }
                }
            }
        }
    }

    /// Waits for the posts in flight.
    fn drain(&mut self) -> Result<(), Failure> {
        self.rate_limit = PostRate::Stopped;
        let end = Instant::now() + DRAIN_MAX;
        while self.posters.iter().any(|poster| poster.unanswered() > 0) {
            if Instant::now() >= end {
                return Err(Failure::new("posts were not answered"));
            }
            self.wait(end)?;
        }
        Ok(())
    }

    fn wait(&mut self, end: Instant) -> Result<(), Failure> {
        let time = end.saturating_duration_since(Instant::now());
        let time = Timespec::try_from(time).map_err(Failure::at("a time to wait"))?;
        let mut events = Vec::with_capacity(EVENTS_MAX);
        match epoll::wait(&self.epoll, rustix::buffer::spare_capacity(&mut events), Some(&time)) {
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(Failure::at("epoll")(error)),
        }
        for event in events {
            let place = usize::try_from(event.data.u64()).unwrap_or(usize::MAX);
            let Some(poster) = self.posters.get_mut(place) else { continue };
            let latencies = &mut self.latencies;
            self.answered += poster.read(|time| {
                latencies.record(u64::try_from(time.as_nanos()).unwrap_or(u64::MAX));
            })?;
            if self.rate_limit == PostRate::Unlimited {
                poster.fill_queue();
            }
            poster.send_due()?;
        }
        Ok(())
    }
}
