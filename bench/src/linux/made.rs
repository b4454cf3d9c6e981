//! Logs that are made ahead of a measurement, through the store's own code, and
//! kept in the target folder: to make one takes longer than to measure it.

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
use hub::change::Change;
use hub::house::members::DeviceKey;
use hub::house::names::Name;
use hub::query::{Query, QueryResult};
use sha2::{Digest, Sha256};
use shared::{ClientId, MemberId, RoomId};

use super::failure::Failure;

/// Raised when what is made changes: older folders are then not used any more.
const FORM: u32 = 1;
/// The last thing that is written into a folder: one without it is not whole.
const WHOLE: &str = "whole";
/// Changes of one transaction.
const BATCH: usize = 2_000;
/// The time of the first change, in milliseconds since 1970.
const FIRST_MS: u64 = 1_735_689_600_000;
/// Milliseconds from one batch to the next.
const BATCH_MS: u64 = 60_000;

/// The folder of this name in the target folder; if it is not there, `make` fills a log.
///
/// # Errors
/// When it cannot be made.
pub(crate) fn folder(
    name: &str,
    make: impl FnOnce(&mut Maker) -> Result<(), Failure>,
) -> Result<PathBuf, Failure> {
    let own = std::env::current_exe().map_err(Failure::at("where am I"))?;
    // …/target/release/bench
    let target = own.ancestors().nth(2).unwrap_or_else(|| Path::new("target"));
    let path = target.join("bench").join(format!("{name}-{FORM}"));
    let fault = || format!("the log in {}", path.display());
    if path.join(WHOLE).exists() {
        println!("the log in {} is there already", path.display());
        return Ok(path);
    }
    println!("making the log in {}: this may take a minute", path.display());
    if path.exists() {
        fs::remove_dir_all(&path).map_err(Failure::at(fault()))?;
    }
    fs::create_dir_all(&path).map_err(Failure::at(fault()))?;
    let mut maker = Maker::open(&path)?;
    make(&mut maker)?;
    maker.flush()?;
    drop(maker);
    fs::write(path.join(WHOLE), "").map_err(Failure::at(fault()))?;
    Ok(path)
}

/// Fills a log.
pub(crate) struct Maker {
    store: SqliteStore,
    now: u64,
    waiting: Vec<Change>,
    changes: u128,
    members: u64,
    rooms: u64,
}

impl Maker {
    /// Over the store of a folder.
    ///
    /// # Errors
    /// When it cannot be opened.
    pub(crate) fn open(path: &Path) -> Result<Self, Failure> {
        let folder = DataFolder::lock(path).map_err(Failure::at("the folder"))?;
        let store = SqliteStore::open(folder).map_err(Failure::at("the log"))?;
        Ok(Self { store, now: FIRST_MS, waiting: Vec::new(), changes: 0, members: 0, rooms: 0 })
    }

    /// The next member, whose device has the [`token`] of the member's own id.
    pub(crate) fn member(&mut self, name: &str) -> Result<MemberId, Failure> {
        let name = Name::parse(name).map_err(|code| Failure::new(format!("{name}: {}", code.name())))?;
        // Ids are given out one after the other.
        self.members += 1;
        let device = DeviceKey(Sha256::digest(token(self.members).as_bytes()).into());
        self.later(Change::Join { name, device })?;
        Ok(MemberId(self.members))
    }

    /// The next room, which `author` makes.
    pub(crate) fn room(&mut self, author: MemberId, name: &str) -> Result<RoomId, Failure> {
        let name = Name::parse(name).map_err(|code| Failure::new(format!("{name}: {}", code.name())))?;
        self.rooms += 1;
        let (client_id, description) = (self.client_id(), String::new());
        self.later(Change::CreateRoom { author, client_id, name, description })?;
        Ok(RoomId(RoomId::LOBBY.0 + self.rooms))
    }

    /// `author` joins a room.
    pub(crate) fn enter(&mut self, author: MemberId, room: RoomId) -> Result<(), Failure> {
        let client_id = self.client_id();
        self.later(Change::JoinRoom { author, client_id, room })
    }

    /// `author` says something.
    pub(crate) fn post(&mut self, author: MemberId, room: RoomId, text: String) -> Result<(), Failure> {
        let client_id = self.client_id();
        self.later(Change::Post { room, author, tag: None, client_id, text })
    }

    /// Commits what waits.
    pub(crate) fn flush(&mut self) -> Result<(), Failure> {
        let changes = std::mem::take(&mut self.waiting);
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

    fn later(&mut self, change: Change) -> Result<(), Failure> {
        self.waiting.push(change);
        if self.waiting.len() < BATCH { Ok(()) } else { self.flush() }
    }
}

/// A log that is only read, by the store's own code.
pub(crate) struct Log(SqliteStore);

impl Log {
    /// That of a folder.
    ///
    /// # Errors
    /// When it cannot be opened.
    pub(crate) fn open(path: &Path) -> Result<Self, Failure> {
        Maker::open(path).map(|maker| Self(maker.store))
    }

    /// The last position.
    pub(crate) fn head(&self) -> u64 {
        self.0.house().head()
    }

    /// Asks it.
    ///
    /// # Errors
    /// When it refuses.
    pub(crate) fn read(&mut self, query: Query) -> Result<QueryResult, Failure> {
        wait_for(self.0.read(query))
            .map_err(|code| Failure::new(format!("the store refused: {}", code.name())))
    }
}

/// The token of a made member's device.
pub(crate) fn token(number: u64) -> String {
    format!("{number:032x}")
}

/// The cookie of a made member, in the house of this folder.
///
/// # Errors
/// When the house has no id.
pub(crate) fn cookie(folder: &Path, number: u64) -> Result<String, Failure> {
    let path = folder.join("house");
    let house = fs::read_to_string(&path).map_err(Failure::at(path.display()))?;
    Ok(format!("th_{}={}", house.trim(), token(number)))
}

/// Waits for what another thread does.
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
    fn what_is_made_is_there_after_it_was_closed() {
        let folder = folder::DataFolder::fresh().unwrap();
        let mut maker = Maker::open(folder.path()).unwrap();
        let mei = maker.member("Mei").unwrap();
        let room = maker.room(mei, "Oolong").unwrap();
        for count in 0..3 {
            maker.post(mei, room, format!("cup {count}")).unwrap();
        }
        maker.flush().unwrap();
        drop(maker);
        let mut log = Log::open(folder.path()).unwrap();
        let through = log.head();
        let found = log.read(Query::History { room, at: PageAnchor::Newest, limit: 10, through }).unwrap();
        let QueryResult::Page(page) = found else { panic!("{found:?}") };
        assert_eq!(page.messages.last().unwrap().text, "cup 2");
        assert_eq!(page.messages.len(), 3);
        assert!(cookie(folder.path(), 1).unwrap().ends_with(&format!("={}", token(1))));
    }
}
