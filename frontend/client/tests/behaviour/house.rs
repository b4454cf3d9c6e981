//! A scripted server: it keeps a log and returns the frames that a test asks for.

use shared::command::PageAnchor;
use shared::event::{
    EventsPage, Here, HistoryPage, MemberJoined, MemberLeft, Posted, Presence, ReadMarker, Refusal, Renamed,
    Reply, Reset, RoomArchived, RoomChanged, RoomCreated, RoomEntry, RoomMarker, RoomSnapshot, Through,
    Welcome,
};
use shared::limits::HISTORY_MESSAGES;
use shared::{Address, ClientId, Cursor, Epoch, ErrorCode, Event, Member, MemberId, Message, Room, RoomId};
use std::collections::BTreeMap;

pub(crate) const LOBBY: RoomId = RoomId::LOBBY;

pub(crate) struct House {
    pub(crate) epoch: Epoch,
    pub(crate) n: u64,
    last: BTreeMap<Address, u64>,
    log: Vec<Event>,
    messages: BTreeMap<RoomId, Vec<Message>>,
    rooms: BTreeMap<RoomId, Room>,
    /// The rooms that Ann is in, with the position of each join.
    stays: BTreeMap<RoomId, u64>,
    /// Everyone's present name.
    names: BTreeMap<MemberId, String>,
    /// Ann's read markers, as positions and versions; none in a house of an older build.
    markers: Option<BTreeMap<RoomId, (u64, u64)>>,
}

pub(crate) fn member(id: u64, name: &str) -> Member {
    Member { id: MemberId(id), name: name.to_owned() }
}

pub(crate) fn client_id(number: u64) -> ClientId {
    ClientId(u128::from(number).to_be_bytes())
}

pub(crate) fn frame(event: &Event) -> String {
    serde_json::to_string(event).unwrap()
}

