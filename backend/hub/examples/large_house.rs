//! Measures the hub in a house of 100,000 members and 10,000 rooms: the time of each step of the registry.
//!
//! `cargo run --release -p hub --example large_house`

#![expect(clippy::unwrap_used, reason = "a measurement prints its figures, or why it has none")]

use hub::house::change::Change;
use hub::house::commit::ExecutedChange;
use hub::house::log_lookup::EmptyLog;
use hub::house::members::DeviceKey;
use hub::house::names::Name;
use hub::input::Poll;
use hub::query::{MessagePage, QueryResult};
use hub::rate::Rate;
use hub::{Dialect, House, Hub, Input, Output, RequestId, SessionId, Settings};
use shared::command::{Hello, RoomCreate, RoomsQuery};
use shared::{ClientId, Command, Cursor, Epoch, ErrorCode, MemberId, Now, RoomId};
use std::time::{Duration, Instant};

const MEMBERS: u64 = 100_000;
const ROOMS: u64 = 10_000;
/// Rooms that each maker makes.
const ROOMS_EACH: u64 = 200;
const SESSIONS: u64 = 20_000;
const POLLERS: u64 = 20_000;
const STEPS: u64 = 500;
const NOW: Now = Now { mono: 10_000, wall: 1_790_000_000_000 };

/// A hub with its store, in which nothing takes time but the hub.
struct Measured {
    hub: Hub,
    store: House,
    last: u64,
}

fn execute(house: &mut House, change: Change, now: u64) -> Result<ExecutedChange, ErrorCode> {
    house.execute(change, now, &EmptyLog).unwrap_or_else(|never| match never {})
}

fn device(member: u64) -> DeviceKey {
    let mut key = [0; 32];
    key[..8].copy_from_slice(&member.to_be_bytes());
    DeviceKey(key)
}

fn name(text: &str) -> Name {
    Name::parse(text).unwrap()
}

/// A house of all members and rooms. The first members have made the rooms.
fn house() -> House {
    let mut house = House::default();
    for member in 1..=MEMBERS {
        let (name, device) = (name(&format!("member q{member}x")), device(member));
        execute(&mut house, Change::Join { name, device }, 0).unwrap();
    }
    for room in 0..ROOMS - 1 {
        let (author, client_id) = (MemberId(1 + room / ROOMS_EACH), ClientId(u128::from(room).to_be_bytes()));
        let (name, description) = (name(&format!("tea room q{room}x")), "x".repeat(100));
        execute(&mut house, Change::CreateRoom { author, client_id, name, description }, 0).unwrap();
    }
    house
}

impl Measured {
    /// Handles an input and what follows from it. Returns the time that the hub took.
    fn give(&mut self, input: Input) -> Duration {
        let (mut took, mut inputs) = (Duration::ZERO, vec![input]);
        while let Some(input) = inputs.pop() {
            let mut out = Vec::new();
            let started = Instant::now();
            self.hub.handle(input, NOW, &mut out);
            took += started.elapsed();
            for output in out {
                match output {
                    Output::Append(change) => {
                        let executed = execute(&mut self.store, change, NOW.wall);
                        inputs.extend(
                            executed.iter().filter_map(|it| it.commit.clone()).map(Input::CommitRead),
                        );
                        inputs.push(Input::AppendsFinished(vec![executed.map(|it| it.receipt)]));
                    }
                    Output::Read(id, _) => {
                        inputs.push(Input::ReadFinished(id, Ok(QueryResult::Page(MessagePage::default()))));
                    }
                    _ => {}
                }
            }
        }
        took
    }

    fn next(&mut self) -> u64 {
        self.last += 1;
        self.last
    }

    fn hello(&self, cursor: Option<u64>) -> Hello {
        let cursor = cursor.map(|n| Cursor::new(Epoch(1), n));
        Hello { reference: 1, build: String::new(), cursor, held: vec![], room: None }
    }

    /// Opens a WebSocket of a member and sends `hello`.
    fn open(&mut self, member: u64) -> (SessionId, Duration) {
        let session = SessionId(self.next());
        let device = Some(device(member));
        let opened = self.give(Input::Opened { session, dialect: Dialect::V1, device });
        (session, opened + self.give(Input::CommandReceived(session, Command::Hello(self.hello(None)))))
    }

