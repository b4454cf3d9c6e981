//! A bug of the server closes one connection only.

use crate::test_server::{ServerOptions, TestServer};
use std::sync::Arc;

#[tokio::test]
async fn a_panic_closes_only_its_own_connection() {
    let hook = Arc::new(|text: &str| assert_ne!(text, "boom", "as the test wants it"));
    let server =
        TestServer::with_options(ServerOptions { inbound_hook: Some(hook), ..ServerOptions::default() });
    let mut others = Vec::new();
    // More than there are workers, so that some share a worker with the panic.
    for _ in 0..8 {
        others.push(server.open_text_socket().await);
    }
    let mut panicking = server.open_text_socket().await;
    panicking.send_text("boom").await;
    assert_eq!(panicking.closed().await.0, 1011);
    others[0].send_text("still here").await;
    for other in &mut others {
        loop {
            if let tokio_tungstenite::tungstenite::Message::Text(text) = other.next().await {
                assert_eq!(text.as_str(), "still here");
                break;
            }
        }
    }
}
