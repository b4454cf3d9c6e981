//! The stores of the log. A store assigns positions, checks the conditions of changes, and keeps everything
//! that it has acknowledged. [`hub::House`] decides the meaning of a change.
//!
//! A store may have several writers. So an append returns receipts only, and every reader of the log, the
//! hub of this process included, learns the events from the [tail](Store::tail).

pub mod commit_progress;
pub mod data_folder;
pub mod file_size_limit;
pub mod health;
pub mod limits;
pub mod memory;
pub mod permission_hint;
pub mod sqlite;

use futures_util::{future::BoxFuture, stream::BoxStream};
use health::StoreHealth;
use hub::{
    House,
    house::{
        change::{Change, Outcome},
        commit::Commit,
    },
    query::{Query, QueryResult},
    read_markers::MarkerMove,
};
use shared::{Epoch, ErrorCode};
use std::sync::Arc;

/// A log of changes and their events.
///
/// Only the registry calls it: one append and one tail at a time. It may read while an append or other reads are under
/// way.
pub trait Store: Send {
    /// Identity of this log. It changes with a restore.
    fn epoch(&self) -> Epoch;

    /// Reads the state of the house at the head of the log. The hub starts from it, and goes on with the tail
    /// after [`House::head`]. The store may share it with the hub until the next commit.
    ///
    /// # Errors
    ///
    /// [`ErrorCode::StoreRefused`] while the log cannot be read.
    fn snapshot(&mut self) -> Result<Arc<House>, ErrorCode>;

    /// Health of the store: whether it takes changes, and if not, why.
    fn health(&self) -> StoreHealth {
        StoreHealth::default()
    }

    /// Commits these changes in order at the time `now` (milliseconds since 1970). Each change is committed
    /// whole or not at all. The outcomes come in the same order, once the store has made them durable. If
    /// the store cannot write, it refuses the changes with [`ErrorCode::StoreRefused`], and none of their
    /// events is ever read.
    ///
    /// A store whose only writer is this process makes the outcomes known before the tail brings the commits.
    /// So the hub can keep an unstored message in its place among the posts.
    fn append(&mut self, changes: Vec<Change>, now: u64) -> BoxFuture<'static, Vec<Outcome>>;

    /// Saves these moves of read markers, all or none, and completes once they are durable. The markers are rows of the
    /// members and not part of the log: the tail does not bring them. The registry makes one such call at a time,
    /// also while an append is under way. With several writers, versions are assigned like positions, in the
    /// transaction; a report of moves by other writers would be a stream of its own beside the tail.
    ///
    /// # Errors
    ///
    /// [`ErrorCode::StoreRefused`] if the store cannot write.
    fn move_markers(&mut self, moves: Vec<MarkerMove>) -> BoxFuture<'static, Result<(), ErrorCode>>;

    /// Every commit after a position in order, whoever made it, and then each further commit as soon as it is
    /// durable. Commits that come together are one item. The stream ends only with the store.
    fn tail(&mut self, after: u64) -> BoxStream<'static, Vec<Commit>>;

    /// Reads from the log.
    ///
    /// # Errors
    ///
    /// [`ErrorCode::StoreRefused`] while the log cannot be read.
    fn read(&mut self, query: Query) -> BoxFuture<'static, Result<QueryResult, ErrorCode>>;
}
