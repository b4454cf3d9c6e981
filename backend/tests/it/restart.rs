//! The shutdown of the server.

use crate::test_server::TestServer;
use shared::close::retry_ms;

#[tokio::test]
async fn a_restart_closes_with_1012_and_a_retry_hint() {
    let mut server = TestServer::start();
    let (mut plain, mut member) = (server.open_text_socket().await, server.join_and_open("Wei").await);
    server.request_shutdown();
    let (plain_code, plain_reason) = plain.closed().await;
    let (member_code, member_reason) = member.closed().await;
    assert_eq!((plain_code, member_code), (1012, 1012));
    assert!(
        retry_ms(&plain_reason).is_some() && retry_ms(&member_reason).is_some(),
        "{plain_reason} {member_reason}"
    );
    server.ended().await;
}

#[tokio::test]
async fn a_silent_peer_does_not_delay_shutdown() {
    let mut server = TestServer::start();
    let silent = crate::socket::Raw::open(server.address, "/conn_ws").await;
    server.request_shutdown();
    // The server ends while the peer still holds its socket open.
    server.ended().await;
    drop(silent);
}
