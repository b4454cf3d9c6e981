//! Where the log lives. A store assigns positions, checks conditions and keeps
//! what it has acknowledged; what a change means is [`hub::House`]'s to say.

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
    change::{Change, Outcome},
    query::{Query, QueryResult},
};
use shared::{Epoch, ErrorCode};

/// A log that outlives a turn of the registry.
///
/// Calls come from the registry only, one append at a time; reads may come while an append or
/// other reads are under way.
pub trait Store: Send {
    /// Names this life of the log.
    fn epoch(&self) -> Epoch;

    /// The fold of the log: what the hub starts from. Called once, before the first append.
    fn house(&self) -> House;

    /// Whether it takes changes, and if not, why.
    fn health(&self) -> StoreHealth {
        StoreHealth::default()
    }

    /// Commits these changes in their order, each by itself all or nothing, at
    /// time `now` (milliseconds since 1970). The outcomes come in the same
    /// order, once they are durable as far as this store goes. A store that cannot keep them
    /// refuses them with [`ErrorCode::StoreRefused`], and then none of their events is ever read.
    fn append(&mut self, changes: Vec<Change>, now: u64) -> BoxFuture<'static, Vec<Outcome>>;

    /// Answers a question.
    ///
    /// # Errors
    /// [`ErrorCode::StoreRefused`] while it cannot be read.
    fn read(&mut self, query: Query) -> BoxFuture<'static, Result<QueryResult, ErrorCode>>;
}
