//! The log on disk: one SQLite database in the data folder.
//!
//! One thread writes (`writer`), one keeps the write-ahead log short (`checkpointer`), and a few read
//! (`reader`). An outcome comes when the transaction that holds it is on disk. While the disk takes no
//! writes, changes are refused and reading goes on; [`StoreHealth`] holds the reason.

mod backup;
mod check;
mod checkpointer;
mod commit;
mod database;
mod event_reader;
#[cfg(test)]
mod fault_injection;
mod file_pair;
mod history;
mod last_positions;
mod live_tail;
mod log_error;
mod log_lookup;
mod markers;
mod open_log;
mod partition;
mod projection;
mod read_queue;
mod reader;
mod repair;
mod replay;
mod row;
#[cfg(test)]
mod tests;
mod thread_end;
mod wal_end;
mod writer;

pub use backup::{Restored, backup, restore};
pub use check::{CheckReport, check};
pub use log_error::LogError;
pub use repair::{Repaired, repair};

use super::{Store, health::StoreHealth, limits::READERS};
use crate::join_secret::JoinSecret;
use crate::store::data_folder::{self as data, DataFolder};
use futures_util::{
    future::{BoxFuture, FutureExt, ready},
    stream::BoxStream,
};
use hub::{
    House,
    house::{
        change::{Change, Outcome},
        commit::Commit,
    },
    query::{Query, QueryResult},
    read_markers::MarkerMove,
};
use live_tail::TailSender;
use open_log::OpenLog;
use read_queue::ReadQueue;
use shared::{Epoch, ErrorCode};
use std::{
    io,
    path::{Path, PathBuf},
    sync::{
        Arc,
        mpsc::{SyncSender, sync_channel},
    },
    thread::{self, JoinHandle},
};
use thread_end::ThreadEndGuard;
use tokio::sync::oneshot;
use writer::{AppendGroup, Order, Writer};

/// File name of the database in the data folder.
pub const FILE: &str = "log.sqlite";

/// Entry of the table `meta` that holds the [`JoinSecret`].
const JOIN_SECRET: &str = "join_secret";

/// A log on disk.
pub struct SqliteStore {
    epoch: Epoch,
    house_id: String,
    join_secret: JoinSecret,
    /// State of the house at the start, until the first snapshot or append.
    opened: Option<Arc<House>>,
    files: LogFiles,
    tail: TailSender,
    health: StoreHealth,
    orders: Option<SyncSender<Order>>,
    read_queue: Arc<ReadQueue>,
    writer: Option<JoinHandle<()>>,
    readers: Vec<JoinHandle<()>>,
    /// Locked for as long as the log is open.
    _folder: DataFolder,
}

/// Paths of a log's files.
#[derive(Clone, Debug)]
struct LogFiles {
    log: PathBuf,
    /// The write-ahead log, which SQLite keeps next to the database.
    wal: PathBuf,
    #[cfg(test)]
    faults: Arc<fault_injection::InjectedFaults>,
}

impl LogFiles {
    fn of(folder: &Path) -> Self {
        let log = folder.join(FILE);
        let mut wal = log.clone().into_os_string();
        wal.push("-wal");
        LogFiles {
            log,
            wal: wal.into(),
            #[cfg(test)]
            faults: Arc::default(),
        }
    }
}

impl SqliteStore {
    /// Opens the log of this folder, or begins one.
    ///
    /// # Errors
    ///
    /// The log cannot be read, or belongs to a newer build.
    pub fn open(folder: DataFolder) -> Result<Self, LogError> {
        let files = LogFiles::of(folder.path());
        for file in [&files.log, &files.wal, &folder.path().join(format!("{FILE}-shm"))] {
            folder.add_file(file);
        }
        SqliteStore::open_files(folder, files)
    }

    /// Id of the house: it names the house's cookie.
    pub fn house_id(&self) -> &str {
        &self.house_id
    }

    /// Secret of the house, from which the tokens of its devices are made.
    pub fn join_secret(&self) -> &JoinSecret {
        &self.join_secret
    }

    fn open_files(folder: DataFolder, files: LogFiles) -> Result<Self, LogError> {
        let house_id = folder.house_id().map_err(|error| LogError::Io(io::Error::other(error)))?;
        file_pair::verify(&files)?;
        let mut log = OpenLog::open(&files)?;
        let (epoch, house_id) = init_meta(&log, &folder, house_id)?;
        let join_secret = init_join_secret(&log)?;
        if let Err(error) = file_pair::claim(log.db(), &files) {
            // Reading goes on while the disk is full.
            tracing::warn!(
                "cannot note that the database is open: {error}. The start after a crash checks it."
            );
            drop(log);
            log = OpenLog::open(&files)?;
        }
        let (opened, health, tail) = (Some(log.share_house()), StoreHealth::default(), TailSender::default());
        // Open the readers first: the index of the write-ahead log exists while a connection does.
        let read_queue = Arc::new(ReadQueue::new());
        let mut readers = Vec::with_capacity(READERS);
        for number in 0..READERS {
            let (db, files, read_queue) =
                (database::reader(&files.log)?, files.clone(), Arc::clone(&read_queue));
            let name = format!("reader {number}");
            let end = ThreadEndGuard::new(&health, "a database reader stopped");
            readers.push(thread::Builder::new().name(name).spawn(move || {
                let _end = end;
                reader::run(&files, db, &read_queue);
            })?);
        }
        // One order is executed while one of each kind waits. The registry sends no more than one of a kind at a time.
        let (orders, receiver) = sync_channel(2);
        let writer = Writer::new(files.clone(), log, receiver, health.clone(), tail.clone());
        // If the writer cannot start, end the readers by closing their queue.
        let writer = writer.inspect_err(|_| read_queue.close())?;
        let end = ThreadEndGuard::new(&health, "the database writer stopped");
        let writer = thread::Builder::new().name("writer".to_owned()).spawn(move || {
            let _end = end;
            writer.run();
        })?;
        let (orders, writer) = (Some(orders), Some(writer));
        folder.keep();
        Ok(SqliteStore {
            epoch,
            house_id,
            join_secret,
            opened,
            files,
            tail,
            health,
            orders,
            read_queue,
            writer,
            readers,
            _folder: folder,
        })
    }
}

