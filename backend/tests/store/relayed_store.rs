//! A store whose log another process writes. The other process is a thread here, and a channel connects the
//! two. Its tail is late: it may bring commits before or after the outcomes of their append.

use backend::store::{Store, memory::MemoryStore};
use futures_util::{
    FutureExt,
    future::BoxFuture,
    stream::{self, BoxStream, StreamExt},
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
use shared::{Epoch, ErrorCode};
use std::{
    sync::{
        Arc,
        mpsc::{Receiver, Sender, channel},
    },
    thread,
    time::Duration,
};
use tokio::sync::{mpsc, oneshot};

const EPOCH: Epoch = Epoch(9);

enum Call {
    Append(Vec<Change>, u64, oneshot::Sender<Vec<Outcome>>),
    Move(Vec<MarkerMove>, oneshot::Sender<Result<(), ErrorCode>>),
    Read(Query, oneshot::Sender<Result<QueryResult, ErrorCode>>),
    Snapshot(Sender<Arc<House>>),
    Tail(u64, mpsc::UnboundedSender<Vec<Commit>>),
}

/// The side of the process under test.
pub(crate) struct RelayedStore(Sender<Call>);

impl RelayedStore {
    /// A store over an empty log.
    pub(crate) fn new() -> Self {
        let (calls, received) = channel();
        thread::spawn(move || OtherProcess::new().run(&received));
        RelayedStore(calls)
    }

    /// Appends as another client of the other process.
    pub(crate) fn append_elsewhere(&self, changes: Vec<Change>, now: u64) {
        self.0.send(Call::Append(changes, now, oneshot::channel().0)).unwrap();
    }

    /// A second handle to the same process.
    pub(crate) fn other(&self) -> Self {
        RelayedStore(self.0.clone())
    }
}

impl Store for RelayedStore {
    fn epoch(&self) -> Epoch {
        EPOCH
    }

    fn snapshot(&mut self) -> Result<Arc<House>, ErrorCode> {
        let (house, found) = channel();
        self.0.send(Call::Snapshot(house)).map_err(|_| ErrorCode::StoreRefused)?;
        found.recv().map_err(|_| ErrorCode::StoreRefused)
    }

    fn append(&mut self, changes: Vec<Change>, now: u64) -> BoxFuture<'static, Vec<Outcome>> {
        let (outcomes, found) = oneshot::channel();
        self.0.send(Call::Append(changes, now, outcomes)).unwrap();
        found.map(Result::unwrap).boxed()
    }

    fn move_markers(&mut self, moves: Vec<MarkerMove>) -> BoxFuture<'static, Result<(), ErrorCode>> {
        let (outcome, found) = oneshot::channel();
        self.0.send(Call::Move(moves, outcome)).unwrap();
        found.map(Result::unwrap).boxed()
    }

    fn tail(&mut self, after: u64) -> BoxStream<'static, Vec<Commit>> {
        let (commits, found) = mpsc::unbounded_channel();
        self.0.send(Call::Tail(after, commits)).unwrap();
        stream::unfold(found, async |mut found| Some((found.recv().await?, found))).boxed()
    }

    fn read(&mut self, query: Query) -> BoxFuture<'static, Result<QueryResult, ErrorCode>> {
        let (result, found) = oneshot::channel();
        self.0.send(Call::Read(query, result)).unwrap();
        found.map(Result::unwrap).boxed()
    }
}

struct OtherProcess {
    store: MemoryStore,
    appends: u32,
    tails: Vec<(u64, mpsc::UnboundedSender<Vec<Commit>>)>,
}

impl OtherProcess {
    fn new() -> Self {
        OtherProcess { store: MemoryStore::new(EPOCH), appends: 0, tails: Vec::new() }
    }

    fn run(mut self, calls: &Receiver<Call>) {
        for call in calls {
            match call {
                Call::Append(changes, now, outcomes) => {
                    let found = self.store.append(changes, now).now_or_never().unwrap();
                    self.appends += 1;
                    // Both orders are allowed to a store with several writers.
                    if self.appends.is_multiple_of(2) {
                        self.send_tails();
                        let _ = outcomes.send(found);
                    } else {
                        let _ = outcomes.send(found);
                        thread::sleep(Duration::from_millis(1));
                        self.send_tails();
                    }
                }
                Call::Move(moves, outcome) => {
                    let _ = outcome.send(self.store.move_markers(moves).now_or_never().unwrap());
                }
                Call::Read(query, result) => {
                    let _ = result.send(self.store.read(query).now_or_never().unwrap());
                }
                Call::Snapshot(house) => {
                    let _ = house.send(self.store.snapshot().unwrap());
                }
                Call::Tail(after, commits) => {
                    self.tails.push((after, commits));
                    self.send_tails();
                }
            }
        }
    }

    /// Gives each tail the commits that it does not have.
    fn send_tails(&mut self) {
        for (after, tail) in &mut self.tails {
            let Some(commits) = self.store.tail(*after).next().now_or_never().flatten() else { continue };
            *after = commits.last().map_or(*after, Commit::last);
            let _ = tail.send(commits);
        }
    }
}
