//! The end of the server.

use crate::house::House;
use shared::close::retry_ms;
use std::time::{Duration, Instant};

#[tokio::test]
async fn everyone_is_told_when_to_come_back() {
    let mut house = House::open();
    let (mut plain, mut member) = (house.plain().await, house.enter("Wei").await);
    let started = Instant::now();
    house.ask_to_end();
    let (plain_code, plain_reason) = plain.closed().await;
    let (member_code, member_reason) = member.closed().await;
    assert_eq!((plain_code, member_code), (1012, 1012));
    assert!(
        retry_ms(&plain_reason).is_some() && retry_ms(&member_reason).is_some(),
        "{plain_reason} {member_reason}"
    );
    tokio::task::spawn_blocking(move || house.end().unwrap()).await.unwrap();
    assert!(started.elapsed() < Duration::from_secs(5), "{:?}", started.elapsed());
}

#[tokio::test]
async fn a_peer_that_does_not_answer_does_not_hold_up_the_end() {
    let mut house = House::open();
    let silent = crate::socket::Raw::open(house.address, "/conn_ws").await;
    let started = Instant::now();
    house.ask_to_end();
    tokio::task::spawn_blocking(move || house.end().unwrap()).await.unwrap();
    assert!(started.elapsed() < Duration::from_secs(5), "{:?}", started.elapsed());
    drop(silent);
}
