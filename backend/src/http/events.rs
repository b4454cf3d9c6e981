//! `GET /api/events`: a v1 session as a stream of Server-Sent Events (HTML, "Server-sent events").
//!
//! Each frame is the `data` of an event. `id` is a cursor: everything addressed to this client up to it has
//! left before. So a browser that reconnects sends it as `Last-Event-ID`, and the session is resumed. The
//! client sends by [`super::command`]. With `trace=1` each chunk ends with an event that reports the bytes
//! so far.

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
use crate::http::problem::ApiError;
use crate::limits::CHUNK_BYTES_MAX;
use actix_web::{
    HttpRequest, HttpResponse,
    body::{BodySize, MessageBody},
    http::header::{self, HeaderName},
};
use bytes::{BufMut, Bytes, BytesMut};
use hub::{Input, session::SessionKind};
use serde::Serialize;
use std::{
    convert::Infallible,
    pin::Pin,
    rc::Rc,
    task::{Context, Poll},
};

/// Opens a stream.
pub async fn open(request: HttpRequest, caller: Caller) -> Result<HttpResponse, ApiError> {
    let state = AppState::of(&request);
    let params = QueryParams::of(&request);
    let byte_counter = ByteCounter::of(&request, &params)?;
    let hello = params.hello(&request)?;
    let device = device_token::from_cookie(&request, &state).await;
    let guard = state.open_connection(SessionKind::EventStream, &caller)?;
    let connection = Rc::clone(&guard.connection);
    state.tell(Input::Streamed { session: connection.session, device, hello }).await?;
    // A client that may not read learns it from the status.
    super::poll::wait_for_admission(&connection).await?;
    guard.wait_for_rate().await;
    let mut response = HttpResponse::Ok();
    response.insert_header((header::CONTENT_TYPE, "text/event-stream"));
    response.insert_header((header::CACHE_CONTROL, "no-store"));
    // nginx would buffer the events.
    response.insert_header((HeaderName::from_static("x-accel-buffering"), "no"));
    Ok(response.body(EventStreamBody { guard, has_ended: false, byte_counter }))
}

/// The body of the response.
struct EventStreamBody {
    guard: ConnectionGuard,
    has_ended: bool,
    byte_counter: Option<Rc<ByteCounter>>,
}

/// The data of the event that ends the stream.
#[derive(Serialize)]
struct CloseNotice<'f> {
    code: u16,
    reason: &'f str,
}

impl EventStreamBody {
    fn write(frame: &Bytes, out: &mut BytesMut) {
        match FramePayload::of(frame) {
            FramePayload::Text(json) => {
                out.reserve(json.len() + 8);
                out.put_slice(b"data: ");
                out.put_slice(json);
                out.put_slice(b"\n\n");
            }
            FramePayload::Ping => out.put_slice(b":\n\n"),
            FramePayload::Close(code, reason) => {
                let close = serde_json::to_string(&CloseNotice { code, reason }).unwrap_or_default();
                out.put_slice(format!("event: close\ndata: {close}\n\n").as_bytes());
            }
            FramePayload::Other => {}
        }
    }

    /// Writes the cursor behind all queued frames. After a close there is none: queued frames may have been
    /// dropped, and later ones were not queued.
    fn write_id(&self, connection: &Connection, out: &mut BytesMut) {
        if connection.is_caught_up() && connection.is_empty() && !connection.is_closing() {
            let cursor = self.guard.connections.through();
            // A browser passes over the field `cursor`, which it does not know. Pages read it in place of `id`.
            out.put_slice(format!("id: {}\ncursor: {cursor}\n\n", cursor.unmarked()).as_bytes());
        }
    }
}

impl MessageBody for EventStreamBody {
    type Error = Infallible;

    fn size(&self) -> BodySize {
        BodySize::Stream
    }

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, Infallible>>> {
        let connection = Rc::clone(&self.guard.connection);
        let mut out = BytesMut::new();
        while !self.has_ended && out.len() < CHUNK_BYTES_MAX {
            match connection.poll_frame(cx) {
                Poll::Ready(Some(frame)) => EventStreamBody::write(&frame, &mut out),
                Poll::Ready(None) => self.has_ended = true,
                Poll::Pending if out.is_empty() => return Poll::Pending,
                Poll::Pending => break,
            }
        }
        if out.is_empty() {
            return Poll::Ready(None);
        }
        self.write_id(&connection, &mut out);
        if let Some(byte_counter) = &self.byte_counter {
            byte_counter.append_counts(&mut out, ["event: traced\ndata: ", "\n\n"], "", ChunkKind::Inner);
        }
        Poll::Ready(Some(Ok(out.freeze())))
    }
}
