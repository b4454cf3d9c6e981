//! Our own bug ends one connection.

use crate::house::{House, Plan};
use std::sync::Arc;

#[tokio::test]
async fn a_panic_ends_its_connection_and_no_other() {
    let hook = Arc::new(|text: &str| assert_ne!(text, "boom", "as the test wants it"));
    let house = House::of(Plan { inbound_hook: Some(hook), ..Plan::default() });
    let mut others = Vec::new();
    // More than there are workers, so that some share one with the victim.
    for _ in 0..8 {
        others.push(house.plain().await);
    }
    let mut victim = house.plain().await;
    victim.send_text("boom").await;
    assert_eq!(victim.closed().await.0, 1011);
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
