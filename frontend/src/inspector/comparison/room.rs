//! The room in which a comparison sends its messages: found by its name or created, joined, and left.

use super::request;
use crate::random;
use crate::transport::abort_handle::AbortHandle;
use client::http_session::Call;
use client::inspect::comparison::ComparisonFault;
use client::limits::COMPARE_PAGES_MAX;
use gloo_net::http::Response;
use shared::api::Problem;
use shared::command::{Command, RoomCreate, RoomMove, RoomsQuery};
use shared::{Event, RoomId, json};

/// Joins the room with this name, or creates it with `description`, and returns its id.
///
/// # Errors
/// The fault, if the server does not answer or refuses.
pub(super) async fn enter(name: &str, description: String) -> Result<RoomId, ComparisonFault> {
    match find(name).await? {
        Some(room) => {
            ask(Command::RoomJoin(moving(room))).await?;
            Ok(room)
        }
        None => {
            let client_id = random::client_id();
            let made = RoomCreate { reference: 1, client_id, name: name.to_owned(), description };
            match ask(Command::RoomCreate(made)).await? {
                Event::Reply(reply) => reply.room.ok_or(ComparisonFault::Unreachable),
                _ => Err(ComparisonFault::Unreachable),
            }
        }
    }
}

/// Leaves the room. If that fails, the member stays in the room until the next comparison ends.
pub(super) async fn leave(room: RoomId) {
    drop(ask(Command::RoomLeave(moving(room))).await);
}

fn moving(room: RoomId) -> RoomMove {
    RoomMove { reference: 1, client_id: random::client_id(), room }
}

async fn find(name: &str) -> Result<Option<RoomId>, ComparisonFault> {
    let mut after = None;
    for _ in 0..COMPARE_PAGES_MAX {
        let asked = RoomsQuery { reference: 1, find: name.to_owned(), after };
        let Event::Rooms(page) = ask(Command::Rooms(asked)).await? else {
            return Err(ComparisonFault::Unreachable);
        };
        if let Some(found) = page.rooms.iter().find(|room| room.name == name) {
            return Ok(Some(found.id));
        }
        after = page.rooms.last().map(|room| room.id);
        if !page.more || after.is_none() {
            break;
        }
    }
    Ok(None)
}

async fn ask(command: Command) -> Result<Event, ComparisonFault> {
    let request = request(Call::Command { identity: None, command }, false);
    let handle = AbortHandle::new(request.timeout_ms());
    let body = request.body().unwrap_or_default();
    let answer = handle.post(&request.path(), &body).await.ok_or(ComparisonFault::Unreachable)?;
    Event::parse(&read(answer).await?).map_err(|_| ComparisonFault::Unreachable)
}

/// Reads the body of a response with status 200.
///
/// # Errors
/// [`ComparisonFault::SignedOut`] for status 401, [`ComparisonFault::Room`] for a problem, and
/// [`ComparisonFault::Unreachable`] for a body that is cut or malformed.
pub(super) async fn read(answer: Response) -> Result<String, ComparisonFault> {
    let text = answer.text().await.map_err(|_| ComparisonFault::Unreachable)?;
    match answer.status() {
        200 => Ok(text),
        401 => Err(ComparisonFault::SignedOut),
        _ => {
            let problem: Problem = json::from_str(&text).map_err(|_| ComparisonFault::Unreachable)?;
            Err(ComparisonFault::Room(problem.code))
        }
    }
}
