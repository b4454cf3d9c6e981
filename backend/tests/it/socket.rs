//! A foreign WebSocket client with a deadline on every wait, and a raw socket for bytes that no client would
//! send.

use futures_util::{SinkExt, StreamExt};
use shared::{Command, Event};
use std::{net::SocketAddr, time::Duration};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};
use tokio_tungstenite::{
    WebSocketStream, client_async,
    tungstenite::{Error, Message, client::IntoClientRequest, protocol::CloseFrame},
};

/// Longer than any step takes on a busy machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) struct Socket(pub(crate) WebSocketStream<TcpStream>);

impl Socket {
    pub(crate) async fn open(
        address: SocketAddr,
        path: &str,
        headers: &[(&'static str, String)],
    ) -> Result<Self, u16> {
        let mut request = format!("ws://{address}{path}").into_client_request().unwrap();
        for (name, value) in headers {
            request.headers_mut().insert(*name, value.parse().unwrap());
        }
        let stream = TcpStream::connect(address).await.unwrap();
        match timeout(PATIENCE, client_async(request, stream)).await.expect("a handshake") {
            Ok((socket, _)) => Ok(Socket(socket)),
            Err(Error::Http(response)) => Err(response.status().as_u16()),
            Err(other) => panic!("{other}"),
        }
    }

    pub(crate) async fn send_text(&mut self, text: &str) {
        self.0.send(Message::text(text)).await.unwrap();
    }

    pub(crate) async fn send_binary(&mut self, bytes: &[u8]) {
        self.0.send(Message::binary(bytes.to_vec())).await.unwrap();
    }

    pub(crate) async fn command(&mut self, command: &Command) {
        self.send_text(&serde_json::to_string(command).unwrap()).await;
    }

    /// The next message that is neither ping nor pong.
    pub(crate) async fn next(&mut self) -> Message {
        loop {
            let message = timeout(PATIENCE, self.0.next()).await.expect("a message in time");
            match message.expect("the connection is open").expect("a good frame") {
                Message::Ping(_) | Message::Pong(_) => {}
                message => return message,
            }
        }
    }

    pub(crate) async fn next_text(&mut self) -> String {
        match self.next().await {
            Message::Text(text) => text.to_string(),
            other => panic!("{other:?} is no text"),
        }
    }

    pub(crate) async fn next_binary(&mut self) -> Vec<u8> {
        match self.next().await {
            Message::Binary(bytes) => bytes.to_vec(),
            other => panic!("{other:?} is not binary"),
        }
    }

    /// The next event that is not about presence, which may come at any time.
    pub(crate) async fn event(&mut self) -> Event {
        loop {
            let text = self.next_text().await;
            match serde_json::from_str(&text).unwrap() {
                Event::Here(_) | Event::Away(_) | Event::Gone(_) | Event::Ping(_) => {}
                event => return event,
            }
        }
    }

    /// Reads the close frame, and checks that TCP ends behind it. Returns code and reason.
    pub(crate) async fn closed(&mut self) -> (u16, String) {
        let frame = loop {
            match self.next().await {
                Message::Close(frame) => break frame,
                _ => continue,
            }
        };
        let end = timeout(PATIENCE, self.0.next()).await.expect("the end of TCP");
        assert!(!matches!(end, Some(Ok(_))), "{end:?} after the close");
        let CloseFrame { code, reason } =
            frame.unwrap_or(CloseFrame { code: 1005.into(), reason: "".into() });
        (code.into(), reason.to_string())
    }
}

/// A socket after its handshake, byte by byte.
pub(crate) struct Raw(pub(crate) TcpStream);

impl Raw {
    pub(crate) async fn open(address: SocketAddr, path: &str) -> Self {
        Raw::over(TcpStream::connect(address).await.unwrap(), path).await
    }

    pub(crate) async fn over(stream: TcpStream, path: &str) -> Self {
        Raw::with(stream, path, &[]).await
    }

    /// Opens a WebSocket on this stream, with more headers.
    pub(crate) async fn with(mut stream: TcpStream, path: &str, headers: &[(&str, String)]) -> Self {
        let more: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        let address = stream.peer_addr().unwrap();
        let head = format!(
            "GET {path} HTTP/1.1\r\nHost: {address}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n{more}\r\n"
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        while !answer.ends_with(b"\r\n\r\n") {
            answer.push(stream.read_u8().await.unwrap());
        }
        let answer = String::from_utf8(answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 101"), "{answer}");
        assert!(answer.contains("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="), "RFC 6455 §1.3: {answer}");
        Raw(stream)
    }

    /// Sends bytes. The server may have hung up already.
    pub(crate) async fn send(&mut self, bytes: &[u8]) {
        let _ = self.0.write_all(bytes).await;
    }

    /// Reads everything up to the end of TCP.
    pub(crate) async fn rest(&mut self) -> Vec<u8> {
        let mut bytes = Vec::new();
        let _ = timeout(PATIENCE, self.0.read_to_end(&mut bytes)).await.expect("the end of TCP");
        bytes
    }

    /// Reads to the end of TCP. Returns the code of the close frame there.
    pub(crate) async fn closed(&mut self) -> u16 {
        let bytes = self.rest().await;
        let close =
            bytes.iter().rposition(|byte| *byte == 0x88).unwrap_or_else(|| panic!("no close in {bytes:x?}"));
        u16::from_be_bytes([bytes[close + 2], bytes[close + 3]])
    }
}

/// Encodes a masked frame, as clients send them.
pub(crate) fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![first];
    match payload.len() {
        length @ 0..126 => frame.push(0x80 | u8::try_from(length).unwrap()),
        length @ 126..65_536 => {
            frame.push(0x80 | 126);
            frame.extend(u16::try_from(length).unwrap().to_be_bytes());
        }
        length => {
            frame.push(0x80 | 127);
            frame.extend((length as u64).to_be_bytes());
        }
    }
    let mask = [0x37, 0xfa, 0x21, 0x3d];
    frame.extend(mask);
    frame.extend(payload.iter().zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask));
    frame
}
