//! A static file server, for pages of another origin than the server under test.

use crate::{port, request_head::read_head};
use std::{
    collections::BTreeMap,
    net::{Ipv4Addr, SocketAddr},
    sync::Arc,
};
use tokio::{
    io::AsyncWriteExt,
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};

/// The static server, stopped when dropped.
#[derive(Debug)]
pub struct StaticServer {
    address: SocketAddr,
    task: JoinHandle<()>,
}

impl Drop for StaticServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl StaticServer {
    /// Serves HTML texts under their paths, such as `/x.html`.
    ///
    /// # Panics
    /// If no port is free.
    pub async fn start(files: impl IntoIterator<Item = (&'static str, String)>) -> StaticServer {
        let files: Arc<BTreeMap<_, _>> = Arc::new(files.into_iter().collect());
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port::free()));
        let listener = TcpListener::bind(address).await;
        let listener = listener.unwrap_or_else(|error| panic!("{address}: {error}"));
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(answer(stream, Arc::clone(&files)));
            }
        });
        StaticServer { address, task }
    }

    /// Returns the origin of the pages, without a slash at the end.
    pub fn origin(&self) -> String {
        format!("http://{}", self.address)
    }
}

async fn answer(mut stream: TcpStream, files: Arc<BTreeMap<&'static str, String>>) {
    let Some(head) = read_head(&mut stream).await else { return };
    let path = head.split(' ').nth(1).unwrap_or_default();
    let path = path.split('?').next().unwrap_or_default();
    // Answer 204 for the icon; a 404 would be an error in the console.
    let (status, body) = match files.get(path) {
        Some(file) => ("200 OK", file.as_str()),
        None if path == "/favicon.ico" => ("204 No Content", ""),
        None => ("404 Not Found", ""),
    };
    let head = format!(
        "HTTP/1.1 {status}\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    );
    // Ignore the error: the browser may have closed the connection.
    let _ = stream.write_all(format!("{head}{body}").as_bytes()).await;
}
