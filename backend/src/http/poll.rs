//! `GET /api/poll`: what is new since a cursor. With `wait` it is answered when there is something, or
//! the time is over (long polling); without, at once.
//!
//! The cursor of the next request is the acknowledgement of this one's answer. The server keeps
//! nothing between two but that the member is present for a while.

use super::{
    byte_count::{Place, Traced},
    query_params::Asked,
};
use crate::connection::Connection;
use crate::connection::frame::Payload;
use crate::fanout::Entered;
use crate::http::app_state::AppState;
use crate::http::device_token;
use crate::http::problem::{Refused, refusal};
use crate::limits::{CHUNK_BYTES_MAX, POLL_AGAIN_MS, POLL_GATHER, POLL_WAIT_MAX};
use actix_web::{
    HttpRequest, HttpResponse,
    body::{BodySize, MessageBody},
    http::header,
};
use bytes::{BufMut, Bytes, BytesMut};
use hub::{Input, session::TransportKind};
use std::{
    io,
    pin::Pin,
    rc::Rc,
    task::{Context, Poll},
    time::Duration,
};
use tokio::time::{Instant, timeout_at};

/// Answers a poll.
pub async fn poll(request: HttpRequest) -> Result<HttpResponse, Refused> {
    let state = AppState::of(&request);
    let asked = Asked::of(&request);
    let traced = Traced::of(&request, &asked)?;
    let wait = Duration::from_secs(asked.value("wait")?.unwrap_or_default()).min(POLL_WAIT_MAX);
    let poll = hub::input::Poll {
        hello: asked.hello(&request)?,
        identity: asked.claim()?,
        begins: asked.flag("begin")?,
        present: asked.value("present")?.unwrap_or_default(),
        away: asked.flag("away")?,
    };
    let device = device_token::of(&request, &state.policy);
    let (has_cookie, names) = (device.is_some(), poll.identity);
    let entered = state.enter(TransportKind::Poll)?;
    let connection = Rc::clone(&entered.connection);
    state.tell(Input::Polled { session: connection.session, device, poll }).await?;
    something(&connection, Instant::now() + wait).await;
    entered.wait_for_rate().await;
    refuse_closing(&connection).await.map_err(|refused| refused.since_cookie(has_cookie, true, &names))?;
    let mut response = HttpResponse::Ok();
    response.insert_header((header::CONTENT_TYPE, "application/json"));
    response.insert_header((header::CACHE_CONTROL, "no-store"));
    let again_ms = if wait.is_zero() { POLL_AGAIN_MS } else { 0 };
    Ok(response.body(Answer { entered, again_ms, stands: Stands::Before, traced }))
}

/// Returns when there is something to be answered, or the time is over.
async fn something(connection: &Connection, mut until: Instant) {
    let mut gathers = false;
    while !connection.is_pressing() && !connection.is_closing() {
        if !connection.is_current() {
            // It is not known yet whether something was missed.
            connection.changed().await;
            continue;
        }
        if !connection.is_empty() && !std::mem::replace(&mut gathers, true) {
            until = until.min(Instant::now() + POLL_GATHER);
        }
        if timeout_at(until, connection.changed()).await.is_err() {
            return;
        }
    }
}

/// Waits until it is clear whether this client may read.
///
/// # Errors
/// It may not, as its session was closed for: 401, 503.
pub async fn refuse_closing(connection: &Connection) -> Result<(), Refused> {
    while !connection.is_pressing() && !connection.is_closing() && !connection.is_current() {
        connection.changed().await;
    }
    match connection.close_code() {
        Some(code) => Err(refusal(code)),
        None => Ok(()),
    }
}

