//! The opening handshake (RFC 6455 §4) of a client, and the floor's answer to it.
//!
//! Every connection uses the key of the RFC's example. Its accept value is known, so neither side needs
//! SHA-1.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use shared::version::WEBSOCKET_PATH;

use super::dial::{DialOptions, dial};
use super::failure::Failure;

const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";
const ACCEPT: &str = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";
/// Time limit for opening one connection.
const OPEN_MAX: Duration = Duration::from_secs(5);
/// Longest head of a request or a response, in bytes.
pub(crate) const HEAD_BYTES_MAX: usize = 4_096;
/// End of a head.
const HEAD_END: &[u8] = b"\r\n\r\n";

/// An open connection, and the bytes received after the handshake.
#[derive(Debug)]
pub(crate) struct OpenedConnection {
    /// Blocking socket without a time limit.
    pub(crate) stream: TcpStream,
    /// First bytes of frames.
    pub(crate) rest: Vec<u8>,
}

/// Opens a connection in the text dialect to `/conn_ws` on `port`. `receive_bytes` sets the size of the
/// socket's receive buffer before TCP negotiates the window.
///
/// # Errors
/// When the server does not complete the handshake in time.
pub(crate) fn open(port: u16, receive_bytes: Option<usize>) -> Result<OpenedConnection, Failure> {
    let options = DialOptions { receive_bytes, ..DialOptions::default() };
    let stream = dial(port, &options).map_err(Failure::at("cannot connect"))?;
    perform_handshake(stream, &request_text(port))
}

/// Opens a v1 connection of the member with this cookie (`name=value`).
///
/// # Errors
/// As [`open`].
pub(crate) fn open_v1(port: u16, cookie: &str, options: &DialOptions) -> Result<OpenedConnection, Failure> {
    let stream = dial(port, options).map_err(Failure::at("cannot connect"))?;
    perform_handshake(stream, &request_v1(port, cookie))
}

/// Request for a connection of the text dialect.
pub(crate) fn request_text(port: u16) -> String {
    request(port, "", "")
}

/// Request for a v1 connection, as the server's own page would send it.
pub(crate) fn request_v1(port: u16, cookie: &str) -> String {
    let more = format!("Origin: http://127.0.0.1:{port}\r\nCookie: {cookie}\r\n");
    request(port, "?v=1", &more)
}

fn request(port: u16, query: &str, more: &str) -> String {
    format!(
        "GET {WEBSOCKET_PATH}{query} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\n\
         Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {KEY}\r\n{more}\r\n"
    )
}

fn perform_handshake(mut stream: TcpStream, request: &str) -> Result<OpenedConnection, Failure> {
    let mut talk = || -> std::io::Result<Vec<u8>> {
        stream.set_read_timeout(Some(OPEN_MAX))?;
        stream.write_all(request.as_bytes())?;
        let mut answer = Vec::new();
        let mut piece = [0; 1_024];
        while head_bytes(&answer).is_none() && answer.len() < HEAD_BYTES_MAX {
            match stream.read(&mut piece)? {
                0 => break,
                count => answer.extend_from_slice(&piece[..count]),
            }
        }
        stream.set_read_timeout(None)?;
        Ok(answer)
    };
    let mut answer = talk().map_err(Failure::at("no answer to the handshake"))?;
    let agreed = head_bytes(&answer).filter(|&bytes| accepts_upgrade(&answer[..bytes]));
    let Some(bytes) = agreed else {
        let line = String::from_utf8_lossy(&answer);
        let line = line.lines().next().unwrap_or("nothing");
        return Err(Failure::new(format!("the handshake was refused: {line}")));
    };
    let rest = answer.split_off(bytes);
    Ok(OpenedConnection { stream, rest })
}

/// Length of the head at the front of `bytes`, its end included.
pub(crate) fn head_bytes(bytes: &[u8]) -> Option<usize> {
    let at = bytes.windows(HEAD_END.len()).position(|window| window == HEAD_END)?;
    Some(at + HEAD_END.len())
}

/// Whether the head of a response accepts our request.
pub(crate) fn accepts_upgrade(head: &[u8]) -> bool {
    let head = String::from_utf8_lossy(head);
    let mut lines = head.lines();
    let switched = lines.next().is_some_and(|line| line.starts_with("HTTP/1.1 101"));
    switched
        && lines
            .filter_map(|line| line.split_once(':'))
            .any(|(name, value)| name.eq_ignore_ascii_case("sec-websocket-accept") && value.trim() == ACCEPT)
}

/// Answer of the floor to a request's head: the handshake to a request of ours, and 200 to any other.
pub(crate) fn answer_as_floor(head: &[u8]) -> (String, FloorAnswer) {
    if String::from_utf8_lossy(head).contains(KEY) {
        let text = format!(
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\
             Connection: Upgrade\r\nSec-WebSocket-Accept: {ACCEPT}\r\n\r\n"
        );
        (text, FloorAnswer::Upgraded)
    } else {
        let text = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
        (text.to_owned(), FloorAnswer::Closed)
    }
}

/// State of a connection after the floor's answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FloorAnswer {
    /// Frames follow on the connection.
    Upgraded,
    /// The connection ends.
    Closed,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_floors_answer_is_accepted() {
        let request = format!("GET /conn_ws HTTP/1.1\r\nSec-WebSocket-Key: {KEY}\r\n\r\n");
        let (text, then) = answer_as_floor(request.as_bytes());
        assert_eq!(then, FloorAnswer::Upgraded);
        assert_eq!(head_bytes(text.as_bytes()), Some(text.len()));
        assert!(accepts_upgrade(text.as_bytes()));
        assert!(!accepts_upgrade(text.to_lowercase().as_bytes()), "the value has its case");
        let (text, then) = answer_as_floor(b"GET /readyz HTTP/1.1\r\n\r\n");
        assert_eq!(then, FloorAnswer::Closed);
        assert!(!accepts_upgrade(text.as_bytes()));
    }

    #[test]
    fn a_head_ends_at_its_empty_line() {
        assert_eq!(head_bytes(b"HTTP/1.1 101 x\r\n\r\n\x81\x00"), Some(18));
        assert_eq!(head_bytes(b"HTTP/1.1 101 x\r\n\r"), None);
        assert_eq!(head_bytes(b""), None);
    }
}
