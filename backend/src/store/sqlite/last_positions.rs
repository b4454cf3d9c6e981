//! The last position of each partition that has events, read from the index alone.

use super::{log_error::LogError, partition::Partition, row::from_sql};
use rusqlite::Connection as Database;
use shared::Address;

/// Positions of one partition that are passed before the next partition is sought. A member has few events, and
/// passing them costs less than a search in the index; a room may have a million.
const PASSED_MAX: u32 = 4;

const SELECT: &str = "SELECT partition, n FROM events WHERE partition < ?1 ORDER BY partition DESC, n DESC";

/// Last positions, in the order of the partitions.
#[derive(Debug)]
pub(super) struct LastPositions(Vec<(i64, u64)>);

impl LastPositions {
    /// Reads them. The time depends on the number of the partitions, not of the events.
    pub(super) fn read(db: &Database) -> Result<Self, LogError> {
        let mut select = db.prepare(SELECT)?;
        let (mut found, mut end) = (Vec::new(), i64::MAX);
        'search: loop {
            let mut rows = select.query([end])?;
            let mut passed = 0;
            while let Some(row) = rows.next()? {
                let partition = row.get(0)?;
                if partition != end {
                    (end, passed) = (partition, 0);
                    found.push((partition, from_sql(row.get(1)?)?));
                } else if passed == PASSED_MAX {
                    continue 'search;
                }
                passed += 1;
            }
            break;
        }
        found.reverse();
        Ok(LastPositions(found))
    }

    /// The last position of a partition; none if it has no event.
    pub(super) fn of(&self, partition: Partition) -> Option<u64> {
        let index = self.0.binary_search_by_key(&partition.0, |(number, _)| *number).ok()?;
        self.0.get(index).map(|(_, n)| *n)
    }

    /// The last position of an address; 0 if it has no event.
    pub(super) fn of_address(&self, to: Address) -> u64 {
        Partition::all(to).filter_map(|partition| self.of(partition)).max().unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn log(counts: &[(i64, u32)]) -> Database {
        let db = Database::open_in_memory().unwrap();
        db.execute_batch(
            "CREATE TABLE events (n INTEGER PRIMARY KEY, partition INTEGER NOT NULL);
             CREATE INDEX events_by_shelf ON events (partition);",
        )
        .unwrap();
        let longest = counts.iter().map(|(_, count)| *count).max().unwrap_or(0);
        // The partitions grow side by side.
        for step in 0..longest {
            for (partition, _) in counts.iter().filter(|(_, count)| *count > step) {
                db.execute("INSERT INTO events (partition) VALUES (?1)", [partition]).unwrap();
            }
        }
        db
    }

    #[test]
    fn the_last_position_of_each_partition_is_found_whatever_its_length() {
        let counts: Vec<_> = (0..3 * PASSED_MAX).map(|count| (i64::from(count) * 3, count)).collect();
        let db = log(&counts);
        let lasts = LastPositions::read(&db).unwrap();
        for partition in 0..3 * i64::from(PASSED_MAX) * 3 {
            let wanted: Option<u64> = db
                .query_row("SELECT max(n) FROM events WHERE partition = ?1", [partition], |row| {
                    row.get::<_, Option<i64>>(0)
                })
                .unwrap()
                .map(|n| u64::try_from(n).unwrap());
            assert_eq!(lasts.of(Partition(partition)), wanted, "{partition}");
        }
        assert_eq!(lasts.0.len(), counts.len() - 1, "the partition without an event is not among them");
    }

    #[test]
    fn an_empty_log_has_no_last_position() {
        assert!(LastPositions::read(&log(&[])).unwrap().0.is_empty());
    }

    #[test]
    fn the_last_positions_are_read_from_the_index_in_its_order() {
        let db = log(&[(1, 1)]);
        let mut explain = db.prepare(&format!("EXPLAIN QUERY PLAN {SELECT}")).unwrap();
        let plan: Vec<String> =
            explain.query_map([i64::MAX], |row| row.get(3)).unwrap().map(Result::unwrap).collect();
        assert_eq!(plan, ["SEARCH events USING COVERING INDEX events_by_shelf (partition<?)"]);
    }
}
