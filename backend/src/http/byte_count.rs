//! Counts the bytes of a request over plain HTTP, and reports them if the request asks with `trace=1`.
//!
//! - **Up** is the request as it was parsed: its line, each header as `name: value`, and its body.
//! - **Down** is the response as it is written, with its framing. The report itself is not counted.
//!
//! The report is part of the same response and of no other. A request that does not ask costs nothing.

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

/// Headers that report the bytes of a response with a length.
const UP: HeaderName = HeaderName::from_static("teahouse-traced-up");
const DOWN: HeaderName = HeaderName::from_static("teahouse-traced-down");

/// The empty chunk that ends a response without a length.
const LAST_CHUNK: u64 = "0\r\n\r\n".len() as u64;

/// The bytes of one request and of its response so far.
#[derive(Debug, Default)]
pub struct ByteCounter {
    up: Cell<u64>,
    down: Cell<u64>,
    /// Whether a response without a length is chunked. A client of HTTP/1.0 knows no chunks.
    is_chunked: bool,
}

/// Place of a chunk in its response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChunkKind {
    /// More chunks may follow.
    Inner,
    /// The chunk ends the response.
    Last,
}

impl ByteCounter {
    /// A counter for this request, if its query asks for one. The response then reports the bytes.
    ///
    /// # Errors
    ///
    /// 422 if `trace` is neither `0` nor `1`.
    pub fn of(request: &HttpRequest, params: &QueryParams<'_>) -> Result<Option<Rc<Self>>, ApiError> {
        if !params.flag("trace")? {
            return Ok(None);
        }
        let head = request.head();
        let line = format!("{} {} {:?}\r\n", head.method, head.uri, head.version);
        let is_chunked = head.version >= Version::HTTP_11;
        let counter = Rc::new(ByteCounter { is_chunked, ..ByteCounter::default() });
        counter.add_received(line.len() + header_bytes(&head.headers) + 2);
        request.extensions_mut().insert(Rc::clone(&counter));
        Ok(Some(counter))
    }

    /// Counts more bytes of the request.
    pub fn add_received(&self, bytes: usize) {
        self.up.set(self.up.get() + bytes as u64);
    }

    /// Counts the head of the response, which is ready. A response with a length reports in its head.
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

    /// Counts a chunk of this length that reports nothing.
    pub fn add_sent(&self, length: usize) {
        let length = length as u64;
        self.down.set(self.down.get() + if self.is_chunked { chunk_bytes(length) } else { length });
    }

    /// Appends the report to a chunk, between the texts `before` and `after`, and then `end`. `before`, the
    /// report and `after` are not counted; `end` is. The last chunk also counts the end of the response.
    pub fn append_counts(
        &self,
        chunk: &mut BytesMut,
        [before, after]: [&str; 2],
        end: &str,
        kind: ChunkKind,
    ) {
        self.add_sent(chunk.len() + end.len());
        if kind == ChunkKind::Last && self.is_chunked {
            self.down.set(self.down.get() + LAST_CHUNK);
        }
        let (up, down) = (self.up.get(), self.down.get());
        chunk.put_slice(format!(r#"{before}{{"up":{up},"down":{down}}}{after}{end}"#).as_bytes());
    }
}

fn digit_count(number: u64, base: u64) -> u64 {
    u64::from(number.checked_ilog(base).unwrap_or_default()) + 1
}

/// Bytes of a chunk on the wire: its length in hexadecimal digits, the content, and two line ends.
fn chunk_bytes(length: u64) -> u64 {
    digit_count(length, 16) + 2 + length + 2
}

/// Bytes of the lines of these headers.
fn header_bytes(headers: &HeaderMap) -> usize {
    headers.iter().map(|(name, value)| name.as_str().len() + 2 + value.len() + 2).sum()
}

/// Bytes of the head of a response, as actix-http writes it.
fn head_bytes(response: &ServiceResponse<BoxBody>, size: &BodySize) -> u64 {
    let head = response.response().head();
    let request = response.request();
    let line = "HTTP/1.1 200 \r\n".len() + head.reason().len();
    let body = match size {
        BodySize::Sized(length) => "content-length: \r\n".len() as u64 + digit_count(*length, 10),
        BodySize::Stream if request.version() >= Version::HTTP_11 => {
            "transfer-encoding: chunked\r\n".len() as u64
        }
        BodySize::Stream | BodySize::None => 0,
    };
    let connection = match request.head().connection_type() {
        ConnectionType::Close if request.version() >= Version::HTTP_11 => "connection: close\r\n".len(),
        ConnectionType::KeepAlive if request.version() < Version::HTTP_11 && *size != BodySize::Stream => {
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
    fn digits_are_counted_in_each_base() {
        for (number, decimal, hex) in [(0, 1, 1), (9, 1, 1), (10, 2, 1), (15, 2, 1), (16, 2, 2), (256, 3, 3)]
        {
            assert_eq!((digit_count(number, 10), digit_count(number, 16)), (decimal, hex), "{number}");
        }
    }

    #[test]
    fn a_chunk_reports_its_own_bytes_whatever_its_length() {
        for length in 0..5_000 {
            for kind in [ChunkKind::Inner, ChunkKind::Last] {
                let counter =
                    ByteCounter { up: Cell::new(7), down: Cell::new(length % 1_003), is_chunked: true };
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
