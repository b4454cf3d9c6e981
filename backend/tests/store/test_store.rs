//! A store under test, with short functions for the tests.

use crate::{lock::lock_with_retry, relayed_store::RelayedStore, temp_folder::TempFolder};
use backend::store::{Store, memory::MemoryStore, sqlite::SqliteStore};
use futures_util::stream::{BoxStream, StreamExt};
use hub::House;
use hub::house::change::{Change, Receipt};
use hub::house::commit::Commit;
use hub::house::members::DeviceKey;
use hub::house::names::Name;
use hub::query::{MessagePage, Query, QueryResult, ReplayPart};
use shared::{Address, ClientId, Epoch, ErrorCode, Event, MemberId, RoomId, command::PageAnchor};
use std::{
    collections::HashSet,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
};

pub(crate) const LOBBY: RoomId = RoomId::LOBBY;
pub(crate) const WEI: MemberId = MemberId(1);
pub(crate) const LIN: MemberId = MemberId(2);

impl TempFolder {
    /// Opens the log of this folder.
    pub(crate) fn open(&self) -> SqliteStore {
        SqliteStore::open(lock_with_retry(self.path())).unwrap()
    }
}

/// An accepted change: its receipt, and the events that the tail brought for it. A retry has no events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Committed {
    pub(crate) receipt: Receipt,
    pub(crate) events: Vec<Event>,
}

pub(crate) type Outcome = Result<Committed, ErrorCode>;

/// A store under test. Its tail is read after each append.
pub(crate) struct TestStore {
    pub(crate) name: &'static str,
    store: Option<Box<dyn Store>>,
    tail: Option<BoxStream<'static, Vec<Commit>>>,
    /// The house as the tail adds up to it.
    folded: House,
    folder: Option<TempFolder>,
    now: u64,
}

/// One empty store of each kind.
pub(crate) fn all() -> Vec<TestStore> {
    vec![memory(), sqlite(), TestStore::new("relayed", Box::new(RelayedStore::new()), None)]
}

pub(crate) fn memory() -> TestStore {
    TestStore::new("memory", Box::new(MemoryStore::new(Epoch(7))), None)
}

pub(crate) fn sqlite() -> TestStore {
    TestStore::on_disk()
}

impl TestStore {
    pub(crate) fn on_disk() -> Self {
        TestStore::at(TempFolder::new())
    }

    pub(crate) fn at(folder: TempFolder) -> Self {
        TestStore::new("sqlite", Box::new(folder.open()), Some(folder))
    }

    pub(crate) fn new(name: &'static str, store: Box<dyn Store>, folder: Option<TempFolder>) -> Self {
        let folded = House::default();
        let mut test = TestStore { name, store: Some(store), tail: None, folded, folder, now: 1_000 };
        test.subscribe();
        test
    }

    /// Reads a snapshot, and begins the tail after it.
    fn subscribe(&mut self) {
        self.folded = Arc::unwrap_or_clone(self.store().snapshot().unwrap());
        let head = self.folded.head();
        self.tail = Some(self.store().tail(head));
    }

