//! A page without a browser: it gives inputs, keeps the clock, and reads effects.

use crate::house::{House, client_id, member};
use crate::store::Store;
use client::Client;
use client::effect::Effect;
use client::input::Conversation;
use client::input::{ConnectionId, Input, Timer};
use client::limits::LEASE_MS;
use client::transport::Transport;
use client::view::{RowKey, RowState, View};
use shared::command::{self, Command, Hello, Post};
use shared::{Member, Now};
use std::collections::BTreeMap;
use std::rc::Rc;

/// Difference of a page's clocks when it loads, so that a test fails if one is taken for the other.
pub(crate) const WALL_AHEAD: u64 = 1_790_000_000_000;

pub(crate) struct Page {
    pub(crate) client: Client,
    /// The monotonic clock.
    pub(crate) now: u64,
    /// Milliseconds by which the wall clock is ahead of the monotonic one.
    pub(crate) wall_ahead: u64,
    pub(crate) socket: ConnectionId,
    /// The `ref` of the latest `hello`.
    pub(crate) hello: u64,
    /// The browser's storage, which its pages share.
    pub(crate) store: Store,
    /// Whether the storage is slow: the test answers saves by [`Page::stored`], and loads itself.
    pub(crate) slow: bool,
    /// The scheduled timers.
    pub(crate) timers: BTreeMap<Timer, u64>,
}

impl Page {
    pub(crate) fn new() -> Self {
        Page::on(&Store::default())
    }

    /// A page of the browser with this storage.
    pub(crate) fn on(store: &Store) -> Self {
        Page {
            client: Client::new(1),
            now: 1_000_000,
            wall_ahead: WALL_AHEAD,
            socket: ConnectionId(0),
            hello: 0,
            store: store.clone(),
            slow: false,
            timers: BTreeMap::new(),
        }
    }

    /// Ann's page, before the server answered.
    pub(crate) fn opened() -> Self {
        Page::new().start()
    }

    pub(crate) fn start(mut self) -> Self {
        // The transport matters to few tests.
        self.give(Input::TransportHints { last_good: None, pinned: Some(Transport::WebSocket) });
        let started =
            Input::Started { build: "build".to_owned(), name: Some("Ann".to_owned()), join_id: client_id(9) };
        assert_eq!(self.give(started), [Effect::LoadRows, Effect::FetchIdentity]);
        let stored = Input::RowsLoaded(Some(self.store.read()));
        self.give(stored);
        self
    }

    /// Ann's page, welcome in `house`.
    pub(crate) fn welcome_in(house: &House) -> Self {
        Page::opened().signed_in(house)
    }

    /// Ann's page in the browser with this storage, welcome in `house`.
    pub(crate) fn again_in(house: &House, store: &Store) -> Self {
        Page::on(store).start().signed_in(house)
    }

    fn signed_in(mut self, house: &House) -> Self {
        self.sign_in(house, &ann());
        self
    }

    /// The server knows the person as `you`, and the house welcomes them.
    pub(crate) fn sign_in(&mut self, house: &House, you: &Member) -> Vec<Effect> {
        self.give(Input::IdentityFetched(Ok(Some(you.clone()))));
        self.enter(house, you)
    }

    /// Ann's page that was closed without a connection, with an unsent message and a draft.
    pub(crate) fn left_in(house: &House, message: &str, draft: &str) -> Self {
        let mut page = Page::welcome_in(house);
        page.break_connection(1006);
        page.send(1, message);
        page.type_text(draft);
        page.give(Input::Leaving);
        page
    }

    pub(crate) fn time(&self) -> Now {
        Now { mono: self.now, wall: self.now.saturating_add(self.wall_ahead) }
    }

    pub(crate) fn give(&mut self, input: Input) -> Vec<Effect> {
        // The test itself answers loads at the start and at the end of a lease.
        let answers = matches!(
            input,
            Input::FrameReceived(..)
                | Input::VisibilityChanged(_)
                | Input::AdoptLeftBehind(_)
                | Input::DiscardLeftBehind(_)
        ) && !self.slow;
        let mut out = Vec::new();
        self.client.handle(input, self.time(), &mut out);
        let mut keys = Vec::new();
        for effect in &out {
            self.store.perform(effect);
            match effect {
                Effect::OpenConnection(socket, _) => self.socket = *socket,
                Effect::Transmit(socket, command) => {
                    assert_eq!(*socket, self.socket, "sent on a closed connection");
                    if let Command::Hello(hello) = command {
                        self.hello = hello.reference;
                    }
                }
                Effect::SaveRow(row) if !self.slow => keys.push(row.key()),
                Effect::ScheduleTimer(timer, at) => drop(self.timers.insert(*timer, *at)),
                Effect::CancelTimer(timer) => drop(self.timers.remove(timer)),
                _ => {}
            }
        }
        for key in keys {
            out.extend(self.stored(key, true));
        }
        if answers && out.contains(&Effect::LoadRows) {
            let stored = self.store.read();
            out.extend(self.give(Input::RowsLoaded(Some(stored))));
        }
        out
    }

    /// The browser saved a row, or could not.
    pub(crate) fn stored(&mut self, key: RowKey, ok: bool) -> Vec<Effect> {
        self.give(Input::RowSaved { key, ok })
    }

    /// Advances to this timer and fires it.
    pub(crate) fn fire_timer(&mut self, timer: Timer) -> Vec<Effect> {
        self.now = self.timers.remove(&timer).expect("a timer that was set");
        self.give(Input::TimerFired(timer))
    }

