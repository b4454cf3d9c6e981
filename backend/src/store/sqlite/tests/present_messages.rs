//! A page has each message as it is now. No change of this build edits or deletes a message, so the tests write the
//! rows that such a change will write.

use super::*;

/// Adds an event of the lobby that is no message.
fn add(db: &rusqlite::Connection, n: i64, kind: &str, text: Option<&str>) {
    db.execute(
        "INSERT INTO events (n, partition, prev, kind, author, at, body, text, mark)
         VALUES (?1, 5, 0, ?2, 1, 1, '{}', ?3, 0)",
        (n, kind, text),
    )
    .unwrap();
}

#[tokio::test]
async fn a_page_has_each_message_as_it_is_now() {
    let mut log = TestLog::new().await;
    // The member's joining has position 1.
    for (id, text) in (2..).zip(["a", "b", "c", "d"]) {
        assert_eq!(log.post(id, text).await.unwrap().n, u64::from(id));
    }
    let db = rusqlite::Connection::open(LogFiles::of(&log.path).log).unwrap();
    add(&db, 6, "edited", Some("B"));
    add(&db, 7, "edited", Some("B!"));
    add(&db, 8, "deleted", None);
    db.execute_batch("INSERT INTO messages VALUES (3, 3, FALSE, 7), (4, 2, TRUE, 8)").unwrap();
    for at in [PageAnchor::Newest, PageAnchor::After(0), PageAnchor::Around(4)] {
        assert_eq!(texts(&log.page(at).await.unwrap().messages), ["a", "B!", "", "d"], "{at:?}");
    }
    // A row that names no event must not bring back what was deleted.
    db.execute_batch("UPDATE messages SET last_edit = 70 WHERE n = 4").unwrap();
    assert_eq!(texts(&log.messages().await), ["a", "B!", "", "d"]);
}

#[tokio::test]
async fn a_page_finds_each_row_by_a_key() {
    let log = TestLog::new().await;
    let db = database::reader(&LogFiles::of(&log.path).log).unwrap();
    let query = history::select("e.n < ?2 ORDER BY e.n DESC LIMIT ?3");
    let mut explain = db.prepare(&format!("EXPLAIN QUERY PLAN {query}")).unwrap();
    let plan = explain.query_map((4, 9, 50), |row| row.get(3)).unwrap();
    let plan: Vec<String> = plan.map(Result::unwrap).collect();
    let wanted = [
        "SEARCH e USING INDEX events_by_shelf (partition=? AND rowid<?)",
        "SEARCH m USING INTEGER PRIMARY KEY (rowid=?) LEFT-JOIN",
        // It runs only for a message that has a row in `messages`.
        "CORRELATED SCALAR SUBQUERY 1",
        "SEARCH v USING INTEGER PRIMARY KEY (rowid=?)",
    ];
    assert_eq!(plan, wanted);
}
