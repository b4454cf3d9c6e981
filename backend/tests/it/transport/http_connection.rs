//! HTTP/1.1 over one kept connection, read as the bytes come: an event stream has no end.

use crate::socket::PATIENCE;
use shared::{ErrorCode, api::Problem};
use std::{io, net::SocketAddr};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::TcpStream,
    time::timeout,
};

/// A kept connection to the server.
pub(crate) struct HttpConnection(BufReader<TcpStream>);

/// The head of a response.
pub(crate) struct Head {
    pub(crate) status: u16,
    lines: Vec<String>,
}

impl Head {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.lines.iter().find_map(|line| {
            let (key, value) = line.split_once(": ")?;
            key.eq_ignore_ascii_case(name).then_some(value)
        })
    }
}

impl HttpConnection {
    pub(crate) async fn open(address: SocketAddr) -> io::Result<Self> {
        Ok(HttpConnection(BufReader::new(TcpStream::connect(address).await?)))
    }

    pub(crate) async fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.0.write_all(bytes).await
    }

    /// The head of the next response. A poll may wait, so the caller bounds the time.
    pub(crate) async fn head(&mut self) -> io::Result<Head> {
        let mut lines = Vec::new();
        loop {
            let mut line = String::new();
            if self.0.read_line(&mut line).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            let line = line.trim_end().to_owned();
            if line.is_empty() {
                break;
            }
            lines.push(line);
        }
        let status = lines[0].split(' ').nth(1).and_then(|status| status.parse().ok());
        Ok(Head { status: status.ok_or(io::ErrorKind::InvalidData)?, lines })
    }

    /// The next chunk of a chunked body; `None` behind the last one.
    pub(crate) async fn chunk(&mut self) -> io::Result<Option<Vec<u8>>> {
        let mut line = String::new();
        if self.0.read_line(&mut line).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let length = usize::from_str_radix(line.trim_end(), 16).map_err(|_| io::ErrorKind::InvalidData)?;
        let mut chunk = vec![0; length + 2];
        self.0.read_exact(&mut chunk).await?;
        chunk.truncate(length);
        Ok((length > 0).then_some(chunk))
    }

    /// The body of a response with 200, or the status and the code of the problem.
    pub(crate) async fn answer(&mut self) -> Result<String, (u16, ErrorCode)> {
        let head = timeout(PATIENCE, self.head()).await.expect("an answer in time").unwrap();
        let body = self.body(&head).await.unwrap();
        if head.status == 200 {
            return Ok(body);
        }
        assert_eq!(head.header("content-type"), Some("application/problem+json"), "{body}");
        let problem: Problem = serde_json::from_str(&body).unwrap();
        assert_eq!(problem.status, head.status);
        Err((head.status, problem.code))
    }

    /// Reads the whole body.
    pub(crate) async fn body(&mut self, head: &Head) -> io::Result<String> {
        let mut body = Vec::new();
        match head.header("content-length") {
            Some(length) => {
                body = vec![0; length.parse().map_err(|_| io::ErrorKind::InvalidData)?];
                timeout(PATIENCE, self.0.read_exact(&mut body)).await.expect("a body in time")?;
            }
            None => {
                while let Some(chunk) = timeout(PATIENCE, self.chunk()).await.expect("a body in time")? {
                    body.extend(chunk);
                }
            }
        }
        String::from_utf8(body).map_err(|_| io::ErrorKind::InvalidData.into())
    }
}
