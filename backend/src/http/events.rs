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
use shared::Cursor;
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

/// Events of one chunk. An empty line ends each event.
#[derive(Default)]
struct EventChunk {
    out: BytesMut,
    /// Whether the last event has no empty line yet.
    is_open: bool,
}

impl EventChunk {
    fn write(&mut self, frame: &Bytes) {
        self.end_event();
        match FramePayload::of(frame) {
            FramePayload::Text(json) => {
                self.out.reserve(json.len() + 8);
                self.out.put_slice(b"data: ");
                self.out.put_slice(json);
                self.out.put_u8(b'\n');
                self.is_open = true;
            }
            FramePayload::Ping => self.out.put_slice(b":\n\n"),
            FramePayload::Close(code, reason) => {
                let close = serde_json::to_string(&CloseNotice { code, reason }).unwrap_or_default();
                self.out.put_slice(format!("event: close\ndata: {close}\n\n").as_bytes());
            }
            FramePayload::Other => {}
        }
    }

    /// Writes a cursor, as the id of the last event if that is a frame. Some clients pass over an id without data.
    fn write_id(&mut self, through: Cursor) {
        // A browser passes over the field `cursor`, which it does not know. Pages read it in place of `id`.
        self.out.put_slice(format!("id: {}\ncursor: {through}\n", through.unmarked()).as_bytes());
        self.is_open = true;
    }

    fn end_event(&mut self) {
        if std::mem::take(&mut self.is_open) {
            self.out.put_u8(b'\n');
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
        let mut chunk = EventChunk::default();
        while !self.has_ended && chunk.out.len() < CHUNK_BYTES_MAX {
            match connection.poll_frame(cx) {
                Poll::Ready(Some(frame)) => chunk.write(&frame),
                Poll::Ready(None) => self.has_ended = true,
                Poll::Pending if chunk.out.is_empty() => return Poll::Pending,
                Poll::Pending => break,
            }
        }
        if chunk.out.is_empty() {
            return Poll::Ready(None);
        }
        // The cursor behind all queued frames. After a close there is none: queued frames may have been dropped,
        // and later ones were not queued.
        if connection.is_caught_up() && connection.is_empty() && !connection.is_closing() {
            chunk.write_id(self.guard.connections.through());
        }
        chunk.end_event();
        let mut out = chunk.out;
        if let Some(byte_counter) = &self.byte_counter {
            byte_counter.append_counts(&mut out, ["event: traced\ndata: ", "\n\n"], "", ChunkKind::Inner);
        }
        Poll::Ready(Some(Ok(out.freeze())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connection::frame;
    use shared::Epoch;

    #[test]
    fn an_id_stands_with_the_data_of_the_last_frame() {
        let through = Cursor { epoch: Epoch(1), n: 5, mark: Some(0xbeef) };
        let text = |frames: &[Bytes], has_id: bool| {
            let mut chunk = EventChunk::default();
            frames.iter().for_each(|frame| chunk.write(frame));
            if has_id {
                chunk.write_id(through);
            }
            chunk.end_event();
            String::from_utf8(chunk.out.to_vec()).unwrap()
        };
        let [one, two, ping, close] =
            [frame::text(b"{1}"), frame::text(b"{2}"), frame::ping(), frame::close(Some(1012), "")];
        let id = "id: 0000000000000001.5\ncursor: 0000000000000001.5.0000beef\n\n";
        assert_eq!(text(&[one.clone(), two.clone()], true), format!("data: {{1}}\n\ndata: {{2}}\n{id}"));
        assert_eq!(text(&[one.clone(), two], false), "data: {1}\n\ndata: {2}\n\n");
        assert_eq!(text(&[one.clone(), ping.clone()], true), format!("data: {{1}}\n\n:\n\n{id}"));
        assert_eq!(text(&[ping], true), format!(":\n\n{id}"));
        let end = "data: {1}\n\nevent: close\ndata: {\"code\":1012,\"reason\":\"\"}\n\n";
        assert_eq!(text(&[one, close], false), end);
    }
}
