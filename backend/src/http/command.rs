//! `POST /api/command`: one command of v1 in a request of its own, answered with its reply.
//!
//! `member` and `epoch` in the query tell who the client takes itself for: its browser may have become
//! another meanwhile, and then nothing is said in that one's name.
//!
//! It is bound to no stream: whoever sends it again, with the same `client_id`, gets the same reply.

use super::{byte_count::Traced, query_params::Asked};
use crate::connection::frame::Payload;
use crate::http::app_state::AppState;
use crate::http::device_token;
use crate::http::host_policy::Caller;
use crate::http::json_body::read_bytes;
use crate::http::problem::{Refused, refusal, status};
use actix_web::{HttpRequest, HttpResponse, http::header, web};
use bytes::Bytes;
use hub::{Input, session::TransportKind};
use shared::{Command, ErrorCode, Event, limits::FRAME_BYTES_MAX};
use std::future::poll_fn;

/// Carries out a command.
pub async fn command(
    request: HttpRequest,
    payload: web::Payload,
    caller: Caller,
) -> Result<HttpResponse, Refused> {
    let state = AppState::of(&request);
    let asked = Asked::of(&request);
    let traced = Traced::of(&request, &asked)?;
    let body = read_bytes(&request, payload, FRAME_BYTES_MAX).await?;
    if let Some(traced) = traced {
        traced.came(body.len());
    }
    let text = str::from_utf8(&body).map_err(|_| refused(ErrorCode::Unparsable))?;
    let command = Command::parse(text).map_err(|error| refused(error.code))?;
    if let Some(hook) = &state.inbound_hook {
        hook(text);
    }
    let identity = asked.claim()?;
    let device = device_token::counted(&request, &state.policy, &caller);
    let entered = state.enter(TransportKind::Request)?;
    let connection = &entered.connection;
    state.tell(Input::CommandRequested { session: connection.session, device, identity, command }).await?;
    let answer = poll_fn(|cx| connection.poll_frame(cx)).await;
    entered.wait_for_rate().await;
    respond(answer).map_err(|refused| {
        let has_cookie = device_token::of(&request, &state.policy).is_some();
        refused.since_cookie(has_cookie, caller.has_origin, &identity)
    })
}

fn respond(answer: Option<Bytes>) -> Result<HttpResponse, Refused> {
    let frame = answer.ok_or_else(Refused::internal)?;
    match Payload::of(&frame) {
        Payload::Text(json) if json.starts_with(br#"{"type":"error""#) => {
            let event = str::from_utf8(json).ok().and_then(|text| Event::parse(text).ok());
            match event {
                Some(Event::Error(refusal)) => Err(refused(refusal.code)),
                _ => Err(Refused::internal()),
            }
        }
        Payload::Text(json) => {
            let mut response = HttpResponse::Ok();
            response.insert_header((header::CONTENT_TYPE, "application/json"));
            response.insert_header((header::CACHE_CONTROL, "no-store"));
            Ok(response.body(Bytes::copy_from_slice(json)))
        }
        Payload::Close(code, _) => Err(refusal(code)),
        Payload::Ping | Payload::Other => Err(Refused::internal()),
    }
}

fn refused(code: ErrorCode) -> Refused {
    let refused = Refused::new(status(code), code);
    match code {
        ErrorCode::TooManyRequests | ErrorCode::StoreRefused => refused.with(header::RETRY_AFTER, "1"),
        _ => refused,
    }
}
