//! The body of a WebSocket's response: actix-http polls it when the socket can take more.

use super::Connection;
use crate::limits::SOCKET_CHUNK_BYTES_MAX;
use actix_web::body::{BodySize, MessageBody};
use bytes::Bytes;
use hub::{Input, session::SessionKind};
use std::{
    convert::Infallible,
    pin::Pin,
    rc::Rc,
    task::{Context, Poll},
};

/// The frames of one connection as a response body.
pub struct OutboundBody {
    connection: Rc<Connection>,
}

impl OutboundBody {
    /// The body of this connection's response.
    pub fn new(connection: Rc<Connection>) -> Self {
        OutboundBody { connection }
    }
}

impl MessageBody for OutboundBody {
    type Error = Infallible;

    fn size(&self) -> BodySize {
        BodySize::Stream
    }

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, Infallible>>> {
        let connection = &self.connection;
        let mut queue = connection.queue.borrow_mut();
        // What the dispatcher has in its buffer counts nowhere. Small chunks leave little in it, and it never grows.
        let chunk = queue.take(SOCKET_CHUNK_BYTES_MAX);
        connection.direct_writer.note_poll(chunk.is_some());
        if chunk.is_none() && queue.is_closing && connection.kind == SessionKind::WebSocket {
            connection.direct_writer.end_after_flush();
        }
        if chunk.is_some() || queue.is_closing {
            return Poll::Ready(chunk.map(Ok));
        }
        if std::mem::take(&mut queue.notifies_drained) {
            connection.inputs.push(Input::Drained(connection.session));
        }
        connection.wait(cx);
        Poll::Pending
    }
}
