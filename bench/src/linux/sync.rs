//! Checks that the server syncs each post before it tells anybody. The server runs under strace while a few
//! members write, and the trace is checked. A SIGKILL cannot show this, because the kernel keeps what a
//! killed process has written.

mod trace;
mod write_data;

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use shared::{ClientId, RoomId};

use super::api;
use super::failure::Failure;
use super::rng::Rng;
use super::server::{Home, Kind, Server};
use super::session::Session;
use super::table::Table;
use trace::{FIRST_MARK, Trace, mark_text};

/// Members that write, each as soon as its last post is answered.
const POSTERS: u64 = 4;
/// Posts of each member.
const POSTS: u64 = 150;
/// Bytes of a call's data in the trace: more than a database page, and more than one chunk to a socket.
const DATA_BYTES: &str = "20000";
/// System calls that write or sync.
const CALLS: &str =
    "trace=pwrite64,pwritev,pwritev2,write,writev,sendto,sendmsg,sendmmsg,fsync,fdatasync,sync_file_range";
/// Time limit for the tracer to write its last line after the server has ended.
const TRACE_MAX: Duration = Duration::from_secs(10);
/// Interval at which the trace is read again.
const POLL_INTERVAL: Duration = Duration::from_millis(20);

/// Measures and adds the outcome to `table`. Where nothing can be traced, prints the reason and returns.
///
/// # Errors
/// When the server cannot be started, or the trace does not show all posts.
pub(crate) fn measure(table: &mut Table) -> Result<(), Failure> {
    println!("\nsync: {POSTERS} posters, {POSTS} posts each, the server under strace");
    if let Some(why) = why_tracing_fails() {
        println!("skipped: {why}");
        return Ok(());
    }
    let home = Home::fresh(Kind::Teahouse)?;
    let file = home.folder().join("trace");
    // `-D`: the server is our child, and the tracer the server's. `-y`: paths of the files.
    let tracer = ["strace", "-D", "-f", "-y", "-s", DATA_BYTES, "-e", CALLS, "-e", "signal=none", "-o"];
    let tracer = tracer.map(Into::into).into_iter().chain([file.clone().into()]).collect();
    let mut server = Server::start_in(home.traced_by(tracer), None)?;
    let posters =
        (0..POSTERS).map(|number| open_poster(server.port(), number)).collect::<Result<Vec<_>, _>>()?;
    let writing: Vec<_> = posters
        .into_iter()
        .zip(0..)
        .map(|(session, number)| thread::spawn(move || send_posts(session, number)))
        .collect();
    for poster in writing {
        poster.join().map_err(|_| Failure::new("a poster panicked"))??;
    }
    let pid = server.pid();
    server.end();
    let text = read_trace(&file, pid)?;
    let outcome = Trace::read(text.lines());
    outcome.violations.iter().take(10).for_each(|violation| println!("  {violation}"));
    let sent = POSTERS * POSTS;
    println!(
        "{} replies and {} events of {sent} posts, {} syncs",
        outcome.replies, outcome.events, outcome.syncs
    );
    if outcome.replies != sent || outcome.events < sent || outcome.written != sent {
        let kept = server.home().keep_files().display();
        return Err(Failure::new(format!("the trace lacks posts that were written or sent: {kept}")));
    }
    // Check the rule itself: without its syncs, the same trace must violate the rule.
    let unsynced = Trace::read(text.lines().filter(|line| !line.contains("sync")));
    if unsynced.violations.is_empty() {
        return Err(Failure::new("the check finds no violation in a trace without syncs"));
    }
    let count = outcome.violations.len();
    if count > 0 {
        println!("the trace is kept: {}", server.home().keep_files().display());
    }
    table.judge(
        "posts sent to anybody before they were synced",
        format!("{count} of {sent} posts, {} replies and events", outcome.replies + outcome.events),
        "0",
        count == 0,
    );
    Ok(())
}

/// Reason why nothing can be traced here, if there is one.
fn why_tracing_fails() -> Option<String> {
    let mut command = Command::new("strace");
    command.args(["-f", "-o", "/dev/null", "true"]).stdin(Stdio::null()).stdout(Stdio::null());
    match command.output() {
        Err(_) => Some("strace is not installed".to_owned()),
        Ok(output) if output.status.success() => None,
        Ok(output) => {
            Some(format!("strace may not trace: {}", String::from_utf8_lossy(&output.stderr).trim()))
        }
    }
}

fn open_poster(port: u16, number: u64) -> Result<Session, Failure> {
    let (cookie, _) = api::join(port, &format!("Poster {number}"))?;
    Session::open(port, &cookie, None).map(|(session, _)| session)
}

fn send_posts(mut session: Session, number: u64) -> Result<(), Failure> {
    let mut rng = Rng::new(number);
    for post in 0..POSTS {
        // A post's `ref` is in its text too, and so in the log.
        let reference = FIRST_MARK + number * POSTS + post;
        session.post(reference, ClientId(rng.bytes()), RoomId::LOBBY, mark_text(reference))?;
    }
    Ok(())
}

/// Reads the trace once the tracer has written its last line about the server.
fn read_trace(file: &Path, pid: u32) -> Result<String, Failure> {
    let begin = Instant::now();
    loop {
        let bytes = fs::read(file).map_err(Failure::at("the trace"))?;
        let text = String::from_utf8_lossy(&bytes);
        let is_end = |line: &str| {
            line.split_once(' ')
                .is_some_and(|(of, rest)| of == pid.to_string() && rest.trim().starts_with("+++"))
        };
        if text.lines().rev().take(100).any(is_end) {
            return Ok(text.into_owned());
        }
        if begin.elapsed() > TRACE_MAX {
            return Err(Failure::new("the tracer did not finish the trace"));
        }
        thread::sleep(POLL_INTERVAL);
    }
}
