//! Logs that are made ahead of a measurement by the store's own code. Making a log takes longer than
//! measuring it, so the logs are kept in the target folder.

use std::fs;
use std::future::Future;
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};

use backend::store::Store;
use backend::store::data_folder::DataFolder;
use backend::store::sqlite::SqliteStore;
use hub::house::change::Change;
use hub::house::members::DeviceKey;
use hub::house::names::Name;
use hub::query::{Query, QueryResult};
use sha2::{Digest, Sha256};
use shared::{ClientId, MemberId, RoomId};

use super::failure::Failure;

/// Version of the datasets' content. Increase it when the content changes; older folders are then ignored.
const FORMAT: u32 = 1;
/// File that is written last. A folder without it is incomplete.
const COMPLETE: &str = "whole";
/// Changes in one transaction.
const BATCH: usize = 2_000;
/// Time of the first change, in milliseconds since 1970.
const FIRST_MS: u64 = 1_735_689_600_000;
/// Milliseconds from one group to the next.
const BATCH_MS: u64 = 60_000;

/// Folder of the dataset of this name in the target folder. If it does not exist, `fill` makes the log.
///
/// # Errors
/// When the log cannot be made.
pub(crate) fn ensure_dataset(
    name: &str,
    fill: impl FnOnce(&mut DatasetBuilder) -> Result<(), Failure>,
) -> Result<PathBuf, Failure> {
    let own = std::env::current_exe().map_err(Failure::at("cannot find this program"))?;
    // …/target/release/bench
    let target = own.ancestors().nth(2).unwrap_or_else(|| Path::new("target"));
    let path = target.join("bench").join(format!("{name}-{FORMAT}"));
    let context = || format!("the log in {}", path.display());
    if path.join(COMPLETE).exists() {
        println!("the log in {} exists already", path.display());
        return Ok(path);
    }
    println!("making the log in {}: this may take a minute", path.display());
    if path.exists() {
        fs::remove_dir_all(&path).map_err(Failure::at(context()))?;
    }
    fs::create_dir_all(&path).map_err(Failure::at(context()))?;
    let mut builder = DatasetBuilder::open(&path)?;
    fill(&mut builder)?;
    builder.flush()?;
    drop(builder);
    fs::write(path.join(COMPLETE), "").map_err(Failure::at(context()))?;
    Ok(path)
}

/// Adds members, rooms and posts to a log in groups.
pub(crate) struct DatasetBuilder {
    store: SqliteStore,
    now: u64,
    pending: Vec<Change>,
    changes: u128,
    members: u64,
    rooms: u64,
}

impl DatasetBuilder {
    /// Opens the store of a folder, which may be empty.
    ///
    /// # Errors
    /// When the store cannot be opened.
    pub(crate) fn open(path: &Path) -> Result<Self, Failure> {
        let folder = DataFolder::lock(path).map_err(Failure::at("the folder"))?;
        let store = SqliteStore::open(folder).map_err(Failure::at("the log"))?;
        Ok(Self { store, now: FIRST_MS, pending: Vec::new(), changes: 0, members: 0, rooms: 0 })
    }

    /// Adds the next member. The member's device has the [`token`] of the member's id.
    pub(crate) fn add_member(&mut self, name: &str) -> Result<MemberId, Failure> {
        let name = Name::parse(name).map_err(|code| Failure::new(format!("{name}: {}", code.name())))?;
        // The store assigns ids one after the other.
        self.members += 1;
        let device = DeviceKey(Sha256::digest(token(self.members).as_bytes()).into());
        self.push(Change::Join { name, device })?;
        Ok(MemberId(self.members))
    }

    /// Adds the next room, which `author` creates.
    pub(crate) fn add_room(&mut self, author: MemberId, name: &str) -> Result<RoomId, Failure> {
        let name = Name::parse(name).map_err(|code| Failure::new(format!("{name}: {}", code.name())))?;
        self.rooms += 1;
        let (client_id, description) = (self.client_id(), String::new());
        self.push(Change::CreateRoom { author, client_id, name, description })?;
        Ok(RoomId(RoomId::LOBBY.0 + self.rooms))
    }

