//! No input, however wild, makes the client panic or break what always holds.

use crate::house::client_id;
use client::Client;
use client::effect::Effect;
use client::input::{Input, SocketId, Timer, Unreachable};
use client::limits::{OUTBOX_ROWS_MAX, PEOPLE_MAX, TIMELINE_ROWS_MAX};
use client::view::{NameRefusal, ReadyState, RowKey, RowState, View};
use shared::command::{Command, Hello, Post};
use shared::{ErrorCode, Member, MemberId, RoomId};
use std::collections::{BTreeMap, BTreeSet};

/// A small generator: what it draws is the test's whole freedom.
struct Dice {
    state: u64,
    /// The position of the latest durable frame.
    last: u64,
}

impl Dice {
    fn new(seed: u64) -> Self {
        Dice { state: seed * 0x9e37_79b9, last: 0 }
    }

    /// `prev` and `n` of a durable frame: mostly the ones that follow.
    fn position(&mut self) -> (u64, u64) {
        let prev = if self.roll(8) == 0 { self.number() } else { self.last };
        let n = if self.roll(8) == 0 { self.number() } else { prev.saturating_add(1 + self.roll(3)) };
        self.last = n;
        (prev, n)
    }
    fn roll(&mut self, sides: u64) -> u64 {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        self.state % sides
    }

    /// Small numbers often, and those at the edges.
    fn number(&mut self) -> u64 {
        match self.roll(8) {
            0 => u64::MAX,
            1 => u64::MAX - self.roll(3),
            2 => self.roll(u64::MAX),
            _ => self.roll(12),
        }
    }

