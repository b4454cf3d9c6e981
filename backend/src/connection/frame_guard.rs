//! Checks every frame header of an inbound stream before the frame is buffered.
//!
//! actix-http checks its size limit only after a whole frame has arrived. A header that declares 2⁶² bytes
//! would let a peer fill the memory. The frame guard stands between the socket and the parser. It passes
//! bytes on unchanged up to the first header that breaks a rule: declared length, mask, control frames of at
//! most 125 bytes. There it ends the stream, and [`Rejection`] holds the close code.

use crate::connection::trace::Tracer;
use crate::limits::READ_STEP_BYTES_MAX;
use actix_http::error::PayloadError;
use bytes::Bytes;
use futures_util::Stream;
use shared::CloseCode;
use std::{
    cell::Cell,
    pin::Pin,
    rc::Rc,
    task::{Context, Poll},
};

/// Close code of the rule that ended the stream, if one did.
pub type Rejection = Rc<Cell<Option<CloseCode>>>;

/// Parses frame headers out of a stream of bytes (RFC 6455 §5.2).
#[derive(Debug)]
pub struct HeaderParser {
    message_max: usize,
    header: [u8; 14],
    header_bytes: usize,
    /// Payload bytes of the current frame that are still to come.
    skip: u64,
    /// Payload bytes of the current message's fragments so far.
    message_bytes: u64,
}

impl HeaderParser {
    /// A parser for messages of at most `message_max` bytes, all fragments together.
    pub fn new(message_max: usize) -> Self {
        HeaderParser { message_max, header: [0; 14], header_bytes: 0, skip: 0, message_bytes: 0 }
    }

    /// Parses the next bytes.
    ///
    /// # Errors
    ///
    /// The number of these bytes before the header that breaks a rule, and the close code for it.
    pub fn feed(&mut self, bytes: &[u8]) -> Result<(), (usize, CloseCode)> {
        let mut at = 0;
        // Index at which the current header begins; 0 if it began in earlier bytes.
        let mut begin = 0;
        while at < bytes.len() {
            if self.skip > 0 {
                let step = usize::try_from(self.skip).unwrap_or(usize::MAX).min(bytes.len() - at);
                self.skip -= step as u64;
                at += step;
                continue;
            }
            if self.header_bytes == 0 {
                begin = at;
            }
            self.header[self.header_bytes] = bytes[at];
            self.header_bytes += 1;
            at += 1;
            if self.header_bytes == self.header_length() {
                self.skip = self.check_header().map_err(|code| (begin, code))?;
                self.header_bytes = 0;
            }
        }
        Ok(())
    }

    /// Length of the header, as far as its bytes determine it.
    fn header_length(&self) -> usize {
        if self.header_bytes < 2 {
            return 2;
        }
        let length = match self.header[1] & 0x7f {
            126 => 4,
            127 => 10,
            _ => 2,
        };
        length + if self.header[1] & 0x80 == 0 { 0 } else { 4 }
    }

    /// Returns the payload's length, if the header breaks no rule.
    fn check_header(&mut self) -> Result<u64, CloseCode> {
        let [first, second, rest @ ..] = self.header;
        let length = match second & 0x7f {
            126 => u64::from(u16::from_be_bytes([rest[0], rest[1]])),
            127 => {
                u64::from_be_bytes([rest[0], rest[1], rest[2], rest[3], rest[4], rest[5], rest[6], rest[7]])
            }
            short => u64::from(short),
        };
        let (is_final, opcode) = (first & 0x80 != 0, first & 0x0f);
        let is_control = opcode & 0x08 != 0;
        if second & 0x80 == 0 || first & 0x70 != 0 || length >> 63 != 0 {
            return Err(CloseCode::Protocol);
        }
        if is_control {
            return if length <= 125 && is_final { Ok(length) } else { Err(CloseCode::Protocol) };
        }
        self.message_bytes = self.message_bytes.saturating_add(length);
        if self.message_bytes > self.message_max as u64 {
            return Err(CloseCode::TooBig);
        }
        if is_final {
            self.message_bytes = 0;
        }
        Ok(length)
    }
}

/// The payload of a request behind a [`HeaderParser`].
pub struct FrameGuard {
    payload: actix_web::dev::Payload,
    parser: HeaderParser,
    rejection: Rejection,
    /// Bytes passed on since the stream last yielded.
    step_bytes: usize,
    /// Only a traced connection has a tracer.
    tracer: Option<Rc<Tracer>>,
}

impl FrameGuard {
    /// Guards a payload.
    pub fn new(
        payload: actix_web::dev::Payload,
        message_max: usize,
        tracer: Option<Rc<Tracer>>,
    ) -> (Self, Rejection) {
        let (parser, rejection) = (HeaderParser::new(message_max), Rejection::default());
        (FrameGuard { payload, parser, rejection: Rc::clone(&rejection), step_bytes: 0, tracer }, rejection)
    }
}

