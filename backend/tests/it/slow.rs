//! A client that never reads harms nobody.

use crate::{
    house::House,
    socket::{PATIENCE, Raw},
};
use std::time::{Duration, Instant};
use tokio::{io::AsyncReadExt, time::timeout};

#[tokio::test]
async fn one_that_reads_again_is_told_4008() {
    let house = House::with(|config| config.limit_posts = 0);
    let mut talker = house.plain().await;
    let mut slow = Raw::open(house.address, "/conn_ws").await;
    let text = "x".repeat(60_000);
    // More than its queue and all the kernel's buffers hold.
    for _ in 0..400 {
        talker.send_text(&text).await;
        talker.next_text().await;
    }
    let bytes = slow.rest().await;
    assert!(bytes.len() < 400 * 60_000, "its queue was dropped");
    assert_eq!(bytes[bytes.len() - 8..], *b"\x88\x06\x0f\xa8slow", "4008");
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn one_that_never_reads_is_gone_within_25_seconds() {
    let house = House::with(|config| config.limit_posts = 0);
    let mut talker = house.plain().await;
    let mut slow = Raw::open(house.address, "/conn_ws").await;
    let text = "x".repeat(60_000);
    for _ in 0..400 {
        talker.send_text(&text).await;
        talker.next_text().await;
    }
    let started = Instant::now();
    // Its window stays shut; the kernel of the server ends it.
    while house.sockets() > 1 {
        assert!(started.elapsed() < Duration::from_secs(25), "still {} sockets", house.sockets());
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let mut byte = [0];
    let _ = timeout(PATIENCE, slow.0.read(&mut byte)).await;
    talker.send_text("still here").await;
    assert_eq!(talker.next_text().await, "still here");
}

#[tokio::test]
async fn a_burst_does_not_close_those_who_read() {
    let house = House::with(|config| config.limit_posts = 0);
    let (mut first, mut second) = (house.plain().await, house.plain().await);
    first.next_binary().await;
    let mut talker = Raw::open(house.address, "/conn_ws").await;
    // Three times what a queue holds, as fast as one can send.
    let text = "x".repeat(65_536);
    let bytes: Vec<u8> = (0..48).flat_map(|_| crate::socket::frame(0x81, text.as_bytes())).collect();
    let sending = talker.send(&bytes);
    let reading = async {
        for _ in 0..48 {
            assert_eq!(first.next_text().await.len(), text.len());
            assert_eq!(second.next_text().await.len(), text.len());
        }
    };
    tokio::join!(sending, reading);
}

#[tokio::test]
async fn the_longest_texts_do_not_lock_the_door() {
    let house = House::with(|config| config.limit_posts = 0);
    let mut talker = house.plain().await;
    // Each character takes six bytes in JSON.
    let text = "\u{1}".repeat(65_536);
    for _ in 0..20 {
        talker.send_text(&text).await;
        talker.next_text().await;
    }
    house.enter("Wei").await;
}