    /// Folder of the store's files.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.as_ref().unwrap().path()
    }

    /// Closes the store. Its files stay.
    pub(crate) fn close(mut self) -> TempFolder {
        (self.tail, self.store) = (None, None);
        self.folder.take().unwrap()
    }

    pub(crate) fn store(&mut self) -> &mut dyn Store {
        self.store.as_mut().unwrap().as_mut()
    }

    /// Closes the store and opens it again. A log in memory cannot be reopened.
    pub(crate) fn reopen(&mut self) {
        if let Some(folder) = &self.folder {
            (self.tail, self.store) = (None, None);
            self.store = Some(Box::new(folder.open()));
            self.subscribe();
        }
    }

    /// The state of the house, as a start reads it. It must equal the sum of the tail.
    pub(crate) fn house(&mut self) -> House {
        let folded = snapshot_of(&self.folded);
        self.reopen();
        let house = Arc::unwrap_or_clone(self.store().snapshot().unwrap());
        assert_eq!(folded, snapshot_of(&house), "{}: the tail", self.name);
        house
    }

    pub(crate) async fn append_all(&mut self, changes: Vec<Change>) -> Vec<Outcome> {
        self.now += 1;
        let now = self.now;
        self.append_all_at(changes, now).await
    }

    pub(crate) async fn append_all_at(&mut self, changes: Vec<Change>, now: u64) -> Vec<Outcome> {
        let count = changes.len();
        let outcomes = self.store().append(changes, now).await;
        assert_eq!(outcomes.len(), count, "{}", self.name);
        let last = outcomes.iter().flatten().map(|receipt| receipt.n).max();
        let commits = self.read_tail(last.unwrap_or(0)).await;
        let events_of = |receipt: Receipt| {
            let holds = |event: &Event| event.position().is_some_and(|position| position.n == receipt.n);
            let commit = commits.iter().find(|commit| commit.events().any(holds));
            commit.map_or_else(Vec::new, |commit| commit.events().cloned().collect())
        };
        let mut seen = HashSet::new();
        outcomes
            .into_iter()
            .map(|outcome| {
                outcome.map(|receipt| {
                    let events = if seen.insert(receipt.n) { events_of(receipt) } else { Vec::new() };
                    Committed { receipt, events }
                })
            })
            .collect()
    }

    /// Reads the tail up to a position, and applies it.
    async fn read_tail(&mut self, last: u64) -> Vec<Commit> {
        let mut found = Vec::new();
        while self.folded.head() < last {
            let commits = self.tail.as_mut().unwrap().next().await.unwrap();
            for commit in &commits {
                assert!(self.folded.is_followed_by(commit), "{}: {commit:?}", self.name);
                self.folded.apply_commit(commit);
                assert_eq!(self.folded.mark(), commit.mark, "{}", self.name);
            }
            found.extend(commits);
        }
        found
    }

    pub(crate) async fn append(&mut self, change: Change) -> Outcome {
        self.append_all(vec![change]).await.pop().unwrap()
    }

    pub(crate) async fn commit(&mut self, change: Change) -> Committed {
        self.append(change).await.unwrap_or_else(|code| panic!("{}: {code:?}", self.name))
    }

    pub(crate) async fn join(&mut self, names: &[&str]) {
        for name in names {
            self.commit(join(name)).await;
        }
    }

    /// Posts these texts to a room in one group. Returns their positions.
    pub(crate) async fn post(&mut self, author: MemberId, room: RoomId, texts: &[&str]) -> Vec<u64> {
        let changes = texts.iter().map(|text| post(author, room, fresh(), text)).collect();
        let outcomes = self.append_all(changes).await;
        outcomes.into_iter().map(|outcome| outcome.unwrap().receipt.n).collect()
    }

    /// Creates a room as this member.
    pub(crate) async fn room(&mut self, author: MemberId, name: &str) -> RoomId {
        self.commit(create(author, fresh(), name)).await.receipt.room.unwrap()
    }

    pub(crate) async fn read(&mut self, query: Query) -> QueryResult {
        self.store().read(query).await.unwrap()
    }

    pub(crate) async fn page(
        &mut self,
        room: RoomId,
        at: PageAnchor,
        limit: usize,
        through: u64,
    ) -> MessagePage {
        match self.read(Query::History { room, at, limit, through }).await {
            QueryResult::Page(page) => page,
            other => panic!("{other:?}"),
        }
    }

    pub(crate) async fn replay(
        &mut self,
        to: &[Address],
        after: u64,
        through: u64,
        is_first: bool,
    ) -> ReplayPart {
        let query = Query::Replay { addresses: to.to_vec(), after, through, is_first };
        match self.read(query).await {
            QueryResult::Replayed(replayed) => replayed,
            other => panic!("{other:?}"),
        }
    }
}

/// A client id that was not used before.
pub(crate) fn fresh() -> ClientId {
    static NEXT: AtomicU32 = AtomicU32::new(1);
    id(NEXT.fetch_add(1, Ordering::Relaxed) + 1_000_000)
}

pub(crate) fn id(number: u32) -> ClientId {
    let mut bytes = [0; 16];
    bytes[12..].copy_from_slice(&number.to_be_bytes());
    ClientId(bytes)
}

pub(crate) fn name(text: &str) -> Name {
    Name::parse(text).unwrap()
}

/// Joins under this name. The device follows from the name.
pub(crate) fn join(text: &str) -> Change {
    let mut key = [0; 32];
    key.iter_mut().zip(text.bytes()).for_each(|(byte, letter)| *byte = letter);
    Change::Join { name: name(text), device: DeviceKey(key) }
}

pub(crate) fn post(author: MemberId, room: RoomId, client_id: ClientId, text: &str) -> Change {
    let tag = (author == MemberId::PASSER_BY).then_some(3);
    Change::Post { room, author, tag, client_id, text: text.to_owned() }
}

pub(crate) fn create(author: MemberId, client_id: ClientId, text: &str) -> Change {
    Change::CreateRoom { author, client_id, name: name(text), description: format!("about {text}") }
}

pub(crate) fn change(author: MemberId, client_id: ClientId, room: RoomId, text: &str) -> Change {
    Change::ChangeRoom { author, client_id, room, name: name(text), description: String::new() }
}

pub(crate) fn enter(author: MemberId, client_id: ClientId, room: RoomId) -> Change {
    Change::JoinRoom { author, client_id, room }
}

pub(crate) fn go(author: MemberId, client_id: ClientId, room: RoomId) -> Change {
    Change::LeaveRoom { author, client_id, room }
}

pub(crate) fn archive(author: MemberId, client_id: ClientId, room: RoomId, archived: bool) -> Change {
    Change::ArchiveRoom { author, client_id, room, archived }
}

pub(crate) fn rename(member: MemberId, text: &str) -> Change {
    Change::Rename { member, name: name(text) }
}

/// Positions of these events.
pub(crate) fn positions(events: &[Event]) -> Vec<u64> {
    events.iter().map(|event| event.position().unwrap().n).collect()
}

/// All parts of a house, in a form that can be compared.
pub(crate) fn snapshot_of(house: &House) -> String {
    let mut members: Vec<_> = house.members.all().collect();
    members.sort_by_key(|member| member.id);
    let stays: Vec<_> = members
        .iter()
        .map(|member| {
            (house.rooms.of(member.id).collect::<Vec<_>>(), house.rooms.last(Address::Member(member.id)))
        })
        .collect();
    let rooms: Vec<_> = house.rooms.all().collect();
    let numbers = (house.head(), house.next_member(), house.mark());
    format!("{numbers:?}\n{members:#?}\n{stays:?}\n{rooms:#?}")
}
