//! How many bytes a request over plain HTTP takes, told to whoever asks with `trace=1`.
//!
//! **Up** is the request as it was parsed: its line, each header as `name: value`, and its body. **Down** is the
//! response as it is written, with its framing and without what tells of it, as the frames of a traced WebSocket are
//! counted without those that tell of them. What is told of a request goes into its own response and nowhere else. A
//! request that does not ask has nothing of this.

use super::query_params::QueryParams;
use crate::http::problem::ApiError;
use actix_http::ConnectionType;
use actix_web::{
    HttpMessage, HttpRequest,
    body::{BodySize, BoxBody, MessageBody},
    dev::ServiceResponse,
    http::{
        Version,
        header::{self, HeaderMap, HeaderName, HeaderValue},
    },
};
use bytes::{BufMut, BytesMut};
use std::{cell::Cell, rc::Rc};

/// What tells of a response that has a length.
const UP: HeaderName = HeaderName::from_static("teahouse-traced-up");
const DOWN: HeaderName = HeaderName::from_static("teahouse-traced-down");

/// The chunk of no bytes that a response without a length ends with.
const LAST_CHUNK: u64 = "0\r\n\r\n".len() as u64;

/// The bytes of one request and of what was answered up to now.
#[derive(Debug, Default)]
pub struct ByteCounter {
    up: Cell<u64>,
    down: Cell<u64>,
}

/// Whether a chunk is followed by another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChunkKind {
    /// More may come.
    Inner,
    /// It ends the response.
    Last,
}

impl ByteCounter {
    /// Of this request, if its query asks for it. From then on its response tells.
    ///
    /// # Errors
    /// 422: `trace` is neither `0` nor `1`.
    pub fn of(request: &HttpRequest, params: &QueryParams<'_>) -> Result<Option<Rc<Self>>, ApiError> {
        if !params.flag("trace")? {
            return Ok(None);
        }
        let head = request.head();
        let line = format!("{} {} {:?}\r\n", head.method, head.uri, head.version);
        let counter = Rc::new(ByteCounter::default());
        counter.add_received(line.len() + header_bytes(&head.headers) + 2);
        request.extensions_mut().insert(Rc::clone(&counter));
        Ok(Some(counter))
    }

    /// So many bytes more of the request were read.
    pub fn add_received(&self, bytes: usize) {
        self.up.set(self.up.get() + bytes as u64);
    }

    /// The head of the response is ready. One that has a length is told of here.
    pub fn count_head(response: &mut ServiceResponse<BoxBody>) {
        let counter: Option<Rc<ByteCounter>> = response.request().extensions().get().cloned();
        let Some(counter) = counter else { return };
        let size = response.response().body().size();
        let head = head_bytes(response, &size);
        if let BodySize::Sized(length) = size {
            for (name, bytes) in [(UP, counter.up.get()), (DOWN, head + length)] {
                response.headers_mut().insert(name, HeaderValue::from(bytes));
            }
        } else {
            counter.down.set(head);
        }
    }

    /// A chunk of this length leaves that tells nothing.
    pub fn add_sent(&self, length: usize) {
        self.down.set(self.down.get() + chunk_bytes(length as u64));
    }

    /// Ends a chunk with what is to be told, between two texts, and with this `end`, which is no part of it. The last
    /// chunk of a response counts what ends that.
    pub fn append_counts(
        &self,
        chunk: &mut BytesMut,
        [before, after]: [&str; 2],
        end: &str,
        kind: ChunkKind,
    ) {
        self.add_sent(chunk.len() + end.len());
        if kind == ChunkKind::Last {
            self.down.set(self.down.get() + LAST_CHUNK);
        }
        let (up, down) = (self.up.get(), self.down.get());
        chunk.put_slice(format!(r#"{before}{{"up":{up},"down":{down}}}{after}{end}"#).as_bytes());
    }
}

fn digit_count(number: u64, base: u64) -> u64 {
    u64::from(number.checked_ilog(base).unwrap_or_default()) + 1
}

/// A chunk with its length before it, in hexadecimal digits, and the ends of two lines.
fn chunk_bytes(length: u64) -> u64 {
    digit_count(length, 16) + 2 + length + 2
}

/// The lines of these headers.
fn header_bytes(headers: &HeaderMap) -> usize {
    headers.iter().map(|(name, value)| name.as_str().len() + 2 + value.len() + 2).sum()
}

/// The head of a response, as actix-http writes it.
fn head_bytes(response: &ServiceResponse<BoxBody>, size: &BodySize) -> u64 {
    let head = response.response().head();
    let request = response.request();
    let line = "HTTP/1.1 200 \r\n".len() + head.reason().len();
    let body = match size {
        BodySize::Sized(length) => "content-length: \r\n".len() as u64 + digit_count(*length, 10),
        BodySize::Stream => "transfer-encoding: chunked\r\n".len() as u64,
        BodySize::None => 0,
    };
    let connection = match request.head().connection_type() {
        ConnectionType::Close if request.version() >= Version::HTTP_11 => "connection: close\r\n".len(),
        ConnectionType::KeepAlive if request.version() < Version::HTTP_11 => {
            "connection: keep-alive\r\n".len()
        }
        ConnectionType::Upgrade => "connection: upgrade\r\n".len(),
        _ => 0,
    };
    let date = if head.headers.contains_key(header::DATE) {
        0
    } else {
        "date: Thu, 01 Jan 1970 00:00:00 GMT\r\n".len()
    };
    (line + connection + header_bytes(&head.headers) + date + 2) as u64 + body
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_so_many_digits() {
        for (number, decimal, hex) in [(0, 1, 1), (9, 1, 1), (10, 2, 1), (15, 2, 1), (16, 2, 2), (256, 3, 3)]
        {
            assert_eq!((digit_count(number, 10), digit_count(number, 16)), (decimal, hex), "{number}");
        }
    }

    #[test]
    fn a_chunk_tells_what_it_would_have_been_whatever_its_length() {
        for length in 0..5_000 {
            for kind in [ChunkKind::Inner, ChunkKind::Last] {
                let counter = ByteCounter { up: Cell::new(7), down: Cell::new(length % 1_003) };
                let mut chunk = BytesMut::from(&vec![b'x'; usize::try_from(length).unwrap()][..]);
                let mut wire = format!("{:X}\r\n", length + 1).into_bytes();
                wire.extend_from_slice(&chunk);
                wire.extend_from_slice(if kind == ChunkKind::Last { b".\r\n0\r\n\r\n" } else { b".\r\n" });
                let down = length % 1_003 + wire.len() as u64;
                counter.append_counts(&mut chunk, ["<", ">"], ".", kind);
                assert!(chunk.ends_with(format!(r#"<{{"up":7,"down":{down}}}>."#).as_bytes()), "{length}");
                assert_eq!(counter.down.get(), down);
            }
        }
    }
}