impl Stream for FrameGuard {
    type Item = Result<Bytes, PayloadError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if self.rejection.get().is_some() {
            return Poll::Ready(None);
        }
        // Yield now and then. actix-ws reads until nothing is left, so a peer that sends without end would
        // keep it from parsing.
        if self.step_bytes >= READ_STEP_BYTES_MAX {
            self.step_bytes = 0;
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        let polled = Pin::new(&mut self.payload).poll_next(cx);
        let Poll::Ready(Some(Ok(mut bytes))) = polled else {
            self.step_bytes = 0;
            if let (Some(tracer), Poll::Ready(_)) = (&self.tracer, &polled) {
                tracer.ended();
            }
            return polled;
        };
        self.step_bytes += bytes.len();
        if let Some(tracer) = &self.tracer {
            tracer.received(&bytes);
        }
        if let Err((before, code)) = self.parser.feed(&bytes) {
            self.rejection.set(Some(code));
            if let Some(tracer) = &self.tracer {
                tracer.ended();
            }
            bytes.truncate(before);
            if bytes.is_empty() {
                return Poll::Ready(None);
            }
        }
        Poll::Ready(Some(Ok(bytes)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(first: u8, length: usize) -> Vec<u8> {
        let mut frame = vec![first];
        match length {
            0..126 => frame.push(0x80 | u8::try_from(length).unwrap()),
            126..65_536 => {
                frame.push(0x80 | 126);
                frame.extend(u16::try_from(length).unwrap().to_be_bytes());
            }
            _ => {
                frame.push(0x80 | 127);
                frame.extend((length as u64).to_be_bytes());
            }
        }
        frame.extend([1, 2, 3, 4]);
        frame.extend(vec![0; length]);
        frame
    }

    fn feed(parser: &mut HeaderParser, bytes: &[u8], step: usize) -> Result<(), (usize, CloseCode)> {
        let mut done = 0;
        for chunk in bytes.chunks(step) {
            parser.feed(chunk).map_err(|(before, code)| (done + before, code))?;
            done += chunk.len();
        }
        Ok(())
    }

    #[test]
    fn messages_pass_up_to_the_limit_however_they_are_cut() {
        let max = 70_000;
        for length in [0, 1, 125, 126, 65_535, 65_536, max - 1, max] {
            for step in [1, 3, 7, 1 << 20] {
                let bytes = [frame(0x81, length), frame(0x82, length)].concat();
                assert_eq!(feed(&mut HeaderParser::new(max), &bytes, step), Ok(()), "{length} by {step}");
            }
        }
        let bytes = [frame(0x81, 3), frame(0x81, max + 1)].concat();
        assert_eq!(feed(&mut HeaderParser::new(max), &bytes, 1 << 20), Err((9, CloseCode::TooBig)));
    }

    #[test]
    fn a_frame_is_refused_by_its_declared_length() {
        for (opcode, code) in
            [(0x81, CloseCode::TooBig), (0x82, CloseCode::TooBig), (0x89, CloseCode::Protocol)]
        {
            let mut header = vec![opcode, 0xff];
            header.extend((1_u64 << 40).to_be_bytes());
            header.extend([0; 4]);
            assert_eq!(HeaderParser::new(65_536).feed(&header), Err((0, code)));
        }
    }

    #[test]
    fn fragments_are_counted_together_without_control_frames() {
        let max = 100;
        let whole = [frame(0x01, 60), frame(0x89, 125), frame(0x80, 40), frame(0x81, 100)].concat();
        assert_eq!(feed(&mut HeaderParser::new(max), &whole, 5), Ok(()));
        let over = [frame(0x01, 60), frame(0x00, 40), frame(0x80, 1)].concat();
        assert_eq!(feed(&mut HeaderParser::new(max), &over, 1 << 20).unwrap_err().1, CloseCode::TooBig);
    }

    #[test]
    fn a_broken_header_is_a_protocol_error() {
        let unmasked = [0x81, 0x01, b'x'];
        let reserved = frame(0xc1, 1);
        let long_ping = frame(0x89, 126);
        let cut_ping = frame(0x09, 1);
        let top_bit = [&[0x82, 0xff][..], &u64::MAX.to_be_bytes(), &[0; 4]].concat();
        for bytes in [&unmasked[..], &reserved, &long_ping, &cut_ping, &top_bit] {
            for step in [1, 100] {
                assert_eq!(
                    feed(&mut HeaderParser::new(1000), bytes, step).unwrap_err().1,
                    CloseCode::Protocol
                );
            }
        }
    }
}
