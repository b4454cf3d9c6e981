//! A server that says what a test wants: it keeps a log and makes frames of it.

use shared::event::{
    Here, MemberLeft, Posted, Presence, Refusal, Renamed, Reply, RoomSnapshot, Through, Welcome,
};
use shared::{Address, ClientId, Cursor, Epoch, ErrorCode, Event, Member, MemberId, Message, RoomId};
use std::collections::BTreeMap;

pub(crate) struct House {
    pub(crate) epoch: Epoch,
    n: u64,
    last: u64,
    messages: Vec<Message>,
    /// Everybody's name of today.
    names: BTreeMap<MemberId, String>,
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

impl House {
    pub(crate) fn new(epoch: u64) -> Self {
        House { epoch: Epoch(epoch), n: 0, last: 0, messages: Vec::new(), names: BTreeMap::new() }
    }

    /// Commits a message; its frame.
    pub(crate) fn post(&mut self, author: &Member, number: u64, text: &str) -> String {
        let prev = self.advance();
        let message = Message {
            n: self.n,
            seq: self.messages.len() as u64 + 1,
            at: 5_000 + self.n,
            author: author.id,
            name: author.name.clone(),
            tag: None,
            client_id: client_id(number),
            text: text.to_owned(),
        };
        self.messages.push(message.clone());
        self.names.insert(author.id, author.name.clone());
        let Message { n, seq, at, author, name, tag, client_id, text } = message;
        let to = Address::Room(RoomId::LOBBY);
        frame(&Event::Posted(Posted { n, to, prev, seq, at, author, name, tag, client_id, text }))
    }

    /// Gives a member another name; its frame.
    pub(crate) fn rename(&mut self, member: Member) -> String {
        let prev = self.advance();
        self.names.insert(member.id, member.name.clone());
        frame(&Event::Renamed(Renamed { n: self.n, to: Address::Room(RoomId::LOBBY), prev, at: 1, member }))
    }

    /// Lets a member leave the house; the frame.
    pub(crate) fn leave(&mut self, member: MemberId) -> String {
        let prev = self.advance();
        self.names.remove(&member);
        frame(&Event::MemberLeft(MemberLeft {
            n: self.n,
            to: Address::Room(RoomId::LOBBY),
            prev,
            at: 1,
            member,
        }))
    }

    /// The next event's position; positions between two of one room are others'.
    fn advance(&mut self) -> u64 {
        self.n += 3;
        std::mem::replace(&mut self.last, self.n)
    }

    /// The `reply` to the post with this `ref`, whose message is the newest.
    pub(crate) fn reply(&self, reference: u64) -> String {
        let message = self.messages.last().unwrap();
        frame(&Event::Reply(Reply { reference, n: message.n, seq: message.seq, at: message.at }))
    }

    pub(crate) fn error(reference: u64, code: ErrorCode) -> String {
        frame(&Event::Error(Refusal::new(Some(reference), code)))
    }

    pub(crate) fn through(&self) -> Through {
        Through { through: Cursor { epoch: self.epoch, n: self.n } }
    }

    pub(crate) fn here(members: &[Member]) -> String {
        frame(&Event::Here(Here { members: members.to_vec(), count: members.len() as u32 }))
    }

    /// Today's names of those who wrote these and are members still.
    fn authors(&self, messages: &[Message]) -> Vec<Member> {
        let wrote = |id: &MemberId| messages.iter().any(|message| message.author == *id);
        let authors = self.names.iter().filter(|(id, _)| wrote(id));
        authors.map(|(id, name)| Member { id: *id, name: name.clone() }).collect()
    }

    pub(crate) fn welcome(&self, reference: u64, you: &Member) -> String {
        self.welcome_with(reference, you, "build", 100)
    }

    /// A `welcome` of this build with the last `size` messages.
    pub(crate) fn welcome_with(&self, reference: u64, you: &Member, build: &str, size: usize) -> String {
        let from = self.messages.len().saturating_sub(size);
        frame(&Event::Welcome(Box::new(Welcome {
            reference,
            build: build.to_owned(),
            through: self.through().through,
            you: you.clone(),
            room: RoomSnapshot {
                room: RoomId::LOBBY,
                as_of: self.n,
                last: self.last,
                messages: self.messages[from..].to_vec(),
                older: from > 0,
                authors: self.authors(&self.messages[from..]),
            },
            present: vec![Presence { member: you.clone(), away: false }],
            present_count: 1,
        })))
    }
}
