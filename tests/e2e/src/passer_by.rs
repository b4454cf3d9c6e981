//! Who talks in the lobby without a page and without a name: a client of the plain dialect.

use crate::wait::SOON;
use futures_util::{SinkExt, StreamExt};
use std::net::SocketAddr;
use tokio::{net::TcpStream, time::timeout};
use tokio_tungstenite::{WebSocketStream, client_async, tungstenite::Message};

/// The client.
#[derive(Debug)]
pub struct PasserBy(WebSocketStream<TcpStream>);

impl PasserBy {
    /// Comes to a house.
    ///
    /// # Panics
    /// If the house does not take it.
    pub async fn at(house: SocketAddr) -> PasserBy {
        let socket = async {
            let stream = TcpStream::connect(house).await.map_err(|error| error.to_string())?;
            let opened = client_async(format!("ws://{house}/conn_ws"), stream).await;
            opened.map_err(|error| error.to_string())
        };
        let socket = timeout(SOON, socket).await.unwrap_or_else(|_| panic!("{house} does not answer"));
        PasserBy(socket.unwrap_or_else(|error| panic!("{house}: {error}")).0)
    }

    /// Says these texts as fast as the house takes them, and hears the last of them: all are in the log.
    ///
    /// # Panics
    /// If that takes longer than [`SOON`], or the connection ends.
    pub async fn say(&mut self, texts: &[String]) {
        let (mut says, mut hears) = (&mut self.0).split();
        let saying = async {
            for text in texts {
                says.feed(Message::text(text.as_str())).await.unwrap_or_else(|error| panic!("{error}"));
            }
            says.flush().await.unwrap_or_else(|error| panic!("{error}"));
        };
        let hearing = async {
            let mut heard = 0;
            while heard < texts.len() {
                match hears.next().await {
                    Some(Ok(Message::Text(text))) => heard += usize::from(texts[heard] == text.as_str()),
                    Some(Ok(_)) => {}
                    other => panic!("no more is heard: {other:?}"),
                }
            }
        };
        let both = timeout(SOON, async { tokio::join!(saying, hearing) }).await;
        assert!(both.is_ok(), "not all was said within {SOON:?}");
    }
}
