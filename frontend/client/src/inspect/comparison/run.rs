//! The requests of one run of a comparison: find the room, join or create it, read a first poll, send the
//! messages, archive and leave the room. So a comparison leaves no room in the directory.
//!
//! The shell calls [`ComparisonRun::next_step`] again and again, and performs the steps one after the
//! other.

use super::{ComparedTransport, Comparison, ComparisonFault, ComparisonStep, TransferCost, hello};
use crate::http_session::{Call, PollAnswer, Request, RequestId, Traffic, problem_code};
use crate::limits::{COMPARE_NAME_CHARS_MAX, COMPARE_PAGES_MAX};
use crate::tabs::SessionIdentity;
use shared::close::Ending;
use shared::command::{Command, Post, RoomCreate, RoomMove, RoomsQuery};
use shared::{ClientId, CloseCode, Cursor, ErrorCode, Event, RoomId};

/// An order to the shell of a comparison.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RunStep {
    /// Ask for the next step after this many milliseconds.
    Wait(u64),
    /// Make the request, and pass its response to [`ComparisonRun::handle_response`].
    Request(Request),
    /// Open the four connections. Each reads from this cursor, so that none reads earlier messages.
    OpenConnections(Cursor),
    /// Close the four connections. Their events no longer count.
    CloseConnections,
    /// Ask for no further step: the run is over.
    Finish,
}

/// A response, as far as the shell received it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    /// HTTP status, such as 200.
    pub status: u16,
    /// The body; `None` if it was cut.
    pub body: Option<String>,
    /// The bytes of the request and the response, if the server counted them.
    pub traffic: Option<Traffic>,
}

/// The progress of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Progress {
    /// The room is searched in the directory. The next page begins after this room.
    Finding { after: Option<RoomId>, pages: usize },
    /// The room exists and is to be joined.
    Joining(RoomId),
    /// The room does not exist and is to be created.
    Creating,
    /// The room is joined. The answer to a first poll has the present cursor and the member.
    Polling,
    /// The connections are to be opened at this cursor.
    Opening(Cursor),
    /// The connections read. The message with this id is in flight.
    Reading(Option<ClientId>),
    /// The connections are closed. If the room was joined, it is archived and left next.
    Leaving,
}

/// A run, from the search for the room until the room is left.
#[derive(Clone, Debug)]
pub struct ComparisonRun {
    name: String,
    description: String,
    progress: Progress,
    /// Whether the name without a suffix is taken, by a room that the directory does not list.
    is_name_taken: bool,
    /// The room, if this run has joined it.
    room: Option<RoomId>,
    /// Whether the room was archived, if this member may do so.
    is_archived: bool,
    /// The member and the epoch that the first poll named.
    identity: Option<SessionIdentity>,
}

impl ComparisonRun {
    /// Begins a run of the member with the name `member`. If the member's room for comparisons does not
    /// exist, the run creates it with `description`.
    pub fn new(member: &str, description: String) -> Self {
        ComparisonRun {
            name: room_name(member),
            description,
            progress: Progress::Finding { after: None, pages: 0 },
            is_name_taken: false,
            room: None,
            is_archived: false,
            identity: None,
        }
    }

    /// Returns the next step. `now` is in microseconds of the page's clock. `client_id` is a fresh random
    /// id, for the command if the step sends one.
    pub fn next_step(&mut self, comparison: &mut Comparison, now: u64, client_id: ClientId) -> RunStep {
        if !comparison.is_running() {
            return self.end(comparison, client_id);
        }
        let name = self.name.clone();
        match self.progress {
            Progress::Finding { after, .. } => {
                step(Command::Rooms(RoomsQuery { reference: 1, find: name, after }))
            }
            Progress::Joining(room) => step(Command::RoomJoin(RoomMove { reference: 1, client_id, room })),
            Progress::Creating => {
                let description = self.description.clone();
                let name = if self.is_name_taken { with_suffix(&name, client_id) } else { name };
                step(Command::RoomCreate(RoomCreate { reference: 1, client_id, name, description }))
            }
            Progress::Polling => {
                let call = Call::FirstPoll { hello: hello(None, self.room), is_away: false };
                RunStep::Request(Request { id: RequestId(0), call, is_traced: false })
            }
            Progress::Opening(cursor) => {
                self.progress = Progress::Reading(None);
                comparison.begin_reading(now);
                RunStep::OpenConnections(cursor)
            }
            Progress::Reading(_) => match comparison.next_step(now) {
                ComparisonStep::Wait(ms) => RunStep::Wait(ms),
                ComparisonStep::Send => self.post(comparison, now, client_id),
                ComparisonStep::Finish => self.end(comparison, client_id),
            },
            Progress::Leaving => self.end(comparison, client_id),
        }
    }

