//! `GET /api/poll`: the events since a cursor. With `wait` the response comes as soon as there are events,
//! or when the time is over (long polling). Without `wait` it comes at once.
//!
//! The cursor of the next request acknowledges this response. Between two requests the server keeps nothing
//! but the member's presence, for a while.

use super::{
    byte_count::{ByteCounter, ChunkKind},
    query_params::QueryParams,
};
use crate::connection::Connection;
use crate::connection::frame::FramePayload;
use crate::fanout::ConnectionGuard;
use crate::http::app_state::AppState;
use crate::http::device_token;
use crate::http::host_policy::Caller;
use crate::http::problem::{ApiError, from_close_code};
use crate::limits::{CHUNK_BYTES_MAX, POLL_AGAIN_MS, POLL_GATHER, POLL_WAIT_MAX};
use actix_web::{
    HttpRequest, HttpResponse,
    body::{BodySize, MessageBody},
    http::header,
};
use bytes::{BufMut, Bytes, BytesMut};
use hub::{Input, session::SessionKind};
use shared::api::PollResponse;
use std::{
    io,
    pin::Pin,
    rc::Rc,
    task::{Context, Poll},
    time::Duration,
};
use tokio::time::{Instant, timeout_at};

/// Answers a poll.
pub async fn poll(request: HttpRequest, caller: Caller) -> Result<HttpResponse, ApiError> {
    let app = AppState::of(&request);
    let params = QueryParams::of(&request);
    let byte_counter = ByteCounter::of(&request, &params)?;
    let wait = Duration::from_secs(params.value("wait")?.unwrap_or_default()).min(POLL_WAIT_MAX);
    let poll = hub::input::Poll {
        hello: params.hello(&request)?,
        identity: params.expected_identity()?,
        is_first: params.flag("begin")?,
        presence_revision: params.value("present")?.unwrap_or_default(),
        markers: params.value("markers")?,
        away: params.flag("away")?,
    };
    let device = device_token::from_cookie(&request, &app).await;
    let (has_cookie, names) = (device.is_some(), poll.identity);
    let guard = app.open_connection(SessionKind::Poll, &caller)?;
    let connection = Rc::clone(&guard.connection);
    app.tell(Input::Polled { session: connection.session, device, poll }).await?;
    wait_for_events(&connection, Instant::now() + wait).await;
    guard.wait_for_rate().await;
    wait_for_admission(&connection)
        .await
        .map_err(|error| error.with_cookie_detail(has_cookie, true, &names))?;
    let mut response = HttpResponse::Ok();
    response.insert_header((header::CONTENT_TYPE, "application/json"));
    response.insert_header((header::CACHE_CONTROL, "no-store"));
    let again_ms = if wait.is_zero() { POLL_AGAIN_MS } else { 0 };
    Ok(response.body(PollBody { guard, again_ms, state: BodyState::NotBegun, byte_counter }))
}

/// Returns when there are events, or when the time is over.
async fn wait_for_events(connection: &Connection, mut until: Instant) {
    let mut gathers = false;
    while !connection.is_urgent() && !connection.is_closing() {
        if !connection.is_caught_up() {
            // The hub has not decided yet whether events were missed.
            connection.wait_for_change().await;
            continue;
        }
        if !connection.is_empty() && !std::mem::replace(&mut gathers, true) {
            until = until.min(Instant::now() + POLL_GATHER);
        }
        if timeout_at(until, connection.wait_for_change()).await.is_err() {
            return;
        }
    }
}

/// Waits until the hub has admitted this client or closed its session.
///
/// # Errors
///
/// The hub has closed the session: 401, 429 or 503.
pub async fn wait_for_admission(connection: &Connection) -> Result<(), ApiError> {
    while !connection.is_urgent() && !connection.is_closing() && !connection.is_caught_up() {
        connection.wait_for_change().await;
    }
    match connection.close_code() {
        Some(code) => Err(from_close_code(code)),
        None => Ok(()),
    }
}

