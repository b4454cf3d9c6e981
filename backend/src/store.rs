//! The stores of the log. A store assigns positions, checks the conditions of changes, and keeps everything
//! that it has acknowledged. [`hub::House`] decides the meaning of a change.

pub mod data_folder;
pub mod health;
pub mod limits;
pub mod memory;
pub mod permission_hint;
pub mod sqlite;

use futures_util::future::BoxFuture;
use health::StoreHealth;
use hub::{
    House,
    house::change::{Change, Outcome},
    query::{Query, QueryResult},
};
use shared::{Epoch, ErrorCode};

/// A log of changes and their events.
///
/// Only the registry calls it: one append at a time. It may read while an append or other reads are under
/// way.
pub trait Store: Send {
    /// Identity of this log. It changes with a restore.
    fn epoch(&self) -> Epoch;

    /// The state of the house at the head of the log. The hub starts from it. Called once, before the first
    /// append.
    fn house(&self) -> House;

    /// Health of the store: whether it takes changes, and if not, why.
    fn health(&self) -> StoreHealth {
        StoreHealth::default()
    }

    /// Commits these changes in order at the time `now` (milliseconds since 1970). Each change is committed
    /// whole or not at all. The outcomes come in the same order, once the store has made them durable. If
    /// the store cannot write, it refuses the changes with [`ErrorCode::StoreRefused`], and none of their
    /// events is ever read.
    fn append(&mut self, changes: Vec<Change>, now: u64) -> BoxFuture<'static, Vec<Outcome>>;

    /// Reads from the log.
    ///
    /// # Errors
    ///
    /// [`ErrorCode::StoreRefused`] while the log cannot be read.
    fn read(&mut self, query: Query) -> BoxFuture<'static, Result<QueryResult, ErrorCode>>;
}