    /// Takes the response to the last request; `None` if there was none in time. `now` is in microseconds
    /// of the page's clock.
    ///
    /// # Errors
    ///
    /// [`ComparisonFault`], which ends the comparison; the next steps then leave the room.
    pub fn handle_response(
        &mut self,
        comparison: &mut Comparison,
        response: Option<Response>,
        now: u64,
    ) -> Result<(), ComparisonFault> {
        self.progress = match self.progress {
            Progress::Finding { pages, .. } => self.find(&body_of(response)?, pages + 1)?,
            Progress::Joining(room) => {
                event_of(&body_of(response)?)?;
                self.enter(room)
            }
            Progress::Creating if !self.is_name_taken && is_taken(&response) => {
                self.is_name_taken = true;
                Progress::Creating
            }
            Progress::Creating => match event_of(&body_of(response)?)? {
                Event::Reply(reply) => self.enter(reply.room.ok_or(ComparisonFault::Unreachable)?),
                _ => return Err(ComparisonFault::Unreachable),
            },
            Progress::Polling => {
                let body = body_of(response)?;
                let (cursor, identity) = welcomed(&body).ok_or(ComparisonFault::Unreachable)?;
                self.identity = Some(identity);
                Progress::Opening(cursor)
            }
            Progress::Reading(Some(client_id)) => {
                record_post(comparison, client_id, response, now)?;
                Progress::Reading(None)
            }
            // Only the person who made the room can archive it. If leaving fails, the member stays in the room until the next comparison ends.
            progress @ (Progress::Opening(_) | Progress::Reading(None) | Progress::Leaving) => progress,
        };
        Ok(())
    }

    /// Looks for the room in a page of the directory.
    fn find(&self, body: &str, pages: usize) -> Result<Progress, ComparisonFault> {
        let Event::Rooms(page) = event_of(body)? else { return Err(ComparisonFault::Unreachable) };
        let last = page.rooms.last().map(|room| room.id);
        Ok(match page.rooms.iter().find(|room| is_named(&room.name, &self.name)) {
            Some(room) => Progress::Joining(room.id),
            None if page.more && last.is_some() && pages < COMPARE_PAGES_MAX => {
                Progress::Finding { after: last, pages }
            }
            None => Progress::Creating,
        })
    }

    /// Sends the next message in a request of its own, so that only reading differs.
    fn post(&mut self, comparison: &mut Comparison, now: u64, client_id: ClientId) -> RunStep {
        let Some(room) = self.room else { return self.end(comparison, client_id) };
        let number = comparison.sent_count() as u64 + 1;
        comparison.record_sent(client_id, now);
        self.progress = Progress::Reading(Some(client_id));
        let post = Post { reference: number, client_id, room, text: format!("#{number:02}") };
        let call = Call::Command { identity: self.identity, command: Command::Post(post) };
        RunStep::Request(Request { id: RequestId(0), call, is_traced: true })
    }

    fn enter(&mut self, room: RoomId) -> Progress {
        self.room = Some(room);
        Progress::Polling
    }

    /// Closes the connections if they are open, then archives and leaves the room if it was joined, then finishes.
    fn end(&mut self, comparison: &mut Comparison, client_id: ClientId) -> RunStep {
        let before = std::mem::replace(&mut self.progress, Progress::Leaving);
        if let Progress::Reading(_) = before {
            return RunStep::CloseConnections;
        }
        let Some(room) = self.room else {
            comparison.finish();
            return RunStep::Finish;
        };
        let target = RoomMove { reference: 1, client_id, room };
        if !std::mem::replace(&mut self.is_archived, true) {
            return step(Command::RoomArchive(target));
        }
        self.room = None;
        step(Command::RoomLeave(target))
    }
}