impl SqliteStore {
    /// Gives the writer an order. False if it takes none.
    fn send(&self, order: Order) -> bool {
        self.orders.as_ref().is_some_and(|orders| orders.try_send(order).is_ok())
    }
}

/// The log's epoch and its house's id; sets both when the log begins. A log that was copied into this folder
/// brings its house id along, because its members' cookies have that name.
fn init_meta(log: &OpenLog, folder: &DataFolder, house_id: String) -> Result<(Epoch, String), LogError> {
    if let Some(epoch) = projection::epoch(log.db())? {
        let house_id = projection::meta(log.db(), "house")?.unwrap_or(house_id);
        backup::adopt_house_id(folder, &house_id)?;
        return Ok((epoch, house_id));
    }
    let epoch = Epoch(data::random_u64().map_err(|error| LogError::Io(io::Error::other(error)))?);
    let transaction = log.db().unchecked_transaction()?;
    projection::set_meta(&transaction, "epoch", epoch.to_string())?;
    projection::set_meta(&transaction, "house", &house_id)?;
    transaction.commit()?;
    Ok((epoch, house_id))
}

/// The log's secret for the tokens of new devices; draws it when a log of an older build has none.
fn init_join_secret(log: &OpenLog) -> Result<JoinSecret, LogError> {
    if let Some(bytes) = projection::meta(log.db(), JOIN_SECRET)? {
        return Ok(JoinSecret(bytes));
    }
    let secret = JoinSecret::new().map_err(|error| LogError::Io(io::Error::other(error)))?;
    // A full disk must not stop the start. Then only a retry across the next start gets another member.
    if let Err(error) = projection::set_meta(log.db(), JOIN_SECRET, secret.0) {
        tracing::warn!("cannot keep the secret for new devices: {error}");
    }
    Ok(secret)
}

impl Store for SqliteStore {
    fn epoch(&self) -> Epoch {
        self.epoch
    }

    fn snapshot(&mut self) -> Result<Arc<House>, ErrorCode> {
        if let Some(opened) = self.opened.take() {
            return Ok(opened);
        }
        let read = || {
            let db = database::reader(&self.files.log)?;
            let transaction = db.unchecked_transaction()?;
            projection::house(&transaction)
        };
        read().map(Arc::new).map_err(|error| {
            tracing::error!("cannot read the database: {error}");
            ErrorCode::StoreRefused
        })
    }

    fn health(&self) -> StoreHealth {
        self.health.clone()
    }

    fn append(&mut self, changes: Vec<Change>, now: u64) -> BoxFuture<'static, Vec<Outcome>> {
        let count = changes.len();
        self.opened = None;
        let (outcomes, committed) = oneshot::channel();
        let group = AppendGroup { changes, now, outcomes };
        let refused = move || vec![Err(ErrorCode::StoreRefused); count];
        if self.health.refusal().is_some() {
            // The writer is opening the log again, which may take long. The changes must not wait for that.
            return ready(refused()).boxed();
        }
        match self.send(Order::Append(group)) {
            true => async move { committed.await.unwrap_or_else(|_| refused()) }.boxed(),
            false => ready(refused()).boxed(),
        }
    }

    fn move_markers(&mut self, moves: Vec<MarkerMove>) -> BoxFuture<'static, Result<(), ErrorCode>> {
        let (outcome, saved) = oneshot::channel();
        if self.health.refusal().is_some() || !self.send(Order::MoveMarkers(moves, outcome)) {
            return ready(Err(ErrorCode::StoreRefused)).boxed();
        }
        async move { saved.await.unwrap_or(Err(ErrorCode::StoreRefused)) }.boxed()
    }

    fn tail(&mut self, after: u64) -> BoxStream<'static, Vec<Commit>> {
        self.tail.begin(after, Arc::clone(&self.read_queue))
    }

    fn read(&mut self, query: Query) -> BoxFuture<'static, Result<QueryResult, ErrorCode>> {
        let read_queue = Arc::clone(&self.read_queue);
        async move { read_queue.read(query).await }.boxed()
    }
}

impl Drop for SqliteStore {
    fn drop(&mut self) {
        self.read_queue.close();
        self.readers.drain(..).for_each(|reader| drop(reader.join()));
        // Close the writer last: the last connection checkpoints the whole write-ahead log.
        drop(self.orders.take());
        self.writer.take().map(JoinHandle::join);
    }
}
