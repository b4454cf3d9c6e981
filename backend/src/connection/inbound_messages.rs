//! The messages of one WebSocket, in their order: from the bytes that actix-http reads to [`Message`]s.

use crate::connection::message_decoder::{Message, MessageDecoder};
use crate::connection::read_ahead::ReadAhead;
use crate::connection::trace::Tracer;
use actix_web::dev::Payload;
use bytes::Bytes;
use futures_util::StreamExt;
use shared::CloseCode;
use std::{rc::Rc, time::Duration};
use tokio::time::{Instant, timeout};

/// Reads and decodes the messages of one connection. Dropping it ends the bound of its [`ReadAhead`].
pub struct InboundMessages {
    payload: Payload,
    decoder: MessageDecoder,
    read_ahead: Rc<ReadAhead>,
    /// Bytes that were read and not decoded yet.
    chunk: Bytes,
    /// Time that one message or frame may take.
    message_timeout: Duration,
    /// Time at which the unfinished message began.
    began: Option<Instant>,
    /// Only a traced connection has a tracer.
    tracer: Option<Rc<Tracer>>,
}

impl InboundMessages {
    /// The messages in this payload. Each has at most `message_max` bytes.
    pub fn new(
        payload: Payload,
        message_max: usize,
        message_timeout: Duration,
        read_ahead: Rc<ReadAhead>,
        tracer: Option<Rc<Tracer>>,
    ) -> Self {
        InboundMessages {
            payload,
            decoder: MessageDecoder::new(message_max),
            read_ahead,
            chunk: Bytes::new(),
            message_timeout,
            began: None,
            tracer,
        }
    }

    /// The next message; `None` if the connection has ended.
    ///
    /// # Errors
    ///
    /// The close code for the rule that the client broke. No message follows.
    pub async fn next(&mut self) -> Result<Option<Message>, CloseCode> {
        let next = self.read().await;
        if let (Some(tracer), Ok(None) | Err(_)) = (&self.tracer, &next) {
            tracer.ended();
        }
        next
    }

    async fn read(&mut self) -> Result<Option<Message>, CloseCode> {
        loop {
            let before = self.chunk.len();
            let decoded = self.decoder.decode(&mut self.chunk);
            self.read_ahead.note_decoded(before - self.chunk.len());
            if self.decoder.is_within_message() {
                self.began.get_or_insert_with(Instant::now);
            } else {
                self.began = None;
            }
            if let Some(message) = decoded? {
                return Ok(Some(message));
            }
            let chunk = match self.began {
                None => self.payload.next().await,
                Some(began) => {
                    // Compare the time itself too: the bytes of a message without end may always be there.
                    let left = self.message_timeout.checked_sub(began.elapsed());
                    let left = left.ok_or(CloseCode::MessageTimeout)?;
                    timeout(left, self.payload.next()).await.map_err(|_| CloseCode::MessageTimeout)?
                }
            };
            let Some(Ok(chunk)) = chunk else { return Ok(None) };
            if let Some(tracer) = &self.tracer {
                tracer.received(&chunk);
            }
            self.chunk = chunk;
        }
    }
}

impl Drop for InboundMessages {
    fn drop(&mut self) {
        self.read_ahead.end();
    }
}
