//! Random inputs, some of which no shell would give.

use super::FuzzShell;
use crate::house::client_id;
use client::input::{ConnectionId, Input, Timer, Unreachable};
use client::persisted::{CommandBody, Owner, StoredDraft, StoredRow, StoredRows};
use client::transport::Transport;
use client::view::{NameRefusal, RowKey};
use shared::command::PageAnchor;
use shared::{Epoch, ErrorCode, Member, MemberId, RoomId};

/// A xorshift generator, which makes all random decisions of the test.
pub(super) struct FuzzRng {
    state: u64,
    /// The position of the latest durable frame.
    last: u64,
}

impl FuzzRng {
    pub(super) fn new(seed: u64) -> Self {
        FuzzRng { state: seed * 0x9e37_79b9, last: 0 }
    }

    /// `prev` and `n` of a durable frame, which mostly follow the latest one.
    pub(super) fn position(&mut self) -> (u64, u64) {
        let prev = if self.below(8) == 0 { self.number() } else { self.last };
        let n = if self.below(8) == 0 { self.number() } else { prev.saturating_add(1 + self.below(3)) };
        self.last = n;
        (prev, n)
    }
    pub(super) fn below(&mut self, sides: u64) -> u64 {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        self.state % sides
    }

    /// Mostly small numbers, and sometimes the greatest ones.
    pub(super) fn number(&mut self) -> u64 {
        match self.below(8) {
            0 => u64::MAX,
            1 => u64::MAX - self.below(3),
            2 => self.below(u64::MAX),
            _ => self.below(12),
        }
    }

