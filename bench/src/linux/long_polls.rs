//! Waiting long polls: CPU time of a thousand of them while nothing happens, and the time to release an
//! abandoned one.
//!
//! Each poll belongs to a member of its own. The server answers a poll when its time is over, and the member
//! polls again at once. So the figure includes the cost of polling again.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::TcpStream;
use std::thread;
use std::time::{Duration, Instant};

use super::api;
use super::cpu::CpuTime;
use super::dial::{DialOptions, dial};
use super::failure::Failure;
use super::server::{Kind, Server};
use super::sockets::open_files;
use super::table::Table;
use crate::arguments::LongPolls;

/// Share of one CPU core that waiting may cost.
const CPU_SHARE_MAX: f64 = 0.02;
/// Time limit for releasing an abandoned poll.
const RELEASE_MAX: Duration = Duration::from_secs(1);
/// Seconds that a poll asks to wait, which is the longest wait.
const WAIT_S: u64 = 25;
/// Time limit of one answer.
const ANSWER_MAX: Duration = Duration::from_secs(WAIT_S + 10);
/// Time until no more presence changes are pending. The server gathers them for five seconds.
const SETTLE: Duration = Duration::from_secs(8);
/// Polls that are abandoned, one after another.
const ABANDONED: usize = 20;
/// End of a chunked response.
const END: &[u8] = b"\r\n0\r\n\r\n";

/// A member that polls.
struct Poller {
    stream: TcpStream,
    cookie: String,
    /// Query of the next poll.
    query: String,
    /// Bytes received of the answer.
    answer: Vec<u8>,
}

impl Poller {
    fn join(port: u16, number: usize) -> Result<Self, Failure> {
        let (cookie, _) = api::join(port, &format!("poller {number}"))?;
        let stream = dial(port, &DialOptions::default()).map_err(Failure::at("cannot connect"))?;
        Ok(Self { stream, cookie, query: "begin=1".to_owned(), answer: Vec::new() })
    }

    fn send_poll(&mut self, port: u16, wait: u64) -> Result<(), Failure> {
        let Self { cookie, query, .. } = self;
        let request = format!(
            "GET /api/poll?{query}&wait={wait} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nCookie: {cookie}\r\n\r\n"
        );
        self.answer.clear();
        self.stream.write_all(request.as_bytes()).map_err(Failure::at("cannot send a poll"))
    }

    /// Reads the answer. Returns `false` if it has not arrived by `by`.
    fn read_answer(&mut self, by: Instant) -> Result<bool, Failure> {
        let mut part = [0; 4_096];
        while !self.answer.ends_with(END) {
            let left = by.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(false);
            }
            self.stream.set_read_timeout(Some(left)).map_err(Failure::at("no time-out"))?;
            match self.stream.read(&mut part) {
                Ok(0) => return Err(Failure::new("the server ended a poll")),
                Ok(count) => self.answer.extend(&part[..count]),
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                    return Ok(false);
                }
                Err(error) => return Err(Failure::at("cannot read the answer to a poll")(error)),
            }
        }
        let text = String::from_utf8_lossy(&self.answer);
        let field = |name: &str| {
            let (_, behind) = text.rsplit_once(&format!("\"{name}\":"))?;
            Some(behind.split([',', '}']).next()?.trim_matches('"').to_owned())
        };
        match (text.starts_with("HTTP/1.1 200"), field("through"), field("present")) {
            (true, Some(through), Some(present)) => {
                self.query = format!("cursor={through}&present={present}");
                Ok(true)
            }
            _ => Err(Failure::new(format!("malformed answer to a poll: {text}"))),
        }
    }
}

/// Measures and adds the outcome to `table`.
///
/// # Errors
/// When the server cannot be started, or does not answer a poll.
pub(crate) fn measure(settings: &LongPolls, table: &mut Table) -> Result<(), Failure> {
    let LongPolls { polls, seconds } = *settings;
    println!("\nlong-polls: {polls} long polls for {seconds} s");
    let mut server = Server::start(Kind::Teahouse, None)?;
    let port = server.port();
    let mut pollers = Vec::with_capacity(polls);
    for number in 0..polls {
        pollers.push(Poller::join(port, number)?);
    }
    for poller in &mut pollers {
        poller.send_poll(port, 0)?;
        if !poller.read_answer(Instant::now() + ANSWER_MAX)? {
            return Err(Failure::new("a poll that does not wait was not answered"));
        }
        poller.send_poll(port, WAIT_S)?;
    }
    let mut next = 0;
    poll_round_robin(&mut pollers, &mut next, port, Instant::now() + SETTLE)?;

    let begun = Instant::now();
    let before = CpuTime::of(server.pid())?;
    let again = poll_round_robin(&mut pollers, &mut next, port, begun + Duration::from_secs(seconds))?;
    let used = CpuTime::of(server.pid())?.nanoseconds.saturating_sub(before.nanoseconds);
    let share = used as f64 / begun.elapsed().as_nanos() as f64;
    println!(
        "{again} polls were answered and asked again, each for {:.0} µs",
        used as f64 / 1e3 / again.max(1) as f64
    );
    table.judge(
        format!("{polls} waiting long polls: CPU over {seconds} s"),
        format!("{:.2} % of a CPU core", share * 100.0),
        format!("{:.0} %", CPU_SHARE_MAX * 100.0),
        share <= CPU_SHARE_MAX,
    );

    let mut slowest = Duration::ZERO;
    for poller in pollers.drain(..ABANDONED.min(polls)) {
        let open = open_files(server.pid())?;
        let begun = Instant::now();
        drop(poller);
        while open_files(server.pid())? >= open && begun.elapsed() < 2 * RELEASE_MAX {
            thread::yield_now();
        }
        slowest = slowest.max(begun.elapsed());
    }
    server.expect_alive()?;
    table.judge(
        format!("an abandoned long poll is released after, the slowest of {}", ABANDONED.min(polls)),
        format!("{:.1} ms", slowest.as_secs_f64() * 1e3),
        format!("{} s", RELEASE_MAX.as_secs()),
        slowest <= RELEASE_MAX,
    );
    Ok(())
}

/// Reads answers and polls again until `until`. Returns how many times. Answers arrive in the order of the
/// polls, so each is awaited before the next; `next` is the index of the next poller.
fn poll_round_robin(
    pollers: &mut [Poller],
    next: &mut usize,
    port: u16,
    until: Instant,
) -> Result<u64, Failure> {
    let mut again = 0;
    loop {
        let poller = &mut pollers[*next];
        if !poller.read_answer(until)? {
            return Ok(again);
        }
        poller.send_poll(port, WAIT_S)?;
        *next = (*next + 1) % pollers.len();
        again += 1;
    }
}