    fn pick<'a>(&mut self, choice: &[&'a str]) -> &'a str {
        choice[self.roll(choice.len() as u64) as usize]
    }

    fn member(&mut self) -> Member {
        Member { id: MemberId(self.roll(4)), name: self.pick(&["Ann", "Bo", "", "茶"]).to_owned() }
    }

    fn member_json(&mut self) -> String {
        serde_json::to_string(&self.member()).unwrap()
    }

    fn cursor(&mut self) -> String {
        format!("\"{:016x}.{}\"", self.roll(8) / 7, self.number())
    }

    fn list(&mut self, one: impl Fn(&mut Dice) -> String) -> String {
        let many = if self.roll(50) == 0 { 400 } else { self.roll(5) };
        let all: Vec<String> = (0..many).map(|_| one(self)).collect();
        format!("[{}]", all.join(","))
    }

    fn message(&mut self, n: u64) -> String {
        let (seq, at, author) = (self.number(), self.number(), self.roll(4));
        let id = client_id(self.roll(30));
        format!(r#""n":{n},"seq":{seq},"at":{at},"author":{author},"name":"x","client_id":"{id}","text":"t""#)
    }

    fn address(&mut self) -> String {
        let kind = self.pick(&["room", "room", "member"]);
        format!(r#"{{"{kind}":{}}}"#, self.roll(3))
    }

    fn frame(&mut self, reference: u64) -> String {
        let (to, (prev, n)) = (self.address(), self.position());
        let reference = if self.roll(4) == 0 { self.number() } else { reference };
        match self.roll(12) {
            0 | 1 => {
                let (through, you, as_of) = (self.cursor(), self.member_json(), prev);
                self.last = prev;
                let messages = self.list(|dice| {
                    let n = dice.number();
                    format!("{{{}}}", dice.message(n))
                });
                let present = self.list(|dice| format!(r#"{{"member":{}}}"#, dice.member_json()));
                let authors = self.list(Dice::member_json);
                format!(
                    r#"{{"type":"welcome","ref":{reference},"build":"b","through":{through},"you":{you},"room":{{"room":1,"as_of":{as_of},"last":{prev},"messages":{messages},"older":false,"authors":{authors}}},"present":{present},"present_count":{}}}"#,
                    self.roll(1 << 32)
                )
            }
            2 => format!(r#"{{"type":"reply","ref":{reference},"n":{n},"seq":{prev},"at":0}}"#),
            3 => {
                let code = self.pick(&["1003", "1301", "1201", "9"]);
                let temporary = self.roll(2) == 0;
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
                    self.list(Dice::member_json),
                    self.roll(9)
                )
            }
            8 => format!(r#"{{"type":"gone","members":[0,1,{n}],"count":0}}"#),
            9 => format!(r#"{{"type":"ping","through":{}}}"#, self.cursor()),
            10 => format!(r#"{{"type":"pong","through":{}}}"#, self.cursor()),
            _ => self
                .pick(&["", "{", "[[[[", "{\"type\":7}", "{\"type\":\"new\"}", "null", "\u{0}"])
                .to_owned(),
        }
    }

    fn refusal(&mut self) -> NameRefusal {
        let code = ErrorCode::ALL[self.roll(ErrorCode::ALL.len() as u64) as usize];
        NameRefusal { code, suggestion: None }
    }

    fn input(&mut self, shell: &Shell) -> Input {
        // Mostly the connection of now, so that much happens; sometimes any.
        let socket = SocketId(if self.roll(20) == 0 { self.number() } else { shell.socket });
        let name = self.pick(&["Ann", "", "茶"]).to_owned();
        let key = RowKey { author: MemberId(self.roll(4)), client_id: client_id(self.roll(30)) };
        match self.roll(80) {
            0 => Input::Started { build: "b".to_owned(), name: Some(name) },
            1 => Input::Me(Err(Unreachable)),
            2 => Input::Me(Ok(None)),
            3 | 4 => Input::Me(Ok(Some(self.member()))),
            5 | 6 => Input::Named(Ok(self.member())),
            7 => Input::Named(Err(self.refusal())),
            8 => Input::SignedOut(if self.roll(2) == 0 { Ok(()) } else { Err(Unreachable) }),
            9 => Input::Closed { socket, code: 1012, reason: format!("retry-ms={}", self.number()) },
            10 => Input::Closed { socket, code: [1006, 4401, 0, 65535][self.roll(4) as usize], reason: name },
            11..14 => Input::Timer([Timer::Retry, Timer::Silence, Timer::Resend][self.roll(3) as usize]),
            14 => Input::Network { online: self.roll(2) == 0 },
            15 => Input::Visible(self.roll(2) == 0),
            16 => Input::Join { name },
            17 => Input::Rename { name },
            18 => Input::SignOut,
            19 => Input::Retry(key),
            20 => Input::Discard(key),
            21 => [Input::ReconnectNow, Input::DismissEpoch][self.roll(2) as usize].clone(),
            22..26 => {
                let text = if self.roll(9) == 0 { "x".repeat(20_000) } else { name };
                Input::Send { client_id: client_id(self.roll(30)), room: RoomId(self.roll(2) + 1), text }
            }
            26..29 => Input::Opened(socket),
            _ => Input::Frame(socket, self.frame(shell.reference)),
        }
    }
}

/// The shell's side of the contract: the socket and the timers as the effects left them.
#[derive(Default)]
struct Shell {
    /// The newest socket, and whether it may be sent on.
    socket: u64,
    usable: bool,
    timers: BTreeMap<Timer, u64>,
    /// The `ref` of the latest `hello` or `post`.
    reference: u64,
}

impl Shell {
    fn take(&mut self, effects: &[Effect]) {
        for effect in effects {
            match effect {
                Effect::Open(SocketId(number)) => {
                    assert!(*number > self.socket, "a number is used once");
                    assert!(!self.usable, "one at a time");
                    (self.socket, self.usable) = (*number, true);
                }
                Effect::Close(SocketId(number), _) => {
                    assert!(self.usable && *number == self.socket, "closed what was not there");
                    self.usable = false;
                }
                Effect::Transmit(SocketId(number), text) => {
                    assert!(self.usable && *number == self.socket, "sent on what was closed");
                    assert!(text.len() <= shared::limits::FRAME_BYTES_MAX);
                    match Command::parse(text).unwrap() {
                        Command::Hello(Hello { reference, .. }) | Command::Post(Post { reference, .. }) => {
                            self.reference = reference;
                        }
                        _ => {}
                    }
                }
                Effect::Set(timer, at) => {
                    self.timers.insert(*timer, *at);
                }
                Effect::Clear(timer) => {
                    self.timers.remove(timer);
                }
                _ => {}
            }
        }
    }
}

fn check(view: &View, shell: &Shell) {
    let keys: BTreeSet<RowKey> = view.rows.iter().map(|row| row.key).collect();
    assert_eq!(keys.len(), view.rows.len(), "two rows share a key");
    assert!(view.rows.len() <= TIMELINE_ROWS_MAX + OUTBOX_ROWS_MAX);
    assert!(view.people.len() <= PEOPLE_MAX);
    let settled = view.rows.iter().take_while(|row| row.state == RowState::Settled).count();
    let all = view.rows.iter().filter(|row| row.state == RowState::Settled).count();
    assert_eq!(settled, all, "what is settled stands before what is not");
    assert!(!view.link.welcomed || view.link.ready_state == ReadyState::Open);
    let up = matches!(view.link.ready_state, ReadyState::Open | ReadyState::Connecting);
    assert_eq!(up, shell.usable, "the readyState is the socket's own");
    // Whoever waits has a timer to be woken by.
    assert_eq!(view.link.retry_at, view.link.retry_at.and(shell.timers.get(&Timer::Retry).copied()));
    assert!(!up || shell.timers.contains_key(&Timer::Silence), "a connection is always watched");
}

#[test]
fn no_input_makes_it_panic_or_break_its_promises() {
    let (mut welcomes, mut settled) = (0, 0);
    for seed in 1..=120 {
        let mut dice = Dice::new(seed);
        let mut client = Client::new(seed);
        let mut shell = Shell::default();
        let mut now = if seed % 7 == 0 { u64::MAX - 1_000 } else { 1_000 };
        // Half of them begin like any visit, or the way in would be found seldom.
        let mut visit = vec![Input::Opened(SocketId(1)), Input::Me(Ok(Some(dice.member())))];
        visit.push(Input::Started { build: "b".to_owned(), name: None });
        visit.truncate(if seed % 2 == 0 { 0 } else { 3 });
        for _ in 0..400 {
            now = match dice.roll(30) {
                0 => now.saturating_sub(dice.roll(100_000)),
                1 => dice.number(),
                _ => now.saturating_add(dice.roll(3_000)),
            };
            let input = visit.pop().unwrap_or_else(|| dice.input(&shell));
            match input {
                // A browser says `close` once, and then the socket is gone.
                Input::Closed { socket, .. } if socket.0 == shell.socket => shell.usable = false,
                Input::Timer(timer) => {
                    shell.timers.remove(&timer);
                }
                _ => {}
            }
            let mut out = Vec::new();
            client.handle(input, now, &mut out);
            shell.take(&out);
            let view = client.view();
            check(&view, &shell);
            welcomes += u32::from(view.link.welcomed);
            settled += view.rows.iter().filter(|row| row.state == RowState::Settled).count();
            assert!(std::rc::Rc::ptr_eq(&view, &client.view()));
        }
    }
    // It means nothing if nothing happens.
    assert!(welcomes > 1_000 && settled > 20_000, "{welcomes} steps welcome, {settled} rows");
}

#[test]
fn the_same_seed_and_the_same_inputs_give_the_same_effects() {
    let run = |seed| {
        let mut dice = Dice::new(99);
        let mut client = Client::new(seed);
        let mut all = Vec::new();
        let mut shell = Shell::default();
        for step in 0..400 {
            let mut out = Vec::new();
            client.handle(dice.input(&shell), step * 100, &mut out);
            for effect in &out {
                if let Effect::Open(SocketId(number)) = effect {
                    shell.socket = *number;
                }
            }
            all.append(&mut out);
        }
        all
    };
    assert_eq!(run(1), run(1));
    assert!(run(1).len() > 20, "{:?}", run(1));
}