    /// Makes `author` a member of a room.
    pub(crate) fn join_room(&mut self, author: MemberId, room: RoomId) -> Result<(), Failure> {
        let client_id = self.client_id();
        self.push(Change::JoinRoom { author, client_id, room })
    }

    /// Adds a post by `author`.
    pub(crate) fn add_post(&mut self, author: MemberId, room: RoomId, text: String) -> Result<(), Failure> {
        let client_id = self.client_id();
        self.push(Change::Post { room, author, tag: None, client_id, text })
    }

    /// Commits the pending changes.
    pub(crate) fn flush(&mut self) -> Result<(), Failure> {
        let changes = std::mem::take(&mut self.pending);
        self.now += BATCH_MS;
        for outcome in wait_for(self.store.append(changes, self.now)) {
            outcome.map_err(|code| Failure::new(format!("the store refused: {}", code.name())))?;
        }
        Ok(())
    }

    fn client_id(&mut self) -> ClientId {
        self.changes += 1;
        ClientId(self.changes.to_be_bytes())
    }

    fn push(&mut self, change: Change) -> Result<(), Failure> {
        self.pending.push(change);
        if self.pending.len() < BATCH { Ok(()) } else { self.flush() }
    }
}

/// A log that is only read, by the store's own code.
pub(crate) struct DatasetLog(SqliteStore);

impl DatasetLog {
    /// Opens the log of a folder.
    ///
    /// # Errors
    /// When the log cannot be opened.
    pub(crate) fn open(path: &Path) -> Result<Self, Failure> {
        DatasetBuilder::open(path).map(|builder| Self(builder.store))
    }

    /// Position of the last event.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub(crate) fn head(&mut self) -> Result<u64, Failure> {
        let house = self.0.snapshot();
        house
            .map(|house| house.head())
            .map_err(|code| Failure::new(format!("the store refused: {}", code.name())))
    }

    /// Runs a query.
    ///
    /// # Errors
    /// When the store refuses the query.
    pub(crate) fn read(&mut self, query: Query) -> Result<QueryResult, Failure> {
        wait_for(self.0.read(query))
            .map_err(|code| Failure::new(format!("the store refused: {}", code.name())))
    }
}

/// Token of the device of member `number`.
pub(crate) fn token(number: u64) -> String {
    format!("{number:032x}")
}

/// Cookie of member `number` of the house in this folder.
///
/// # Errors
/// When the folder has no house id.
pub(crate) fn cookie(folder: &Path, number: u64) -> Result<String, Failure> {
    let path = folder.join("house");
    let house = fs::read_to_string(&path).map_err(Failure::at(path.display()))?;
    Ok(format!("th_{}={}", house.trim(), token(number)))
}

/// Blocks until another thread completes the future.
fn wait_for<T>(what: impl Future<Output = T>) -> T {
    struct Unpark(Thread);
    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut context = Context::from_waker(&waker);
    let mut what = pin!(what);
    loop {
        match what.as_mut().poll(&mut context) {
            Poll::Ready(done) => return done,
            Poll::Pending => thread::park(),
        }
    }
}

#[cfg(test)]
mod tests {
    use shared::command::PageAnchor;

    use super::*;
    use crate::linux::folder;

    #[test]
    fn a_dataset_is_complete_when_reopened() {
        let folder = folder::Folder::fresh().unwrap();
        let mut builder = DatasetBuilder::open(folder.path()).unwrap();
        let mei = builder.add_member("Mei").unwrap();
        let room = builder.add_room(mei, "Oolong").unwrap();
        for count in 0..3 {
            builder.add_post(mei, room, format!("cup {count}")).unwrap();
        }
        builder.flush().unwrap();
        drop(builder);
        let mut log = DatasetLog::open(folder.path()).unwrap();
        let through = log.head().unwrap();
        let found = log.read(Query::History { room, at: PageAnchor::Newest, limit: 10, through }).unwrap();
        let QueryResult::Page(page) = found else { panic!("{found:?}") };
        assert_eq!(page.messages.last().unwrap().text, "cup 2");
        assert_eq!(page.messages.len(), 3);
        assert!(cookie(folder.path(), 1).unwrap().ends_with(&format!("={}", token(1))));
    }
}