    /// Fires the lease timer, which reads the stored rows.
    pub(crate) fn look(&mut self) -> Vec<Effect> {
        assert_eq!(self.fire_timer(Timer::Lease)[0], Effect::LoadRows);
        let stored = self.store.read();
        self.give(Input::RowsLoaded(Some(stored)))
    }

    /// Looks at the stored rows until it sends one, at most nine times.
    pub(crate) fn look_until_sent(&mut self) -> Vec<Effect> {
        let mut looks = (0..9).map(|_| self.look());
        looks.find(|out| !posts(out).is_empty()).expect("another page's rows are free")
    }

    /// Fires this timer if it is scheduled.
    pub(crate) fn fire_timer_if_set(&mut self, timer: Timer) {
        if self.timers.contains_key(&timer) {
            self.fire_timer(timer);
        }
    }

    /// Breaks the connection and opens the next one; returns its `hello`.
    pub(crate) fn reconnect_to_hello(&mut self) -> Hello {
        self.break_connection(1006);
        self.retry();
        match &commands(&self.give(Input::ConnectionOpened(self.socket)))[..] {
            [Command::Hello(hello)] => hello.clone(),
            other => panic!("{other:?}"),
        }
    }

    pub(crate) fn frames(&mut self, frames: impl IntoIterator<Item = String>) -> Vec<Effect> {
        frames.into_iter().flat_map(|frame| self.frame(frame)).collect()
    }

    pub(crate) fn texts(&mut self) -> Vec<u64> {
        self.view().pane().rows.iter().map(|row| row.text.parse().unwrap()).collect()
    }

    pub(crate) fn frame(&mut self, text: String) -> Vec<Effect> {
        self.give(Input::FrameReceived(self.socket, text))
    }

    /// Opens the connection, and the house welcomes `you`.
    pub(crate) fn enter(&mut self, house: &House, you: &Member) -> Vec<Effect> {
        self.give(Input::ConnectionOpened(self.socket));
        let welcome = house.welcome(self.hello, you);
        self.frame(welcome)
    }

    /// Breaks the connection; the next one opens and is welcome.
    pub(crate) fn reconnect(&mut self, house: &House, you: &Member) -> Vec<Effect> {
        self.break_connection(1006);
        self.retry();
        self.enter(house, you)
    }

    pub(crate) fn break_connection(&mut self, code: u16) -> Vec<Effect> {
        self.give(Input::ConnectionClosed { connection: self.socket, code, reason: String::new() })
    }

    /// Advances to the next attempt.
    pub(crate) fn retry(&mut self) -> Vec<Effect> {
        self.now = self.view().connection.retry_at.expect("an attempt to come");
        self.give(Input::TimerFired(Timer::Retry))
    }

    pub(crate) fn send(&mut self, number: u64, text: &str) -> Vec<Effect> {
        self.give(Input::Send {
            client_id: client_id(number),
            conversation: Conversation::LOBBY,
            text: text.to_owned(),
        })
    }

    pub(crate) fn view(&mut self) -> Rc<View> {
        self.client.view()
    }

    /// The rows in the window: texts, with `…` after rows on their way, `~` after waiting ones and
    /// `!` after failed ones.
    pub(crate) fn rows(&mut self) -> Vec<String> {
        let mark = |state| match state {
            RowState::Settled => "",
            RowState::Sending => "…",
            RowState::Waiting => "~",
            RowState::Failed(_) => "!",
        };
        self.view().pane().rows.iter().map(|row| format!("{}{}", row.text, mark(row.state))).collect()
    }

    /// Types in the lobby's composer.
    pub(crate) fn type_text(&mut self, text: &str) -> Vec<Effect> {
        self.give(Input::DraftChanged { conversation: Conversation::LOBBY, text: text.to_owned() })
    }

    pub(crate) fn draft(&mut self) -> String {
        self.client.draft_text().to_string()
    }

    /// The time at which the rows of a crashed page are free.
    pub(crate) fn lease_end(&self) -> u64 {
        self.now + LEASE_MS
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
        Effect::Transmit(_, command) => Some(command.clone()),
        _ => None,
    };
    effects.iter().filter_map(command).collect()
}

/// The posts among these effects.
pub(crate) fn posts(effects: &[Effect]) -> Vec<Post> {
    let post = |command| if let Command::Post(post) = command { Some(post) } else { None };
    commands(effects).into_iter().filter_map(post).collect()
}

/// The time for which this timer was last scheduled.
pub(crate) fn scheduled(effects: &[Effect], timer: Timer) -> Option<u64> {
    effects.iter().rev().find_map(|effect| match effect {
        Effect::ScheduleTimer(which, at) if *which == timer => Some(*at),
        _ => None,
    })
}

pub(crate) fn has_opened(effects: &[Effect]) -> bool {
    effects.iter().any(|effect| matches!(effect, Effect::OpenConnection(..)))
}

pub(crate) fn close_code(effects: &[Effect]) -> Option<u16> {
    effects
        .iter()
        .find_map(|effect| if let Effect::CloseConnection(_, code) = effect { Some(*code) } else { None })
}

/// The requests for history among these effects.
pub(crate) fn history_queries(effects: &[Effect]) -> Vec<command::HistoryQuery> {
    let history = |command| if let Command::History(history) = command { Some(history) } else { None };
    commands(effects).into_iter().filter_map(history).collect()
}

/// The requests for missing events among these effects.
pub(crate) fn event_queries(effects: &[Effect]) -> Vec<command::EventsQuery> {
    let events = |command| if let Command::Events(events) = command { Some(events) } else { None };
    commands(effects).into_iter().filter_map(events).collect()
}
