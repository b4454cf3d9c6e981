//! A house whose page is of another build than the house itself: what somebody
//! sees whose browser held the page while the server was replaced.
//!
//! An HTTP proxy before the house puts one comment into `index.html`, before
//! anything else that names a build. The scripts stay as they are, and so does
//! the content security policy that names them by their hashes.

use crate::{port, shelf::read_head};
use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};

/// What the page will take as its own build.
const BUILD: &str = "<!-- /frontend-0123456789abcdef.js -->";

/// The proxy; gone when it is dropped.
#[derive(Debug)]
pub struct OlderPage {
    address: SocketAddr,
    task: JoinHandle<()>,
}

impl Drop for OlderPage {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl OlderPage {
    /// Serves `house` with an older page.
    ///
    /// # Panics
    /// If the system gives no port.
    pub async fn of(house: SocketAddr) -> OlderPage {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port::free()));
        let listener = TcpListener::bind(address).await;
        let listener = listener.unwrap_or_else(|error| panic!("{address}: {error}"));
        let task = tokio::spawn(async move {
            while let Ok((page, _)) = listener.accept().await {
                // A connection that breaks is the browser's to try again.
                tokio::spawn(async move { drop(carry(page, house).await) });
            }
        });
        OlderPage { address, task }
    }

    /// Its address as one opens it.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

async fn carry(mut page: TcpStream, house: SocketAddr) -> io::Result<()> {
    let Some(head) = read_head(&mut page).await else { return Ok(()) };
    let mut house = TcpStream::connect(house).await?;
    if head.to_ascii_lowercase().contains("\r\nupgrade: websocket\r\n") {
        house.write_all(head.as_bytes()).await?;
        copy_bidirectional(&mut page, &mut house).await?;
        return Ok(());
    }
    // One request for each connection: only its head is looked at.
    let head = with(&head, &["connection", "accept-encoding", "if-none-match"], "Connection: close");
    house.write_all(head.as_bytes()).await?;
    if !head.starts_with("GET / ") {
        copy_bidirectional(&mut page, &mut house).await?;
        return Ok(());
    }
    let mut answer = String::new();
    house.read_to_string(&mut answer).await?;
    page.write_all(older(&answer).as_bytes()).await
}

/// The answer with the other build in it.
fn older(answer: &str) -> String {
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((answer, ""));
    // Inside of <html>, before all that is in it.
    let start = body.find("<html").and_then(|tag| Some(tag + body.get(tag..)?.find('>')? + 1)).unwrap_or(0);
    let body = format!("{}{BUILD}{}", &body[..start], &body[start..]);
    let length = format!("Content-Length: {}", body.len());
    format!("{}{body}", with(&format!("{head}\r\n\r\n"), &["content-length", "etag"], &length))
}

/// A head without these fields, and with this line.
fn with(head: &str, without: &[&str], line: &str) -> String {
    let is_kept = |line: &&str| {
        let name = line.split(':').next().unwrap_or_default();
        !line.is_empty() && !without.iter().any(|gone| name.eq_ignore_ascii_case(gone))
    };
    let mut lines: Vec<&str> = head.split("\r\n").filter(is_kept).collect();
    lines.push(line);
    format!("{}\r\n\r\n", lines.join("\r\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_other_build_comes_first_inside_of_html() {
        let answer = "HTTP/1.1 200 OK\r\nContent-Length: 42\r\nETag: \"x\"\r\nX: y\r\n\r\n\
            <!doctype html><html lang=\"en\"><script>import '/frontend-ff.js'</script>";
        let older = older(answer);
        let (head, body) = older.split_once("\r\n\r\n").unwrap();
        assert!(
            body.starts_with(
                "<!doctype html><html lang=\"en\"><!-- /frontend-0123456789abcdef.js --><script>"
            )
        );
        assert_eq!(head, format!("HTTP/1.1 200 OK\r\nX: y\r\nContent-Length: {}", body.len()));
    }
}
