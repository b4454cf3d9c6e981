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
