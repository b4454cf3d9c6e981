//! The head of an HTTP request, as the static server and the proxies read it.

use tokio::{io::AsyncReadExt, net::TcpStream};

/// Bytes of a request's head. A longer head ends the connection.
const HEAD_BYTES_MAX: usize = 16 << 10;

/// Reads a request's head, including its final empty line. Returns none if the head is too long or
/// incomplete.
pub(crate) async fn read_head(stream: &mut TcpStream) -> Option<String> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        if head.len() >= HEAD_BYTES_MAX {
            return None;
        }
        head.push(stream.read_u8().await.ok()?);
    }
    String::from_utf8(head).ok()
}