    pub(super) fn pick<'a>(&mut self, choice: &[&'a str]) -> &'a str {
        choice[self.below(choice.len() as u64) as usize]
    }

    pub(super) fn member(&mut self) -> Member {
        Member { id: MemberId(self.below(4)), name: self.pick(&["Ann", "Bo", "", "茶"]).to_owned() }
    }

    pub(super) fn member_json(&mut self) -> String {
        serde_json::to_string(&self.member()).unwrap()
    }

    pub(super) fn cursor(&mut self) -> String {
        format!("\"{:016x}.{}\"", self.below(8) / 7, self.number())
    }

    pub(super) fn list(&mut self, one: impl Fn(&mut FuzzRng) -> String) -> String {
        let many = if self.below(50) == 0 { 400 } else { self.below(5) };
        let all: Vec<String> = (0..many).map(|_| one(self)).collect();
        format!("[{}]", all.join(","))
    }

    pub(super) fn message(&mut self, n: u64) -> String {
        let (seq, at, author) = (self.number(), self.number(), self.below(4));
        let id = client_id(self.below(30));
        format!(r#""n":{n},"seq":{seq},"at":{at},"author":{author},"name":"x","client_id":"{id}","text":"t""#)
    }

    pub(super) fn address(&mut self) -> String {
        let kind = self.pick(&["room", "room", "member"]);
        format!(r#"{{"{kind}":{}}}"#, self.below(3))
    }

    pub(super) fn frame(&mut self, reference: u64) -> String {
        let (to, (prev, n)) = (self.address(), self.position());
        let reference = if self.below(4) == 0 { self.number() } else { reference };
        match self.below(20) {
            0 | 1 => {
                let (through, you, as_of) = (self.cursor(), self.member_json(), prev);
                self.last = prev;
                let room = self.snapshot(prev);
                let rooms = self.list(|rng| {
                    let marker = match rng.below(2) {
                        0 => String::new(),
                        _ => format!(r#","marker":{}"#, rng.marker()),
                    };
                    format!(
                        r#"{{"id":{},"name":"r","members":{},"joined":{},"last":{prev},"seq":{}{marker}}}"#,
                        rng.below(4),
                        rng.below(1 << 32),
                        rng.below(3),
                        rng.number()
                    )
                });
                let resumed = self.below(2) == 0;
                let present = self.list(|rng| format!(r#"{{"member":{}}}"#, rng.member_json()));
                format!(
                    r#"{{"type":"welcome","ref":{reference},"build":"b","through":{through},"you":{you},"resumed":{resumed},"as_of":{as_of},"rooms":{rooms},"room":{room},"present":{present},"present_count":{}}}"#,
                    self.below(1 << 32)
                )
            }
            2 => format!(r#"{{"type":"reply","ref":{reference},"n":{n},"seq":{prev},"at":0}}"#),
            3 => {
                let code = self.pick(&["1003", "1301", "1201", "9"]);
                let temporary = self.below(2) == 0;
                format!(
                    r#"{{"type":"error","ref":{reference},"code":{code},"name":"e","temporary":{temporary}}}"#
                )
            }
            4 | 5 => format!(r#"{{"type":"posted","to":{to},"prev":{prev},{}}}"#, self.message(n)),
            6 => {
                let kind = self.pick(&["member_joined", "renamed"]);
                let member = self.member_json();
                format!(r#"{{"type":"{kind}","n":{n},"to":{to},"prev":{prev},"at":0,"member":{member}}}"#)
            }
            7 => {
                let kind = self.pick(&["here", "away"]);
                format!(
                    r#"{{"type":"{kind}","members":{},"count":{}}}"#,
                    self.list(FuzzRng::member_json),
                    self.below(9)
                )
            }
            8 => format!(r#"{{"type":"gone","members":[0,1,{n}],"count":0}}"#),
            9 => format!(r#"{{"type":"ping","through":{}}}"#, self.cursor()),
            10 => format!(r#"{{"type":"pong","through":{}}}"#, self.cursor()),
            11 => format!(r#"{{"type":"reset","room":{}}}"#, self.snapshot(prev)),
            12 => format!(r#"{{"type":"reset","ref":{reference},"room":{}}}"#, self.snapshot(prev)),
            13 => format!(r#"{{"type":"caught_up","through":{}}}"#, self.cursor()),
            14 | 15 => {
                let (room, older, newer) = (self.below(4), self.below(2) == 0, self.below(2) == 0);
                let (messages, authors) = (self.messages(), self.list(FuzzRng::member_json));
                format!(
                    r#"{{"type":"history","ref":{reference},"room":{room},"at":"newest","messages":{messages},"older":{older},"newer":{newer},"authors":{authors}}}"#
                )
            }
            16 => {
                let more = self.below(2) == 0;
                let events = self.list(|rng| {
                    let (to, (prev, n)) = (rng.address(), rng.position());
                    format!(r#"{{"type":"posted","to":{to},"prev":{prev},{}}}"#, rng.message(n))
                });
                format!(r#"{{"type":"events","ref":{reference},"to":{to},"events":{events},"more":{more}}}"#)
            }
            17 => {
                let member = self.member_json();
                let room = self.below(4);
                if self.below(2) == 0 {
                    format!(
                        r#"{{"type":"member_joined","n":{n},"to":{to},"prev":{prev},"at":0,"member":{member},"room":{{"id":{room},"name":"x"}}}}"#
                    )
                } else {
                    let member = self.below(4);
                    format!(
                        r#"{{"type":"member_left","n":{n},"to":{to},"prev":{prev},"at":0,"member":{member},"room":{room}}}"#
                    )
                }
            }
            18 if self.below(2) == 0 => format!(
                r#"{{"type":"read_marker","ref":{reference},"room":{},"seq":{},"marker":{}}}"#,
                self.below(4),
                self.number(),
                self.marker()
            ),
            18 => format!(
                r#"{{"type":"rooms","ref":{reference},"rooms":[{{"id":{},"name":"x","members":1}}],"more":true}}"#,
                self.below(9)
            ),
            _ => self
                .pick(&["", "{", "[[[[", "{\"type\":7}", "{\"type\":\"new\"}", "null", "\u{0}"])
                .to_owned(),
        }
    }

    fn marker(&mut self) -> String {
        let (n, read_to, version, unread) =
            (self.number(), self.number(), self.number(), self.below(1 << 32));
        format!(r#"{{"n":{n},"read_to":{read_to},"version":{version},"unread":{unread}}}"#)
    }

    pub(super) fn messages(&mut self) -> String {
        let ascending = self.below(3) > 0;
        let (mut n, mut seq) = (self.number(), self.number());
        let many = if self.below(50) == 0 { 400 } else { self.below(9) };
        let mut all = Vec::new();
        for _ in 0..many {
            (n, seq) = if ascending {
                (n.saturating_add(1 + self.below(3)), seq.saturating_add(1))
            } else {
                (self.number(), self.number())
            };
            let (author, id) = (self.below(4), client_id(self.below(4_000)));
            all.push(format!(
                r#"{{"n":{n},"seq":{seq},"at":0,"author":{author},"name":"x","client_id":"{id}","text":"t"}}"#
            ));
        }
        format!("[{}]", all.join(","))
    }

    pub(super) fn snapshot(&mut self, prev: u64) -> String {
        let (room, older) = (self.below(3) + 1, self.below(2) == 0);
        let (messages, authors) = (self.messages(), self.list(FuzzRng::member_json));
        format!(
            r#"{{"room":{room},"as_of":{prev},"last":{prev},"messages":{messages},"older":{older},"authors":{authors}}}"#
        )
    }

    pub(super) fn owner(&mut self) -> Owner {
        let epoch = (self.below(3) > 0).then(|| Epoch(self.below(8) / 7));
        Owner { epoch, member: MemberId(self.below(4)) }
    }

    pub(super) fn stored(&mut self) -> StoredRows {
        let mut stored = StoredRows::default();
        for _ in 0..self.below(4) {
            let (owner, room) = (self.owner(), RoomId(self.below(3)));
            stored.rows.push(StoredRow {
                owner,
                client_id: client_id(self.below(30)),
                name: self.member().name,
                body: CommandBody::post(room, "kept".to_owned()),
                at: self.number(),
                send_order: self.number(),
                lease: self.number(),
                unsent: self.below(2) == 0,
                failed: None,
            });
            let (name, text) = (self.member().name, self.pick(&["half", "half a", ""]).to_owned());
            stored.drafts.push(StoredDraft::new(self.owner(), &name, room.into(), &text));
        }
        stored
    }

    pub(super) fn user_input(&mut self) -> Input {
        let (room, text) = (RoomId(self.below(4)), self.pick(&["half", "half a", "", "y"]).to_owned());
        let (id, conversation) = (client_id(self.below(30)), RoomId(self.below(4)).into());
        let at = [PageAnchor::Newest, PageAnchor::Around(self.below(40)), PageAnchor::Date(self.number())]
            [self.below(3) as usize];
        let key = RowKey { author: MemberId(self.below(4)), client_id: id };
        match self.below(18) {
            0 | 1 => Input::LoadOlder(conversation),
            2 => Input::LoadNewer(conversation),
            3 => Input::JumpToLatest(conversation),
            4 => Input::Jump(conversation, at),
            5 => Input::FollowEnd(conversation, self.below(2) == 0),
            6 => Input::OpenRoom(room),
            7 => Input::DraftChanged { conversation: room.into(), text },
            8 => Input::RowsLoaded((self.below(4) > 0).then(|| self.stored())),
            9 => Input::CreateRoom { client_id: id, name: text.clone(), description: text },
            10 => [Input::JoinRoom { client_id: id, room }, Input::RoomFormClosed, Input::DismissReadyRoom]
                [self.below(3) as usize]
                .clone(),
            11 => Input::LeaveRoom { client_id: id, room },
            12 => [Input::SearchDirectory { find: text }, Input::LoadMoreDirectory, Input::CloseDirectory]
                [self.below(3) as usize]
                .clone(),
            13 => {
                let decide = [Input::AdoptLeftBehind, Input::DiscardLeftBehind, Input::DeferLeftBehind];
                decide[self.below(3) as usize](self.owner())
            }
            14 => Input::Leaving,
            15 => Input::RowSeen(key),
            16 => [Input::MarkRead, Input::JumpToLine, Input::FocusChanged(self.below(2) == 0)]
                [self.below(3) as usize]
                .clone(),
            _ => Input::ChangeRoom { client_id: id, room, name: text.clone(), description: text },
        }
    }

    pub(super) fn refusal(&mut self) -> NameRefusal {
        let code = ErrorCode::ALL[self.below(ErrorCode::ALL.len() as u64) as usize];
        NameRefusal { code, suggestion: None, retry_after_s: (self.below(2) == 0).then_some(3) }
    }

    pub(super) fn input(&mut self, shell: &FuzzShell) -> Input {
        // Mostly the newest connection, so that much happens; sometimes any.
        let open: Vec<u64> = shell.usable.keys().copied().collect();
        let socket = ConnectionId(match self.below(20) {
            0 => self.number(),
            1..3 if !open.is_empty() => open[self.below(open.len() as u64) as usize],
            _ => shell.socket,
        });
        let name = self.pick(&["Ann", "", "茶"]).to_owned();
        let key = RowKey { author: MemberId(self.below(4)), client_id: client_id(self.below(30)) };
        match self.below(100) {
            80..98 => self.user_input(),
            98 => Input::RowSaved { key, ok: self.below(9) > 0 },
            0 => Input::Started { build: "b".to_owned(), name: Some(name), join_id: client_id(9) },
            1 => Input::IdentityFetched(Err(Unreachable)),
            2 => Input::IdentityFetched(Ok(None)),
            3 | 4 => Input::IdentityFetched(Ok(Some(self.member()))),
            5 | 6 => Input::Named(Ok(self.member())),
            7 => Input::Named(Err(self.refusal())),
            8 => Input::SignedOut(if self.below(2) == 0 { Ok(()) } else { Err(Unreachable) }),
            9 => Input::ConnectionClosed {
                connection: socket,
                code: 1012,
                reason: format!("retry-ms={}", self.number()),
            },
            10 => Input::ConnectionClosed {
                connection: socket,
                code: [1006, 4401, 0, 65535][self.below(4) as usize],
                reason: name,
            },
            11..14 => {
                let timers = [
                    Timer::Retry,
                    Timer::Silence,
                    Timer::Resend,
                    Timer::Request,
                    Timer::Draft,
                    Timer::Lease,
                    Timer::Mark,
                    Timer::Line,
                ];
                Input::TimerFired(timers[self.below(8) as usize])
            }
            14 => Input::NetworkReported { online: self.below(2) == 0 },
            15 => Input::VisibilityChanged(self.below(2) == 0),
            16 => Input::Join { name },
            17 => Input::Rename { name },
            18 => Input::SignOut,
            19 => Input::Retry(key),
            20 if self.below(2) == 0 => match self.below(6) {
                4 => Input::NetworkChanged,
                5 => Input::PinTransport(None),
                index => Input::PinTransport(Some(Transport::ALL[index as usize])),
            },
            20 => Input::Discard(key),
            21 => [Input::ReconnectNow, Input::DismissEpoch][self.below(2) as usize].clone(),
            22..26 => {
                let text = if self.below(9) == 0 { "x".repeat(20_000) } else { name };
                Input::Send {
                    client_id: client_id(self.below(30)),
                    conversation: RoomId(self.below(2) + 1).into(),
                    text,
                }
            }
            26..29 => Input::ConnectionOpened(socket),
            _ => Input::FrameReceived(socket, self.frame(shell.reference)),
        }
    }
}