    fn poll(&mut self, member: u64) -> (SessionId, Duration) {
        let session = SessionId(self.next());
        let hello = self.hello(Some(self.hub.through().n));
        let (identity, presence_revision) = (Default::default(), self.hub.presence_revision());
        let poll = Poll { hello, identity, is_first: false, presence_revision, markers: None, away: false };
        (session, self.give(Input::Polled { session, device: Some(device(member)), poll }))
    }
}

fn report(what: &str, mut times: Vec<Duration>) {
    times.sort_unstable();
    let at = |percent: usize| times[(times.len() - 1) * percent / 100].as_secs_f64() * 1e3;
    println!("{what:<44} p50 {:>8.3} ms   p95 {:>8.3} ms   max {:>8.3} ms", at(50), at(95), at(100));
}

fn main() {
    let started = Instant::now();
    let store = house();
    println!("house: {:.1} s", started.elapsed().as_secs_f64());
    let settings = Settings { build: "dev".to_owned(), posts: Rate::NONE };
    let copy = store.clone();
    let started = Instant::now();
    let hub = Hub::new(settings, Epoch(1), copy);
    println!("hub with its index of {ROOMS} rooms: {:.1} ms", started.elapsed().as_secs_f64() * 1e3);
    let mut hub = Measured { hub, store, last: 0 };

    // Members beyond the makers, each with one session or one poller.
    let first = 1_000;
    let sessions: Vec<_> = (0..SESSIONS).map(|index| hub.open(first + index)).collect();
    report("attach: welcome of a member in the lobby", sessions.iter().map(|(_, took)| *took).collect());
    let makers = (1..=ROOMS / ROOMS_EACH).map(|member| hub.open(member).1).collect();
    report("attach: welcome of a member in 201 rooms", makers);
    let pollers = first + SESSIONS;
    for member in pollers..pollers + POLLERS {
        let (session, _) = hub.poll(member);
        hub.give(Input::Closed(session));
    }
    let mut times = Vec::new();
    for step in 0..STEPS {
        let (session, took) = hub.poll(1 + step % 40);
        times.push(took + hub.give(Input::Closed(session)));
    }
    report("poll of a member in 201 rooms", times);
    for find in ["", "tea room q9", "q1234x", "x", "room q9999", "nothing", "oo"] {
        let times = (0..STEPS).map(|step| {
            let after = (step % 2 == 1).then_some(RoomId(5_000));
            let query = RoomsQuery { reference: 1, find: find.to_owned(), after };
            hub.give(Input::CommandReceived(sessions[0].0, Command::Rooms(query)))
        });
        let times = times.collect();
        report(&format!("search of the directory: {find:?}"), times);
    }
    // Archive some rooms, so that there is space.
    for room in 0..STEPS {
        let change = Change::ArchiveRoom {
            author: MemberId(1 + room / ROOMS_EACH),
            client_id: ClientId((u128::from(room) | 1 << 100).to_be_bytes()),
            room: RoomId(2 + room),
            archived: true,
        };
        let executed = execute(&mut hub.store, change, NOW.wall).unwrap();
        hub.give(Input::CommitRead(executed.commit.unwrap()));
    }
    let mut times = Vec::new();
    for step in 0..STEPS - 1 {
        let client_id = ClientId((u128::from(step) | 1 << 110).to_be_bytes());
        let (name, description) = (format!("new room {step}"), String::new());
        let create = RoomCreate { reference: 1, client_id, name, description };
        let session = sessions[usize::try_from(step).unwrap()].0;
        times.push(hub.give(Input::CommandReceived(session, Command::RoomCreate(create))));
    }
    report("room_create", times);
    let times = (0..STEPS).map(|step| {
        let request = RequestId(step);
        hub.give(Input::Rename { request, name: format!("new name q{step}x"), device: device(50_000 + step) })
    });
    let times = times.collect();
    report("rename", times);
    let times =
        (0..STEPS).map(|step| hub.give(Input::Closed(sessions[usize::try_from(10_000 + step).unwrap()].0)));
    let times = times.collect();
    report("close of a session", times);
    let times = (0..STEPS).map(|step| hub.give(Input::SignOut(RequestId(step), device(first + step))));
    let times = times.collect();
    report("sign-out of a member with a session", times);
    let times = (0..STEPS).map(|step| hub.give(Input::SignOut(RequestId(step), device(pollers + step))));
    let times = times.collect();
    report("sign-out of a member who polls", times);
    let times = (1..=40).map(|member| hub.give(Input::SignOut(RequestId(member), device(member)))).collect();
    report("sign-out of a member in 201 rooms", times);
}
