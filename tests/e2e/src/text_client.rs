//! A client of the text dialect, which posts to the lobby without a name.

use crate::wait::TIMEOUT;
use futures_util::{SinkExt, StreamExt};
use std::net::SocketAddr;
use tokio::{net::TcpStream, time::timeout};
use tokio_tungstenite::{WebSocketStream, client_async, tungstenite::Message};

/// The client, connected over a WebSocket.
#[derive(Debug)]
pub struct TextClient(WebSocketStream<TcpStream>);

impl TextClient {
    /// Connects to the server at `server`.
    ///
    /// # Panics
    /// If the server does not accept the connection.
    pub async fn connect(server: SocketAddr) -> TextClient {
        let socket = async {
            let stream = TcpStream::connect(server).await.map_err(|error| error.to_string())?;
            let opened = client_async(format!("ws://{server}/conn_ws"), stream).await;
            opened.map_err(|error| error.to_string())
        };
        let socket = timeout(TIMEOUT, socket).await.unwrap_or_else(|_| panic!("{server} does not answer"));
        TextClient(socket.unwrap_or_else(|error| panic!("{server}: {error}")).0)
    }

    /// Posts these texts as fast as the server reads, and waits until each has come back. All of them are
    /// then in the log.
    ///
    /// # Panics
    /// If that takes longer than [`TIMEOUT`], or the connection ends.
    pub async fn post_all(&mut self, texts: &[String]) {
        let (mut sink, mut stream) = (&mut self.0).split();
        let sending = async {
            for text in texts {
                sink.feed(Message::text(text.as_str())).await.unwrap_or_else(|error| panic!("{error}"));
            }
            sink.flush().await.unwrap_or_else(|error| panic!("{error}"));
        };
        let receiving = async {
            let mut received = 0;
            while received < texts.len() {
                match stream.next().await {
                    Some(Ok(Message::Text(text))) => {
                        received += usize::from(texts[received] == text.as_str())
                    }
                    Some(Ok(_)) => {}
                    other => panic!("the connection ended: {other:?}"),
                }
            }
        };
        let both = timeout(TIMEOUT, async { tokio::join!(sending, receiving) }).await;
        assert!(both.is_ok(), "not all texts came back within {TIMEOUT:?}");
    }
}
