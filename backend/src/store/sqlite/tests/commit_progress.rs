//! The writer notes by itself that a commit is durable.

use super::*;
use crate::store::commit_progress::CommitStall;
use std::time::Instant;

#[tokio::test]
async fn outcomes_that_nobody_takes_are_no_stall_of_the_store() {
    let mut log = TestLog::new().await;
    let health = log.store().health();
    for is_refused in [false, true] {
        log.faults.is_read_only.store(is_refused, Ordering::SeqCst);
        health.commits().begin();
        let append = log.store().append(vec![post(1 + u8::from(is_refused), "tea")], 1);
        let since = Instant::now();
        while !matches!(health.commits().stall(Duration::ZERO), Some(CommitStall::Registry(_))) {
            assert!(since.elapsed() < Duration::from_secs(30), "{:?}", health.commits());
            std::thread::yield_now();
        }
        assert_eq!(append.await[0].is_err(), is_refused);
        health.commits().end();
    }
}
