//! A page without a browser: gives inputs, keeps the clock, and reads effects.

use crate::house::{House, client_id, member};
use client::Client;
use client::effect::Effect;
use client::input::{Input, SocketId, Timer};
use client::view::{RowState, View};
use shared::command::{Command, Post};
use shared::{Member, RoomId};
use std::rc::Rc;

pub(crate) struct Page {
    pub(crate) client: Client,
    pub(crate) now: u64,
    pub(crate) socket: SocketId,
    /// The `ref` of the latest `hello`.
    pub(crate) hello: u64,
}

impl Page {
    pub(crate) fn new() -> Self {
        Page { client: Client::new(1), now: 1_000_000, socket: SocketId(0), hello: 0 }
    }

    /// Ann's page, before the server was asked.
    pub(crate) fn opened() -> Self {
        let mut page = Page::new();
        let started = Input::Started { build: "build".to_owned(), name: Some("Ann".to_owned()) };
        assert_eq!(page.give(started), [Effect::AskMe]);
        page
    }

    /// Ann's page, welcome in `house`.
    pub(crate) fn welcome_in(house: &House) -> Self {
        let mut page = Page::opened();
        page.give(Input::Me(Ok(Some(ann()))));
        page.enter(house, &ann());
        page
    }

    pub(crate) fn give(&mut self, input: Input) -> Vec<Effect> {
        let mut out = Vec::new();
        self.client.handle(input, self.now, &mut out);
        for effect in &out {
            match effect {
                Effect::Open(socket) => self.socket = *socket,
                Effect::Transmit(socket, text) => {
                    assert_eq!(*socket, self.socket, "sent on a connection that is no more");
                    if let Ok(Command::Hello(hello)) = Command::parse(text) {
                        self.hello = hello.reference;
                    }
                }
                _ => {}
            }
        }
        out
    }

    pub(crate) fn frame(&mut self, text: String) -> Vec<Effect> {
        self.give(Input::Frame(self.socket, text))
    }

    /// The connection that is being opened opens, and the house welcomes `you`.
    pub(crate) fn enter(&mut self, house: &House, you: &Member) -> Vec<Effect> {
        self.give(Input::Opened(self.socket));
        let welcome = house.welcome(self.hello, you);
        self.frame(welcome)
    }

    /// The connection breaks, the next one opens and is welcome.
    pub(crate) fn reconnect(&mut self, house: &House, you: &Member) -> Vec<Effect> {
        self.breaks(1006);
        self.retry();
        self.enter(house, you)
    }

    pub(crate) fn breaks(&mut self, code: u16) -> Vec<Effect> {
        self.give(Input::Closed { socket: self.socket, code, reason: String::new() })
    }

    /// The wait before the next attempt is over.
    pub(crate) fn retry(&mut self) -> Vec<Effect> {
        self.now = self.view().link.retry_at.expect("an attempt to come");
        self.give(Input::Timer(Timer::Retry))
    }

    pub(crate) fn send(&mut self, number: u64, text: &str) -> Vec<Effect> {
        self.give(Input::Send { client_id: client_id(number), room: RoomId::LOBBY, text: text.to_owned() })
    }

    pub(crate) fn view(&mut self) -> Rc<View> {
        self.client.view()
    }

    /// What stands on the screen: texts, `…` behind what is on its way, `~`
    /// behind what waits, `!` behind what failed.
    pub(crate) fn rows(&mut self) -> Vec<String> {
        let mark = |state| match state {
            RowState::Settled => "",
            RowState::Sending => "…",
            RowState::Waiting => "~",
            RowState::Failed(_) => "!",
        };
        self.view().rows.iter().map(|row| format!("{}{}", row.text, mark(row.state))).collect()
    }
}

pub(crate) fn ann() -> Member {
    member(1, "Ann")
}

pub(crate) fn bo() -> Member {
    member(2, "Bo")
}

/// The commands among these effects.
pub(crate) fn commands(effects: &[Effect]) -> Vec<Command> {
    let command = |effect: &Effect| match effect {
        Effect::Transmit(_, text) => Some(Command::parse(text).expect("a command")),
        _ => None,
    };
    effects.iter().filter_map(command).collect()
}

/// The posts among these effects.
pub(crate) fn posts(effects: &[Effect]) -> Vec<Post> {
    let post = |command| if let Command::Post(post) = command { Some(post) } else { None };
    commands(effects).into_iter().filter_map(post).collect()
}

/// When this timer was set to come.
pub(crate) fn set(effects: &[Effect], timer: Timer) -> Option<u64> {
    effects.iter().rev().find_map(|effect| match effect {
        Effect::Set(which, at) if *which == timer => Some(*at),
        _ => None,
    })
}

pub(crate) fn opens(effects: &[Effect]) -> bool {
    effects.iter().any(|effect| matches!(effect, Effect::Open(_)))
}

pub(crate) fn closes(effects: &[Effect]) -> Option<u16> {
    effects.iter().find_map(|effect| if let Effect::Close(_, code) = effect { Some(*code) } else { None })
}