/// The body: `{"events": […], "through": …, "present": …, "again_ms": …}`, and `traced` where it was asked for.
struct Answer {
    entered: Entered,
    again_ms: u64,
    stands: Stands,
    traced: Option<Rc<Traced>>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Stands {
    Before,
    Empty,
    Filled,
    Over,
}

impl Answer {
    fn write(&mut self, frame: &Bytes, out: &mut BytesMut) -> io::Result<()> {
        match Payload::of(frame) {
            Payload::Text(json) => {
                if std::mem::replace(&mut self.stands, Stands::Filled) == Stands::Filled {
                    out.put_u8(b',');
                }
                out.put_slice(json);
            }
            // A part must not pass for the whole: the client asks again from where it was.
            Payload::Close(..) => return Err(io::ErrorKind::ConnectionAborted.into()),
            Payload::Ping | Payload::Other => {}
        }
        Ok(())
    }

    fn finish(&mut self, out: &mut BytesMut) {
        let (through, present) = (self.entered.table.through(), self.entered.table.present());
        let again_ms = self.again_ms;
        let end = format!(r#"],"through":"{through}","present":{present},"again_ms":{again_ms}"#);
        out.put_slice(end.as_bytes());
        match &self.traced {
            Some(traced) => traced.tell(out, [r#","traced":"#, ""], "}", Place::Last),
            None => out.put_u8(b'}'),
        }
        self.stands = Stands::Over;
    }
}

impl MessageBody for Answer {
    type Error = io::Error;

    fn size(&self) -> BodySize {
        BodySize::Stream
    }

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<io::Result<Bytes>>> {
        let connection = Rc::clone(&self.entered.connection);
        let mut out = BytesMut::new();
        match self.stands {
            Stands::Over => return Poll::Ready(None),
            Stands::Before => {
                out.put_slice(br#"{"events":["#);
                self.stands = Stands::Empty;
            }
            Stands::Empty | Stands::Filled => {}
        }
        while out.len() < CHUNK_BYTES_MAX {
            match connection.poll_frame(cx) {
                Poll::Ready(Some(frame)) => self.write(&frame, &mut out)?,
                Poll::Ready(None) => return Poll::Ready(Some(Err(io::ErrorKind::ConnectionAborted.into()))),
                // All that was missed is there, and what came meanwhile.
                Poll::Pending if connection.is_current() => {
                    self.finish(&mut out);
                    break;
                }
                Poll::Pending if out.is_empty() => return Poll::Pending,
                Poll::Pending => break,
            }
        }
        if let Some(traced) = self.traced.as_ref().filter(|_| self.stands != Stands::Over) {
            traced.wrote(out.len());
        }
        Poll::Ready(Some(Ok(out.freeze())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hub::{Dialect, SessionId};

    fn parked() -> Rc<Connection> {
        let connection =
            Connection::new(SessionId(1), Dialect::V1, TransportKind::Poll, 0, Rc::default(), Rc::default());
        connection.hold();
        connection.release();
        connection
    }

    /// How long until a poll that may wait so long is answered, with this word after two seconds.
    async fn answered_after(wait: Duration, word: impl FnOnce(&Connection)) -> Duration {
        let (connection, began) = (parked(), Instant::now());
        let tell = async {
            tokio::time::sleep(Duration::from_secs(2)).await;
            word(&connection);
            connection.flush();
        };
        tokio::join!(something(&connection, began + wait), tell);
        began.elapsed()
    }

    #[tokio::test(start_paused = true)]
    async fn words_alone_wait_for_more_and_not_for_long() {
        let word = |connection: &Connection| connection.word(Bytes::from_static(b"{}"));
        let two = Duration::from_secs(2);
        for (wait, answered) in [
            (POLL_WAIT_MAX, two + POLL_GATHER),
            (two + POLL_GATHER + Duration::from_millis(1), two + POLL_GATHER),
            (two + POLL_GATHER, two + POLL_GATHER),
            (two + POLL_GATHER - Duration::from_millis(1), two + POLL_GATHER - Duration::from_millis(1)),
        ] {
            assert_eq!(answered_after(wait, word).await, answered, "{wait:?}");
        }
        let event = |connection: &Connection| connection.send(Bytes::from_static(b"{}"));
        assert_eq!(answered_after(POLL_WAIT_MAX, event).await, two, "an event does not");
        assert_eq!(answered_after(POLL_WAIT_MAX, |_| {}).await, POLL_WAIT_MAX);
    }
}
