//! The messages of one WebSocket, in their order: from the bytes that actix-http reads to [`Message`]s.

use crate::connection::address_limits::HeldBytes;
use crate::connection::message_decoder::{Message, MessageDecoder};
use crate::connection::ping_scan::PingScan;
use crate::connection::read_ahead::ReadAhead;
use crate::connection::trace::Tracer;
use crate::limits::PEER_CHECK_EVERY;
use actix_web::dev::Payload;
use bytes::{Bytes, BytesMut};
use futures_util::StreamExt;
use shared::CloseCode;
use std::{future::pending, rc::Rc, time::Duration};
use tokio::time::{Instant, timeout};

/// Reads and decodes the messages of one connection. Dropping it ends the bound of its [`ReadAhead`].
pub struct InboundMessages {
    payload: Payload,
    decoder: MessageDecoder,
    read_ahead: Rc<ReadAhead>,
    /// Bytes that were read and not decoded yet.
    chunk: Bytes,
    /// Whether nothing follows these bytes.
    has_ended: bool,
    ping_scan: PingScan,
    /// Time that one message or frame may take.
    message_timeout: Duration,
    /// Time at which the unfinished message began.
    began: Option<Instant>,
    /// Counts the unfinished message for the IP address.
    held: HeldBytes,
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
            has_ended: false,
            ping_scan: PingScan::default(),
            message_timeout,
            began: None,
            held: HeldBytes::default(),
            tracer,
        }
    }

    /// Counts unfinished messages for their IP address.
    #[must_use]
    pub fn count_held(mut self, held: HeldBytes) -> Self {
        self.held = held;
        self
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

    /// Waits for a ping behind messages whose turn has not come. Returns its payload. Call this only between two
    /// calls of [`next`](Self::next), which returns the ping in its turn too. The future may be dropped at any time.
    pub async fn next_waiting_ping(&mut self) -> Vec<u8> {
        loop {
            if let Some(payload) = self.ping_scan.next(&self.chunk) {
                return payload;
            }
            match if self.has_ended { None } else { self.next_chunk().await } {
                Some(chunk) => {
                    let mut joined = BytesMut::with_capacity(self.chunk.len() + chunk.len());
                    joined.extend_from_slice(&self.chunk);
                    joined.extend_from_slice(&chunk);
                    self.chunk = joined.freeze();
                }
                None => return pending().await,
            }
        }
    }

    /// Whether the ping that came last was returned by [`next_waiting_ping`](Self::next_waiting_ping) before.
    pub fn take_answered_ping(&mut self) -> bool {
        self.ping_scan.take_found()
    }

    /// The next bytes of the client; `None` at their end.
    async fn next_chunk(&mut self) -> Option<Bytes> {
        let chunk = self.payload.next().await.and_then(Result::ok);
        match (&chunk, &self.tracer) {
            (None, _) => self.has_ended = true,
            (Some(chunk), Some(tracer)) => tracer.received(chunk),
            (Some(_), None) => {}
        }
        chunk
    }

    /// The next bytes of a message that began at this time. One that stands still is judged too: otherwise the bytes
    /// that it holds would cost another connection of its IP address, which goes on.
    async fn next_chunk_of_message(&mut self, began: Instant) -> Result<Option<Bytes>, CloseCode> {
        loop {
            let left = self.message_timeout.saturating_sub(began.elapsed());
            let wait = if self.held.is_considerable() { left.min(PEER_CHECK_EVERY) } else { left };
            match timeout(wait, self.next_chunk()).await {
                Ok(chunk) => return Ok(chunk),
                Err(_) if wait == left || self.held.is_over_limit() => return Err(CloseCode::MessageTimeout),
                Err(_) => {}
            }
        }
    }

    async fn read(&mut self) -> Result<Option<Message>, CloseCode> {
        loop {
            let before = self.chunk.len();
            let decoded = self.decoder.decode(&mut self.chunk);
            self.read_ahead.note_decoded(before - self.chunk.len());
            self.ping_scan.note_decoded(before - self.chunk.len());
            if self.decoder.is_within_message() {
                self.began.get_or_insert_with(Instant::now);
            } else {
                self.began = None;
            }
            let decoded = decoded?;
            self.held.set(self.decoder.held_bytes());
            if self.held.is_over_limit() {
                return Err(CloseCode::MessageTimeout);
            }
            // Control frames within a message may be there without end.
            if self.began.is_some_and(|began| began.elapsed() >= self.message_timeout) {
                return Err(CloseCode::MessageTimeout);
            }
            if let Some(message) = decoded {
                return Ok(Some(message));
            }
            if self.has_ended {
                return Ok(None);
            }
            let chunk = match self.began {
                None => self.next_chunk().await,
                Some(began) => self.next_chunk_of_message(began).await?,
            };
            match chunk {
                Some(chunk) => self.chunk = chunk,
                None => return Ok(None),
            }
        }
    }
}

impl Drop for InboundMessages {
    fn drop(&mut self) {
        self.read_ahead.end();
    }
}

#[cfg(test)]
mod tests;