/// The name of the room for a member's comparisons.
pub fn room_name(member: &str) -> String {
    let name: String = format!("Inspector {member}").chars().take(COMPARE_NAME_CHARS_MAX).collect();
    name.trim_end().to_owned()
}

/// The name of another room for the same comparisons. An archived room keeps its name.
fn with_suffix(name: &str, ClientId([first, second, ..]): ClientId) -> String {
    let short: String = name.chars().take(COMPARE_NAME_CHARS_MAX - SUFFIX_CHARS).collect();
    format!("{} {first:02x}{second:02x}", short.trim_end())
}

/// Whether `room` is `name`, perhaps with a suffix.
fn is_named(room: &str, name: &str) -> bool {
    let short = room.char_indices().nth_back(SUFFIX_CHARS - 1).map_or("", |(at, _)| &room[..at]);
    let is_suffix = |suffix: &str| {
        let digits = suffix.strip_prefix(' ').unwrap_or_default();
        !digits.is_empty() && digits.bytes().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f'))
    };
    let is_cut = name.chars().count() > COMPARE_NAME_CHARS_MAX - SUFFIX_CHARS;
    let is_prefix = if is_cut { name.starts_with(short) } else { name == short };
    room == name || (!short.is_empty() && is_prefix && is_suffix(&room[short.len()..]))
}

/// Characters of a suffix: a space and four hexadecimal digits.
const SUFFIX_CHARS: usize = 5;

/// Whether the server refused a room because its name is taken.
fn is_taken(response: &Option<Response>) -> bool {
    let body = response.as_ref().and_then(|response| response.body.as_deref());
    body.and_then(problem_code) == Some(ErrorCode::NameTaken)
}

/// The step that sends a command outside a session.
fn step(command: Command) -> RunStep {
    let call = Call::Command { identity: None, command };
    RunStep::Request(Request { id: RequestId(0), call, is_traced: false })
}

/// Records the result of sending a message.
///
/// # Errors
///
/// [`ComparisonFault::SignedOut`], if the server no longer recognises the member.
fn record_post(
    comparison: &mut Comparison,
    client_id: ClientId,
    response: Option<Response>,
    now: u64,
) -> Result<(), ComparisonFault> {
    if let Some(Traffic { up, down }) = response.as_ref().and_then(|response| response.traffic) {
        comparison.add_cost(ComparedTransport::Sending, TransferCost::request(up, down));
    }
    match body_of(response) {
        Ok(_) => comparison.record_arrival(ComparedTransport::Sending, client_id, now),
        Err(ComparisonFault::SignedOut) => return Err(ComparisonFault::SignedOut),
        // The other requests may succeed.
        Err(_) => comparison.record_break(ComparedTransport::Sending),
    }
    Ok(())
}

/// The body of a successful response.
///
/// # Errors
///
/// [`ComparisonFault::SignedOut`] or [`ComparisonFault::Room`] for a refusal, and
/// [`ComparisonFault::Unreachable`] if there is no whole response of the server.
fn body_of(response: Option<Response>) -> Result<String, ComparisonFault> {
    let Response { status, body, .. } = response.ok_or(ComparisonFault::Unreachable)?;
    let body = match (status, body) {
        (200, Some(body)) => return Ok(body),
        (_, body) => body.unwrap_or_default(),
    };
    let problem = problem_code(&body);
    match (Ending::of_refusal(status, problem), problem) {
        (Some(ending), _) if ending.code == CloseCode::SignedOut => Err(ComparisonFault::SignedOut),
        (_, Some(code)) => Err(ComparisonFault::Room(code)),
        (_, None) => Err(ComparisonFault::Unreachable),
    }
}

fn event_of(body: &str) -> Result<Event, ComparisonFault> {
    Event::parse_untraced(body).map_err(|_| ComparisonFault::Unreachable)
}

/// The cursor and the identity from the answer to a first poll; `None` if it does not begin with `welcome`.
fn welcomed(body: &str) -> Option<(Cursor, SessionIdentity)> {
    let answer = PollAnswer::read(body).ok()?;
    match &answer.events.first()?.0.event {
        Event::Welcome(welcome) => Some((answer.through, SessionIdentity::of(welcome))),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
