//! A bare loop that inserts the rows of posts into the server's own tables, in transactions that are synced
//! as the server's are.

use std::path::Path;
use std::time::{Duration, Instant};

use rusqlite::{Connection, params};

use crate::linux::failure::Failure;
use crate::linux::rng::Rng;

/// Posts of one transaction.
pub(super) const ROWS: u64 = 64;
/// Time for which the loop runs.
const TIME: Duration = Duration::from_secs(4);
/// Pages in the write-ahead log at which it is checkpointed, as in the server.
const WAL_PAGES: u64 = 4_000;
/// Body of each post, about as long as the server's.
const BODY: &str = r#"{"seq":12345,"name":"Poster 123"}"#;
/// Text of each post, as long as a poster's.
const TEXT: &str = "The kettle is on, and a cup of Longjing waits for you by the window.";

/// Posts a second into the log of this folder, whose server has ended. The log is unusable afterwards.
pub(super) fn measure_rate(data: &Path, rooms: usize) -> Result<f64, Failure> {
    insert(&data.join(backend::store::sqlite::FILE), i64::try_from(rooms).unwrap_or(i64::MAX))
        .map_err(Failure::at("the bare loop"))
}

fn insert(log: &Path, rooms: i64) -> rusqlite::Result<f64> {
    let db = Connection::open(log)?;
    db.execute_batch(&format!(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA secure_delete = ON;
         PRAGMA cache_size = -65536; PRAGMA wal_autocheckpoint = {WAL_PAGES};"
    ))?;
    let first: i64 = db.query_row("SELECT coalesce(max(n), 0) FROM events", (), |row| row.get(0))?;
    let mut rng = Rng::new(2);
    let (begin, mut n) = (Instant::now(), first);
    while begin.elapsed() < TIME {
        db.execute_batch("BEGIN IMMEDIATE")?;
        for _ in 0..ROWS {
            n += 1;
            let (room, at) = (n % rooms + 2, 1_767_225_600_000 + n);
            let prev = (n - rooms).max(0);
            let mut event = db.prepare_cached(
                "INSERT INTO events (n, partition, prev, kind, author, client_id, at, body, text)
                 VALUES (?1, ?2, ?3, 'posted', ?4, ?5, ?6, ?7, ?8)",
            )?;
            event.execute(params![n, room * 4, prev, room, rng.bytes(), at, BODY, TEXT])?;
        }
        db.execute_batch("COMMIT")?;
    }
    Ok((n - first) as f64 / begin.elapsed().as_secs_f64())
}
