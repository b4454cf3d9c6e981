//! A server of a few fixed files, for pages that come from elsewhere than the
//! house: another origin.

use crate::port;
use std::{
    collections::BTreeMap,
    net::{Ipv4Addr, SocketAddr},
    sync::Arc,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};

/// Bytes of a request's head. Past it the connection ends.
const HEAD_BYTES_MAX: usize = 16 << 10;

/// The shelf; gone when it is dropped.
#[derive(Debug)]
pub struct Shelf {
    address: SocketAddr,
    task: JoinHandle<()>,
}

impl Drop for Shelf {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Shelf {
    /// Serves these HTML texts under these paths (`/x.html`).
    ///
    /// # Panics
    /// If the system gives no port.
    pub async fn of(files: impl IntoIterator<Item = (&'static str, String)>) -> Shelf {
        let files: Arc<BTreeMap<_, _>> = Arc::new(files.into_iter().collect());
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port::free()));
        let listener = TcpListener::bind(address).await;
        let listener = listener.unwrap_or_else(|error| panic!("{address}: {error}"));
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(answer(stream, Arc::clone(&files)));
            }
        });
        Shelf { address, task }
    }

    /// Where it is, without a slash at the end: the origin of its pages.
    pub fn origin(&self) -> String {
        format!("http://{}", self.address)
    }
}

async fn answer(mut stream: TcpStream, files: Arc<BTreeMap<&'static str, String>>) {
    let Some(head) = read_head(&mut stream).await else { return };
    let path = head.split(' ').nth(1).unwrap_or_default();
    let path = path.split('?').next().unwrap_or_default();
    // An icon that is not there would be red in the console, and is nobody's fault.
    let (status, body) = match files.get(path) {
        Some(file) => ("200 OK", file.as_str()),
        None if path == "/favicon.ico" => ("204 No Content", ""),
        None => ("404 Not Found", ""),
    };
    let head = format!(
        "HTTP/1.1 {status}\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    );
    // A browser that went away wants no answer.
    let _ = stream.write_all(format!("{head}{body}").as_bytes()).await;
}

/// A request's head up to the empty line, that included; none if it does not come whole.
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
