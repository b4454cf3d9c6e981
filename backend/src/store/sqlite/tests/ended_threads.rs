//! A thread of the store that panics ends the store.

use super::*;

/// Waits until the store has ended, and checks the reason.
async fn ends(log: &mut TestLog, why: &str) {
    let health = log.store().health();
    let ended = tokio::time::timeout(Duration::from_secs(60), health.wait_for_end()).await;
    assert!(ended.is_ok(), "the end of the thread goes unnoticed");
    assert_eq!(health.refusal(), Some(why));
}

#[tokio::test]
async fn the_store_ends_when_a_reader_panics() {
    let mut log = TestLog::new().await;
    log.faults.reader_panics.store(true, Ordering::SeqCst);
    assert_eq!(log.page(PageAnchor::Newest).await, Err(ErrorCode::StoreRefused));
    ends(&mut log, "a database reader stopped").await;
}

#[tokio::test]
async fn the_store_ends_when_the_checkpointer_panics() {
    let mut log = TestLog::new().await;
    log.faults.checkpointer_panics.store(true, Ordering::SeqCst);
    let text = "x".repeat(16 << 10);
    let pages = usize::try_from(WAL_PAGES).unwrap();
    // Each message has more than four pages.
    for id in 0..pages / 4 {
        let client_id = ClientId((id as u128).to_be_bytes());
        let change = Change::Post {
            room: RoomId::LOBBY,
            author: MemberId(1),
            tag: None,
            client_id,
            text: text.clone(),
        };
        let _ = log.store().append(vec![change], 1).await;
        if !log.faults.checkpointer_panics.load(Ordering::SeqCst) {
            break;
        }
    }
    ends(&mut log, "the database checkpointer stopped").await;
}
