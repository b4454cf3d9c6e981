//! An HTTP proxy that serves the page with the mark of an older build. A browser shows such a page if it
//! loaded the page before the server was replaced.
//!
//! The proxy can also answer as if the files of such a page were gone from the server.
//!
//! The proxy inserts one comment into `index.html`, before anything else that names a build. The
//! scripts do not change, so the hashes in the content security policy still match.

use crate::{port, request_head::read_head};
use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};

/// The comment that the page reads as its own build.
const BUILD: &str = "<!-- /frontend-0123456789abcdef.js -->";

/// The answer to a request for a file that is gone.
const GONE: &str = "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";

/// The proxy, stopped when dropped.
#[derive(Debug)]
pub struct OldBuildProxy {
    address: SocketAddr,
    task: JoinHandle<()>,
}

impl Drop for OldBuildProxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl OldBuildProxy {
    /// Starts the proxy in front of the server at `server`.
    ///
    /// # Panics
    /// If no port is free.
    pub async fn start(server: SocketAddr) -> OldBuildProxy {
        OldBuildProxy::start_without_files(server, 0).await
    }

    /// Starts the proxy. While a browser has asked for the document at most `loads` times, the page's script is gone.
    ///
    /// # Panics
    /// If no port is free.
    pub async fn start_without_files(server: SocketAddr, loads: u32) -> OldBuildProxy {
        let documents = Arc::new(AtomicU32::new(0));
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port::free()));
        let listener = TcpListener::bind(address).await;
        let listener = listener.unwrap_or_else(|error| panic!("{address}: {error}"));
        let task = tokio::spawn(async move {
            while let Ok((browser, _)) = listener.accept().await {
                // Ignore the error: the browser repeats a request whose connection broke.
                let documents = documents.clone();
                tokio::spawn(async move { drop(carry(browser, server, &documents, loads).await) });
            }
        });
        OldBuildProxy { address, task }
    }

    /// Returns the URL of the server behind the proxy.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

async fn carry(
    mut browser: TcpStream,
    server: SocketAddr,
    documents: &AtomicU32,
    loads: u32,
) -> io::Result<()> {
    let Some(head) = read_head(&mut browser).await else { return Ok(()) };
    if head.starts_with("GET / ") {
        documents.fetch_add(1, Ordering::Relaxed);
    }
    let is_script =
        head.starts_with("GET /frontend-") && head.lines().next().is_some_and(|line| line.contains(".js "));
    if is_script && documents.load(Ordering::Relaxed) <= loads {
        return browser.write_all(GONE.as_bytes()).await;
    }
    let mut server = TcpStream::connect(server).await?;
    if head.to_ascii_lowercase().contains("\r\nupgrade: websocket\r\n") {
        server.write_all(head.as_bytes()).await?;
        copy_bidirectional(&mut browser, &mut server).await?;
        return Ok(());
    }
    // Only the first head of a connection is changed, so each connection serves one request.
    let head = with(&head, &["connection", "accept-encoding", "if-none-match"], "Connection: close");
    server.write_all(head.as_bytes()).await?;
    if !head.starts_with("GET / ") {
        copy_bidirectional(&mut browser, &mut server).await?;
        return Ok(());
    }
    let mut answer = String::new();
    server.read_to_string(&mut answer).await?;
    browser.write_all(with_old_build(&answer).as_bytes()).await
}

/// Returns the response with the older build inside.
fn with_old_build(answer: &str) -> String {
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((answer, ""));
    // The comment is the first child of <html>.
    let start = body.find("<html").and_then(|tag| Some(tag + body.get(tag..)?.find('>')? + 1)).unwrap_or(0);
    let body = format!("{}{BUILD}{}", &body[..start], &body[start..]);
    let length = format!("Content-Length: {}", body.len());
    format!("{}{body}", with(&format!("{head}\r\n\r\n"), &["content-length", "etag"], &length))
}

/// Returns the head without the fields `without` and with the line `line`.
fn with(head: &str, without: &[&str], line: &str) -> String {
    let is_kept = |line: &&str| {
        let name = line.split(':').next().unwrap_or_default();
        !line.is_empty() && !without.iter().any(|other| name.eq_ignore_ascii_case(other))
    };
    let mut lines: Vec<&str> = head.split("\r\n").filter(is_kept).collect();
    lines.push(line);
    format!("{}\r\n\r\n", lines.join("\r\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_has_the_old_build_first_inside_html() {
        let answer = "HTTP/1.1 200 OK\r\nContent-Length: 42\r\nETag: \"x\"\r\nX: y\r\n\r\n\
            <!doctype html><html lang=\"en\"><script>import '/frontend-ff.js'</script>";
        let changed = with_old_build(answer);
        let (head, body) = changed.split_once("\r\n\r\n").unwrap();
        assert!(
            body.starts_with(
                "<!doctype html><html lang=\"en\"><!-- /frontend-0123456789abcdef.js --><script>"
            )
        );
        assert_eq!(head, format!("HTTP/1.1 200 OK\r\nX: y\r\nContent-Length: {}", body.len()));
    }
}