/// The frame with a field more, as a server writes it that tells a mark.
pub(crate) fn with_field(frame: &str, name: &str, value: &str) -> String {
    format!(r#"{},"{name}":"{value}"}}"#, frame.strip_suffix('}').unwrap())
}

fn room(id: RoomId, name: &str) -> Room {
    Room { id, name: name.to_owned(), description: String::new() }
}

impl House {
    pub(crate) fn new(epoch: u64) -> Self {
        House {
            epoch: Epoch(epoch),
            n: 0,
            last: BTreeMap::new(),
            log: Vec::new(),
            messages: BTreeMap::new(),
            rooms: BTreeMap::from([(LOBBY, room(LOBBY, ""))]),
            stays: BTreeMap::from([(LOBBY, 0)]),
            names: BTreeMap::new(),
            markers: None,
        }
    }

    /// A house with a room that Ann is in.
    pub(crate) fn with_room(epoch: u64, id: u64, name: &str) -> Self {
        let mut house = House::new(epoch);
        house.create_room(id, name);
        house.join_room(id);
        house
    }

    /// This house, with read markers.
    pub(crate) fn with_markers(mut self) -> Self {
        self.markers = Some(BTreeMap::new());
        self
    }

    /// Ann's read marker of a room.
    fn marker(&self, room: RoomId) -> Option<ReadMarker> {
        let (n, version) = self.markers.as_ref()?.get(&room).copied().unwrap_or_default();
        let n = n.max(self.stays[&room]);
        let messages = || self.messages.get(&room).into_iter().flatten();
        let read_to = messages().filter(|message| message.n <= n).count() as u64;
        let unread =
            messages().filter(|message| message.n > n && message.author != MemberId(1)).count() as u32;
        Some(ReadMarker { n, read_to, version, unread: Some(unread) })
    }

    /// Moves Ann's marker, and returns the frame.
    pub(crate) fn mark(&mut self, reference: Option<u64>, room: RoomId, n: u64) -> String {
        let markers = self.markers.as_mut().unwrap();
        let version = markers.values().map(|(_, version)| *version).max().unwrap_or(0) + 1;
        let marker = markers.entry(room).or_default();
        if n > marker.0 {
            *marker = (n, version);
        }
        let (seq, marker) =
            (self.messages.get(&room).map_or(0, |all| all.len() as u64), self.marker(room).unwrap());
        frame(&Event::ReadMarker(RoomMarker { reference, room, seq, marker }))
    }

    /// The next event's position and its `prev`. Skipped positions belong to other rooms.
    fn advance(&mut self, to: Address) -> (u64, u64) {
        self.n += 3;
        (self.n, self.last.insert(to, self.n).unwrap_or(0))
    }

    fn commit(&mut self, event: Event) -> String {
        let text = frame(&event);
        self.log.push(event);
        text
    }

    /// Commits a message in the lobby and returns its frame.
    pub(crate) fn post(&mut self, author: &Member, number: u64, text: &str) -> String {
        self.post_in(LOBBY, author, number, text)
    }

    pub(crate) fn post_in(&mut self, room: RoomId, author: &Member, number: u64, text: &str) -> String {
        let to = Address::Room(room);
        let (n, prev) = self.advance(to);
        let messages = self.messages.entry(room).or_default();
        let seq = messages.len() as u64 + 1;
        let (name, text) = (author.name.clone(), text.to_owned());
        let (author, client_id, at) = (author.id, client_id(number), 5_000 + n);
        self.names.insert(author, name.clone());
        let posted = Posted { n, to, prev, seq, at, author, name, tag: None, client_id, text };
        messages.push(posted.clone().into_message());
        self.commit(Event::Posted(posted))
    }

    /// Bo posts these numbers to a room, each in a message of its own.
    pub(crate) fn talk(&mut self, room: RoomId, numbers: std::ops::RangeInclusive<u64>) -> Vec<String> {
        let bo = member(2, "Bo");
        numbers.map(|number| self.post_in(room, &bo, 1_000 + number, &number.to_string())).collect()
    }

    /// Gives a member another name and returns the frame.
    pub(crate) fn rename(&mut self, member: Member) -> String {
        let to = Address::Room(LOBBY);
        let (n, prev) = self.advance(to);
        self.names.insert(member.id, member.name.clone());
        self.commit(Event::Renamed(Renamed { n, to, prev, at: 1, member }))
    }

    /// Removes a member from the house and returns the frame.
    pub(crate) fn leave(&mut self, member: MemberId) -> String {
        let to = Address::Room(LOBBY);
        let (n, prev) = self.advance(to);
        self.names.remove(&member);
        self.commit(Event::MemberLeft(MemberLeft { n, to, prev, at: 1, member, by: None, room: None }))
    }

    /// Bo creates a room.
    pub(crate) fn create_room(&mut self, id: u64, name: &str) {
        let id = RoomId(id);
        let (to, room) = (Address::Room(id), room(id, name));
        let (n, prev) = self.advance(to);
        self.rooms.insert(id, room.clone());
        let (author, client_id) = (MemberId(2), client_id(900 + id.0));
        self.commit(Event::RoomCreated(RoomCreated { n, to, prev, at: 1, author, client_id, room }));
    }

    /// Bo renames a room.
    pub(crate) fn rename_room(&mut self, id: u64, name: &str) -> String {
        let id = RoomId(id);
        let (to, room) = (Address::Room(id), room(id, name));
        let (n, prev) = self.advance(to);
        self.rooms.insert(id, room.clone());
        let (author, client_id) = (MemberId(2), client_id(800 + n));
        self.commit(Event::RoomChanged(RoomChanged { n, to, prev, at: 1, author, client_id, room }))
    }

    /// Bo archives a room, or restores it.
    pub(crate) fn archive_room(&mut self, id: u64, archived: bool) -> String {
        let to = Address::Room(RoomId(id));
        let (n, prev) = self.advance(to);
        let event = RoomArchived { n, to, prev, at: 1, author: MemberId(2), client_id: client_id(700 + n) };
        self.commit(if archived { Event::RoomArchived(event) } else { Event::RoomRestored(event) })
    }

    /// Ann creates a room: her own event, `room_created`, and the room's `member_joined`.
    pub(crate) fn create(&mut self, id: u64, name: &str) -> [String; 3] {
        let (ann, to) = (member(1, "Ann"), Address::Room(RoomId(id)));
        let room = room(RoomId(id), name);
        self.rooms.insert(RoomId(id), room.clone());
        let own = self.add_own_joined(RoomId(id), ann.clone(), Some(1));
        let (n, prev) = self.advance(to);
        let (author, client_id) = (ann.id, client_id(900 + id));
        let created = RoomCreated { n, to, prev, at: 1, author, client_id, room };
        let created = self.commit(Event::RoomCreated(created));
        [own, created, self.add_joined(RoomId(id), ann)]
    }

    /// Ann joins a room: the frames to her and to the room.
    pub(crate) fn join_room(&mut self, id: u64) -> [String; 2] {
        self.enter(id, member(1, "Ann"))
    }

    /// Ann joins a room in an older log, whose events do not count the members.
    pub(crate) fn join_uncounted(&mut self, id: u64) -> [String; 2] {
        let (id, ann) = (RoomId(id), member(1, "Ann"));
        [self.add_own_joined(id, ann.clone(), None), self.add_joined(id, ann)]
    }

    /// Bo joins a room: the frame to the room.
    pub(crate) fn join_room_as_bo(&mut self, id: u64) -> String {
        let [_, told] = self.enter(id, member(2, "Bo"));
        told
    }

    fn enter(&mut self, id: u64, who: Member) -> [String; 2] {
        [self.add_own_joined(RoomId(id), who.clone(), Some(2)), self.add_joined(RoomId(id), who)]
    }

    /// Commits the `member_joined` that is addressed to the member.
    fn add_own_joined(&mut self, id: RoomId, who: Member, members: Option<u32>) -> String {
        let to = Address::Member(who.id);
        let room = self.rooms.get(&id).cloned();
        let (n, prev) = self.advance(to);
        self.commit(Event::MemberJoined(MemberJoined {
            n,
            to,
            prev,
            at: 1,
            member: who,
            by: None,
            room,
            members,
        }))
    }

    /// Commits the `member_joined` that is addressed to the room.
    fn add_joined(&mut self, id: RoomId, who: Member) -> String {
        let to = Address::Room(id);
        let (n, prev) = self.advance(to);
        if who.id == MemberId(1) {
            self.stays.insert(id, n);
        }
        let (room, members) = (None, None);
        self.commit(Event::MemberJoined(MemberJoined {
            n,
            to,
            prev,
            at: 1,
            member: who,
            by: None,
            room,
            members,
        }))
    }

    /// Ann leaves a room: the frames to the room and to her.
    pub(crate) fn leave_room(&mut self, id: u64) -> [String; 2] {
        let (id, member) = (RoomId(id), MemberId(1));
        let [me, to] = [Address::Member(member), Address::Room(id)];
        self.stays.remove(&id);
        let (n, prev) = self.advance(to);
        let left =
            self.commit(Event::MemberLeft(MemberLeft { n, to, prev, at: 1, member, by: None, room: None }));
        let (n, prev) = self.advance(me);
        [
            left,
            self.commit(Event::MemberLeft(MemberLeft {
                n,
                to: me,
                prev,
                at: 1,
                member,
                by: None,
                room: Some(id),
            })),
        ]
    }

    /// The `reply` to the post with this `ref`, whose message is the newest in the lobby.
    pub(crate) fn reply(&self, reference: u64) -> String {
        let message = self.messages[&LOBBY].last().unwrap();
        let (n, seq, at) = (message.n, message.seq, message.at);
        frame(&Event::Reply(Reply { reference, n, seq, at, room: None }))
    }

    /// The `reply` to a command about this room.
    pub(crate) fn reply_room(&self, reference: u64, room: u64) -> String {
        let room = Some(RoomId(room));
        frame(&Event::Reply(Reply { reference, n: self.n, seq: 0, at: 1, room }))
    }

    pub(crate) fn error(reference: u64, code: ErrorCode) -> String {
        frame(&Event::Error(Refusal::new(Some(reference), code)))
    }

    pub(crate) fn through(&self) -> Through {
        Through { through: Cursor::new(self.epoch, self.n) }
    }

    /// The cursor at the head with this mark.
    pub(crate) fn marked(&self, mark: u32) -> Cursor {
        Cursor { mark: Some(mark), ..self.through().through }
    }

    /// These members are present, with their names as of `as_of`.
    pub(crate) fn here_event(members: &[Member], as_of: u64) -> String {
        frame(&Event::Here(Here { members: members.to_vec(), as_of, count: members.len() as u32 }))
    }

    /// The present names of the authors of these messages who are still members.
    fn authors(&self, messages: &[Message]) -> Vec<Member> {
        let wrote = |id: &MemberId| messages.iter().any(|message| message.author == *id);
        let authors = self.names.iter().filter(|(id, _)| wrote(id));
        authors.map(|(id, name)| Member { id: *id, name: name.clone() }).collect()
    }

    pub(crate) fn welcome(&self, reference: u64, you: &Member) -> String {
        self.welcome_with(reference, you, "build", 100)
    }

    /// A fresh `welcome` of this build with the last `size` messages of the lobby.
    pub(crate) fn welcome_with(&self, reference: u64, you: &Member, build: &str, size: usize) -> String {
        let room = Some(self.snapshot(LOBBY, size));
        frame(&Event::Welcome(Box::new(Welcome {
            build: build.to_owned(),
            room,
            ..self.hello(reference, you)
        })))
    }

    /// A fresh `welcome` with the last `size` messages of the lobby, from a log that was rolled back.
    pub(crate) fn welcome_after_roll_back(&self, reference: u64, you: &Member, size: usize) -> String {
        let room = Some(self.snapshot(LOBBY, size));
        let welcome = self.hello(reference, you);
        frame(&Event::Welcome(Box::new(Welcome { room, rolled_back: true, ..welcome })))
    }

    /// A fresh `welcome` with the last `size` messages of this room.
    pub(crate) fn welcome_to(&self, reference: u64, you: &Member, room: RoomId, size: usize) -> String {
        let room = Some(self.snapshot(room, size));
        frame(&Event::Welcome(Box::new(Welcome { room, ..self.hello(reference, you) })))
    }

    /// A `welcome` that resumes from a cursor at `n`.
    pub(crate) fn welcome_back(&self, reference: u64, you: &Member, n: u64) -> String {
        let through = Cursor::new(self.epoch, n);
        let welcome = self.hello(reference, you);
        frame(&Event::Welcome(Box::new(Welcome { resumed: true, through, ..welcome })))
    }

    fn hello(&self, reference: u64, you: &Member) -> Welcome {
        let entry = |(id, joined): (&RoomId, &u64)| RoomEntry {
            id: *id,
            name: self.rooms[id].name.clone(),
            description: String::new(),
            members: 2,
            joined: *joined,
            last: self.last.get(&Address::Room(*id)).copied().unwrap_or(0),
            seq: self.messages.get(id).map_or(0, |messages| messages.len() as u64),
            marker: self.marker(*id),
        };
        Welcome {
            reference,
            build: "build".to_owned(),
            through: self.through().through,
            you: you.clone(),
            resumed: false,
            rolled_back: false,
            as_of: self.n,
            rooms: self.stays.iter().map(entry).collect(),
            room: None,
            present: vec![Presence { member: you.clone(), away: false }],
            present_count: 1,
        }
    }

    fn snapshot(&self, room: RoomId, size: usize) -> RoomSnapshot {
        let messages = self.messages.get(&room).cloned().unwrap_or_default();
        let from = messages.len().saturating_sub(size);
        let messages = messages[from..].to_vec();
        let last = self.last.get(&Address::Room(room)).copied().unwrap_or(0);
        let authors = self.authors(&messages);
        RoomSnapshot { room, as_of: self.n, last, messages, older: from > 0, authors }
    }

    pub(crate) fn reset(&self, reference: Option<u64>, room: RoomId, size: usize) -> String {
        let entry = self.hello(0, &member(1, "Ann")).rooms.into_iter().find(|entry| entry.id == room);
        frame(&Event::Reset(Box::new(Reset {
            reference,
            entry,
            room: self.snapshot(room, size),
            held: None,
        })))
    }

    /// The events that Ann missed after `n`.
    pub(crate) fn missed(&self, n: u64) -> Vec<String> {
        let theirs = |to| match to {
            Address::Room(room) => self.stays.get(&room).copied(),
            Address::Member(member) => (member == MemberId(1)).then_some(0),
        };
        let missed = self.log.iter().filter(|event| {
            let position = event.position().unwrap();
            position.n > n && theirs(position.to).is_some_and(|since| since <= position.n)
        });
        missed.map(frame).collect()
    }

    pub(crate) fn caught_up(&self) -> String {
        frame(&Event::CaughtUp(self.through()))
    }

    /// The answer to `history`.
    pub(crate) fn history(&self, reference: u64, room: RoomId, at: PageAnchor) -> String {
        let all = self.messages.get(&room).cloned().unwrap_or_default();
        let index = |n| all.partition_point(|message| message.n < n);
        let around = |middle: usize| {
            let from = middle.saturating_sub(HISTORY_MESSAGES / 2);
            from..(from + HISTORY_MESSAGES).min(all.len())
        };
        let range = match at {
            PageAnchor::Newest => all.len().saturating_sub(HISTORY_MESSAGES)..all.len(),
            PageAnchor::Before(n) => index(n).saturating_sub(HISTORY_MESSAGES)..index(n),
            PageAnchor::After(n) => {
                let from = all.partition_point(|message| message.n <= n);
                from..(from + HISTORY_MESSAGES).min(all.len())
            }
            PageAnchor::Around(n) => around(index(n)),
            PageAnchor::Date(at) => around(all.partition_point(|message| message.at < at)),
        };
        let (older, newer) = (range.start > 0, range.end < all.len());
        let messages = all[range].to_vec();
        let authors = self.authors(&messages);
        frame(&Event::History(Box::new(HistoryPage { reference, room, at, messages, older, newer, authors })))
    }

    /// The answer to `events`, with at most `most` of them.
    pub(crate) fn events(&self, reference: u64, to: Address, after: u64, most: usize) -> String {
        let of =
            |event: &&Event| event.position().is_some_and(|position| position.to == to && position.n > after);
        let all: Vec<Event> = self.log.iter().filter(of).cloned().collect();
        let more = all.len() > most;
        let events = all.into_iter().take(most).collect();
        frame(&Event::Events(EventsPage { reference, to, events, more }))
    }
}