/// The body: a [`PollResponse`], and `traced` if the request asks for it.
struct PollBody {
    guard: ConnectionGuard,
    again_ms: u64,
    state: BodyState,
    byte_counter: Option<Rc<ByteCounter>>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum BodyState {
    NotBegun,
    NoEvents,
    SomeEvents,
    Finished,
}

impl PollBody {
    fn write(&mut self, frame: &Bytes, out: &mut BytesMut) -> io::Result<()> {
        match FramePayload::of(frame) {
            FramePayload::Text(json) => {
                if std::mem::replace(&mut self.state, BodyState::SomeEvents) == BodyState::SomeEvents {
                    out.put_u8(b',');
                }
                out.put_slice(json);
            }
            // A part must not pass for the whole: the client asks again from its old cursor.
            FramePayload::Close(..) => return Err(io::ErrorKind::ConnectionAborted.into()),
            FramePayload::Ping | FramePayload::Other => {}
        }
        Ok(())
    }

    fn finish(&mut self, out: &mut BytesMut) {
        let connections = &self.guard.connections;
        let (through, present) = (connections.through(), connections.present());
        let response = PollResponse { through, present, again_ms: self.again_ms };
        out.put_slice(response.tail().as_bytes());
        match &self.byte_counter {
            Some(byte_counter) => {
                byte_counter.append_counts(out, [r#","traced":"#, ""], "}", ChunkKind::Last)
            }
            None => out.put_u8(b'}'),
        }
        self.state = BodyState::Finished;
    }
}

impl MessageBody for PollBody {
    type Error = io::Error;

    fn size(&self) -> BodySize {
        BodySize::Stream
    }

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<io::Result<Bytes>>> {
        let connection = Rc::clone(&self.guard.connection);
        let mut out = BytesMut::new();
        match self.state {
            BodyState::Finished => return Poll::Ready(None),
            BodyState::NotBegun => {
                out.put_slice(PollResponse::HEAD.as_bytes());
                self.state = BodyState::NoEvents;
            }
            BodyState::NoEvents | BodyState::SomeEvents => {}
        }
        while out.len() < CHUNK_BYTES_MAX {
            match connection.poll_frame(cx) {
                Poll::Ready(Some(frame)) => self.write(&frame, &mut out)?,
                Poll::Ready(None) => return Poll::Ready(Some(Err(io::ErrorKind::ConnectionAborted.into()))),
                // The missed events are written, and those that came meanwhile.
                Poll::Pending if connection.is_caught_up() => {
                    self.finish(&mut out);
                    break;
                }
                Poll::Pending if out.is_empty() => return Poll::Pending,
                Poll::Pending => break,
            }
        }
        if let Some(byte_counter) = self.byte_counter.as_ref().filter(|_| self.state != BodyState::Finished) {
            byte_counter.add_sent(out.len());
        }
        Poll::Ready(Some(Ok(out.freeze())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hub::{Dialect, SessionId};

    fn caught_up_connection() -> Rc<Connection> {
        let connection =
            Connection::new(SessionId(1), Dialect::V1, SessionKind::Poll, 0, Rc::default(), Rc::default());
        connection.buffer();
        connection.release();
        connection
    }

    /// Time until a poll with this `wait` is answered, if `ephemeral` sends something after two seconds.
    async fn answered_after(wait: Duration, ephemeral: impl FnOnce(&Connection)) -> Duration {
        let (connection, began) = (caught_up_connection(), Instant::now());
        let tell = async {
            tokio::time::sleep(Duration::from_secs(2)).await;
            ephemeral(&connection);
            connection.flush();
        };
        tokio::join!(wait_for_events(&connection, began + wait), tell);
        began.elapsed()
    }

    #[tokio::test(start_paused = true)]
    async fn a_poll_with_only_ephemeral_events_waits_a_little_longer() {
        let ephemeral = |connection: &Connection| connection.send_ephemeral(Bytes::from_static(b"{}"));
        let two = Duration::from_secs(2);
        for (wait, expected) in [
            (POLL_WAIT_MAX, two + POLL_GATHER),
            (two + POLL_GATHER + Duration::from_millis(1), two + POLL_GATHER),
            (two + POLL_GATHER, two + POLL_GATHER),
            (two + POLL_GATHER - Duration::from_millis(1), two + POLL_GATHER - Duration::from_millis(1)),
        ] {
            assert_eq!(answered_after(wait, ephemeral).await, expected, "{wait:?}");
        }
        let event = |connection: &Connection| connection.enqueue(Bytes::from_static(b"{}"));
        assert_eq!(answered_after(POLL_WAIT_MAX, event).await, two, "an event does not");
        assert_eq!(answered_after(POLL_WAIT_MAX, |_| {}).await, POLL_WAIT_MAX);
    }
}
