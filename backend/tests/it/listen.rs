//! Several listeners of one server.

use crate::{http, program::Program, test_server::TestServer};
use std::net::{Ipv6Addr, SocketAddr, TcpListener};
use tokio_tungstenite::tungstenite::Message;

#[tokio::test]
async fn localhost_is_one_house_on_both_families() {
    if TcpListener::bind((Ipv6Addr::LOCALHOST, 0)).is_err() {
        return println!("this machine has no IPv6");
    }
    let mut program = Program::spawn(&["--listen", "localhost:0"], |_| {});
    let four = program.server();
    assert!(four.address.is_ipv4(), "people get the shorter address");
    let six = TestServer::at_address(SocketAddr::from((Ipv6Addr::LOCALHOST, four.address.port())));
    assert_eq!(http::get(&six, "/readyz", &[]).await.status, 200);
    // Each worker has connections of both listeners.
    let (mut listeners, mut talker) = (Vec::new(), six.open_text_socket().await);
    for number in 0..8 {
        let server = if number % 2 == 0 { &four } else { &six };
        listeners.push(server.open_text_socket().await);
    }
    talker.send_text("one house").await;
    for listener in &mut listeners {
        // The others' first messages come before.
        let text = loop {
            if let Message::Text(text) = listener.next().await {
                break text;
            }
        };
        assert_eq!(text.as_str(), "one house");
    }
}
