//! `POST /api/command`: one v1 command in a request of its own. The response is its reply.
//!
//! `member` and `epoch` in the query name the identity that the client expects to be. If the browser's
//! cookie now belongs to another member, the command is refused with 401.
//!
//! The request is bound to no stream. A client that sends a command again with the same `client_id` gets the
//! same reply.

use super::{byte_count::ByteCounter, field_fault, query_params::QueryParams};
use crate::connection::address_limits::Act;
use crate::http::app_state::AppState;
use crate::http::device_token;
use crate::http::host_policy::Caller;
use crate::http::json_body::read_bytes;
use crate::http::problem::{ApiError, from_close_code, from_refusal};
use actix_web::{HttpRequest, HttpResponse, http::header, web};
use hub::{Input, session::SessionKind};
use shared::close::{RETRY_AFTER_S, has_retry_after};
use shared::{Command, Cursor, ErrorCode, Event, event::EventFrame, limits::FRAME_BYTES_MAX};
use std::future::poll_fn;

/// Executes the command of this request.
pub async fn command(
    request: HttpRequest,
    payload: web::Payload,
    caller: Caller,
) -> Result<HttpResponse, ApiError> {
    let state = AppState::of(&request);
    let params = QueryParams::of(&request);
    let byte_counter = ByteCounter::of(&request, &params)?;
    let body = read_bytes(&request, payload, FRAME_BYTES_MAX).await?;
    if let Some(byte_counter) = byte_counter {
        byte_counter.add_received(body.len());
    }
    let text = str::from_utf8(&body).map_err(|_| api_error(ErrorCode::Unparsable))?;
    let command = Command::parse(text).map_err(|error| {
        let fault = field_fault::of_command(&body, error.code);
        fault.into_iter().fold(api_error(error.code), ApiError::with_detail)
    })?;
    if let Some(hook) = &state.inbound_hook {
        hook(text);
    }
    let identity = params.expected_identity()?;
    let device = device_token::trusted(&request, &state, &caller).await;
    let guard = state.open_connection(SessionKind::Command, &caller)?;
    let connection = &guard.connection;
    let is_charged = matches!(command, Command::RoomCreate(_)) && device.is_some();
    let charge = is_charged.then(|| state.address_limits.charge(caller.ip, Act::CreateRoom)).transpose()?;
    let input = Input::CommandRequested { session: connection.session, device, identity, command };
    state.tell_charged(input, charge).await?;
    let answer = poll_fn(|cx| connection.poll_answer(cx)).await;
    guard.wait_for_rate().await;
    respond(answer, guard.connections.through()).map_err(|error| {
        let has_cookie = device_token::has_cookie(&request, &state.policy);
        error.with_cookie_detail(has_cookie, caller.has_origin, &identity)
    })
}

/// Makes the response. The log had at least the cursor `through` when the answer was made.
fn respond(answer: Result<Box<Event>, u16>, through: Cursor) -> Result<HttpResponse, ApiError> {
    let event = answer.map_err(from_close_code)?;
    if let Event::Error(refusal) = *event {
        return Err(api_error(refusal.code));
    }
    // The answer may be newer than what the client has read, on another connection. A `reset` tells its own cursor.
    let told = match *event {
        Event::Reply(_) | Event::History(_) | Event::Events(_) => Some(through),
        _ => None,
    };
    let body = serde_json::to_vec(&EventFrame::answered(&event, told)).map_err(|_| ApiError::internal())?;
    let mut response = HttpResponse::Ok();
    response.insert_header((header::CONTENT_TYPE, "application/json"));
    response.insert_header((header::CACHE_CONTROL, "no-store"));
    Ok(response.body(body))
}

fn api_error(code: ErrorCode) -> ApiError {
    let error = from_refusal(code);
    if has_retry_after(code) { error.with_retry_after(RETRY_AFTER_S) } else { error }
}
