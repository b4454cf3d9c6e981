//! The choice of the transport, and the change from one to another.

use crate::house::{House, client_id, frame, with_field};
use crate::page::{WALL_AHEAD, ann, commands, posts};
use client::Client;
use client::effect::Effect;
use client::input::Conversation;
use client::input::{ConnectionId, Input, Timer};
use client::limits::{
    AVOIDED_MS, CONNECT_MS, FALL_BACK_MS, GOOD_AFTER_MS, LAST_GOOD_MS, UPGRADE_EVENTS_MAX, UPGRADE_FIRST_MS,
};
use client::transport::LastGood;
use client::transport::Transport::{self, EventStream, LongPoll, Poll, WebSocket};
use client::view::ReadyState;
use shared::command::{Command, Hello};
use shared::{ClientId, Event, Now, RoomId};
use std::collections::BTreeMap;

/// Ann's page, which may have two connections.
struct TransportPage {
    client: Client,
    now: u64,
    timers: BTreeMap<Timer, u64>,
    /// The connections that are open or opening.
    open: BTreeMap<Transport, ConnectionId>,
    hellos: BTreeMap<ConnectionId, Hello>,
}

impl TransportPage {
    fn new(last_good: Option<LastGood>) -> Self {
        let (timers, open, hellos) = Default::default();
        let mut page = TransportPage { client: Client::new(1), now: 1_000_000, timers, open, hellos };
        page.give(Input::TransportHints { last_good, pinned: None });
        page.give(Input::Started { build: "b".to_owned(), name: None, join_id: client_id(9) });
        page.give(Input::IdentityFetched(Ok(Some(ann()))));
        page
    }

    /// A page that is welcome in `house` by an event stream, after the WebSocket was refused.
    fn by_stream(house: &House) -> Self {
        let mut page = TransportPage::new(None);
        page.break_connection(WebSocket);
        page.enter(house, EventStream);
        page
    }

    fn give(&mut self, input: Input) -> Vec<Effect> {
        let mut out = Vec::new();
        self.client.handle(input, Now { mono: self.now, wall: WALL_AHEAD + self.now }, &mut out);
        let mut keys = Vec::new();
        for effect in &out {
            match effect {
                Effect::OpenConnection(socket, transport) => drop(self.open.insert(*transport, *socket)),
                Effect::CloseConnection(socket, _) => self.open.retain(|_, open| open != socket),
                Effect::Transmit(socket, command) => {
                    assert!(self.open.values().any(|open| open == socket), "sent on a closed connection");
                    if let Command::Hello(hello) = command {
                        self.hellos.insert(*socket, hello.clone());
                    }
                }
                Effect::SaveRow(row) => keys.push(row.key()),
                Effect::ScheduleTimer(timer, at) => drop(self.timers.insert(*timer, *at)),
                Effect::CancelTimer(timer) => drop(self.timers.remove(timer)),
                _ => {}
            }
        }
        for key in keys {
            out.extend(self.give(Input::RowSaved { key, ok: true }));
        }
        if out.contains(&Effect::LoadRows) {
            out.extend(self.give(Input::RowsLoaded(None)));
        }
        out
    }

    fn tried(&self) -> Vec<Transport> {
        self.open.keys().copied().collect()
    }

    fn break_connection(&mut self, transport: Transport) -> Vec<Effect> {
        self.close(transport, 1006)
    }

    fn close(&mut self, transport: Transport, code: u16) -> Vec<Effect> {
        let socket = self.open.remove(&transport).expect("an open one");
        self.give(Input::ConnectionClosed { connection: socket, code, reason: String::new() })
    }

    fn open_connection(&mut self, transport: Transport) -> Vec<Effect> {
        self.give(Input::ConnectionOpened(self.open[&transport]))
    }

    fn frame(&mut self, transport: Transport, text: String) -> Vec<Effect> {
        self.give(Input::FrameReceived(self.open[&transport], text))
    }

    fn hello(&self, transport: Transport) -> &Hello {
        &self.hellos[&self.open[&transport]]
    }

    fn enter(&mut self, house: &House, transport: Transport) -> Vec<Effect> {
        self.open_connection(transport);
        let welcome = match self.hello(transport).cursor {
            Some(cursor) => house.welcome_back(self.hello(transport).reference, &ann(), cursor.n),
            None => house.welcome(self.hello(transport).reference, &ann()),
        };
        self.frame(transport, welcome)
    }

    /// Passes time, during which the serving connection reads a frame now and then.
    fn wait(&mut self, ms: u64) {
        let end = self.now + ms;
        while self.now + 10_000 < end {
            self.advance_to(self.now + 10_000);
            let link = self.client.view().connection;
            if link.welcomed {
                self.frame(link.transport, r#"{"type":"hum"}"#.to_owned());
            }
        }
        self.advance_to(end);
    }

    /// Fires the timers until `end`.
    fn advance_to(&mut self, end: u64) {
        while let Some((timer, at)) =
            self.timers.iter().map(|(timer, at)| (*timer, *at)).min_by_key(|it| it.1)
            && at <= end
        {
            self.timers.remove(&timer);
            self.now = self.now.max(at);
            self.give(Input::TimerFired(timer));
        }
        self.now = end;
    }

    fn texts(&mut self) -> Vec<String> {
        self.client.view().pane().rows.iter().map(|row| row.text.to_string()).collect()
    }
}

#[test]
fn the_next_transport_is_tried_without_a_welcome_in_time() {
    let mut page = TransportPage::new(None);
    assert_eq!(page.tried(), [WebSocket]);
    page.wait(FALL_BACK_MS - 1);
    assert_eq!(page.tried(), [WebSocket]);
    page.wait(1);
    assert_eq!(page.tried(), [WebSocket, EventStream], "the WebSocket may still open");
    page.open_connection(EventStream);
    page.wait(FALL_BACK_MS);
    assert_eq!(page.tried(), [WebSocket, LongPoll], "an intermediary buffers the stream");
    page.wait(FALL_BACK_MS);
    assert_eq!(page.tried(), [WebSocket, Poll]);
    page.wait(CONNECT_MS - 3 * FALL_BACK_MS);
    assert_eq!(page.tried(), [Poll], "the last transport gets its full time");
    let link = page.client.view().connection;
    assert_eq!((link.transport, link.ready_state), (Poll, ReadyState::Connecting));
}

#[test]
fn the_next_transport_is_tried_at_once_after_a_refusal() {
    let mut page = TransportPage::new(None);
    for (transport, next) in [(WebSocket, EventStream), (EventStream, LongPoll), (LongPoll, Poll)] {
        page.break_connection(transport);
        assert_eq!(page.tried(), [next]);
    }
    page.break_connection(Poll);
    assert_eq!(page.tried(), []);
    page.now = page.client.view().connection.retry_at.expect("a wait");
    page.give(Input::TimerFired(Timer::Retry));
    assert_eq!(page.tried(), [WebSocket]);
}

#[test]
fn a_late_websocket_is_used_when_none_serves_yet() {
    let house = House::new(1);
    let mut page = TransportPage::new(None);
    page.wait(FALL_BACK_MS);
    page.open_connection(EventStream);
    page.enter(&house, WebSocket);
    assert_eq!(page.tried(), [WebSocket]);
    assert!(page.client.view().connection.welcomed);
}

#[test]
fn a_websocket_without_a_welcome_is_closed() {
    let mut page = TransportPage::new(None);
    page.open_connection(WebSocket);
    page.wait(FALL_BACK_MS);
    assert_eq!(page.tried(), [EventStream]);
}

#[test]
fn an_upgrade_replaces_the_lesser_transport() {
    let mut house = House::new(1);
    let mut page = TransportPage::by_stream(&house);
    let first = house.post(&ann(), 1, "first");
    page.frame(EventStream, first);
    page.wait(UPGRADE_FIRST_MS - 1);
    assert_eq!(page.tried(), [EventStream]);
    page.wait(1);
    assert_eq!(page.tried(), [WebSocket, EventStream]);
    assert!(page.client.view().connection.welcomed, "the event stream serves meanwhile");
    page.open_connection(WebSocket);
    let second = house.post(&ann(), 2, "second");
    page.frame(EventStream, second.clone());
    assert_eq!(page.texts(), ["first"], "the event follows again after the welcome");
    let hello = page.hello(WebSocket).clone();
    let welcome = house.welcome_back(hello.reference, &ann(), hello.cursor.expect("where it stands").n);
    page.frame(WebSocket, welcome);
    assert_eq!(page.tried(), [WebSocket]);
    page.frame(WebSocket, second);
    page.frame(WebSocket, frame(&Event::CaughtUp(house.through())));
    assert_eq!(page.texts(), ["first", "second"]);
    assert_eq!(page.client.view().connection.transport, WebSocket);
}

#[test]
fn commands_in_flight_are_sent_again_after_an_upgrade() {
    let house = House::new(1);
    let mut page = TransportPage::by_stream(&house);
    let (client_id, room) = (ClientId([7; 16]), RoomId::LOBBY);
    let sent = page.give(Input::Send { client_id, conversation: room.into(), text: "tea".to_owned() });
    assert_eq!(posts(&sent).len(), 1);
    page.give(Input::NetworkChanged);
    page.wait(0);
    let again = page.enter(&house, WebSocket);
    assert_eq!(posts(&again).iter().map(|post| post.client_id).collect::<Vec<_>>(), [client_id]);
}

#[test]
fn buffered_events_are_applied_when_an_upgrade_fails() {
    for how in ["closed", "silent"] {
        let mut house = House::new(1);
        let mut page = TransportPage::by_stream(&house);
        page.wait(UPGRADE_FIRST_MS);
        page.open_connection(WebSocket);
        for number in 1..4 {
            let post = house.post(&ann(), number, &number.to_string());
            page.frame(EventStream, post);
        }
        assert!(page.texts().is_empty());
        if how == "closed" {
            page.break_connection(WebSocket);
        } else {
            page.wait(FALL_BACK_MS);
        }
        assert_eq!(page.texts(), ["1", "2", "3"], "{how}");
        assert_eq!(page.tried(), [EventStream]);
        // Each next upgrade comes after twice the time.
        page.wait(UPGRADE_FIRST_MS - 1);
        assert_eq!(page.tried(), [EventStream]);
        page.wait(1);
        assert_eq!(page.tried(), [WebSocket, EventStream]);
        page.break_connection(WebSocket);
        page.wait(2 * UPGRADE_FIRST_MS - 1);
        assert_eq!(page.tried(), [EventStream]);
    }
}

#[test]
fn buffered_events_move_the_cursor_when_an_upgrade_fails() {
    let mut house = House::new(1);
    let mut page = TransportPage::by_stream(&house);
    page.wait(UPGRADE_FIRST_MS);
    page.open_connection(WebSocket);
    let before = page.hello(WebSocket).cursor;
    let post = house.post(&ann(), 1, "1");
    page.frame(EventStream, with_field(&post, "mark", "0000beef"));
    page.break_connection(WebSocket);
    page.wait(UPGRADE_FIRST_MS);
    page.open_connection(WebSocket);
    assert_ne!(page.hello(WebSocket).cursor, before);
    assert_eq!(page.hello(WebSocket).cursor, Some(house.marked(0xbeef)));
}

#[test]
fn buffered_events_are_applied_when_the_serving_transport_is_pinned() {
    let mut house = House::new(1);
    let mut page = TransportPage::by_stream(&house);
    page.wait(UPGRADE_FIRST_MS);
    page.open_connection(WebSocket);
    let post = house.post(&ann(), 1, "held");
    page.frame(EventStream, post);
    page.give(Input::PinTransport(Some(EventStream)));
    assert_eq!((page.texts(), page.tried()), (vec!["held".to_owned()], vec![EventStream]));
}

#[test]
fn a_transport_that_intermediaries_cut_is_avoided() {
    for (code, tried) in [
        (1001, WebSocket),
        (1012, WebSocket),
        (4008, WebSocket),
        (1000, EventStream),
        (1002, EventStream),
        (1006, EventStream),
    ] {
        let house = House::new(1);
        let mut page = TransportPage::new(None);
        for _ in 0..3 {
            page.enter(&house, WebSocket);
            page.now += 1_000;
            page.close(WebSocket, code);
            page.now = page.client.view().connection.retry_at.expect("a wait");
            page.give(Input::TimerFired(Timer::Retry));
        }
        assert_eq!(page.tried(), [tried], "{code}");
    }
}

#[test]
fn a_reconnect_keeps_the_transport_and_a_follower_remembers_none() {
    let house = House::new(1);
    let mut page = TransportPage::by_stream(&house);
    page.give(Input::FollowsLeader(page.open[&EventStream]));
    page.wait(UPGRADE_FIRST_MS);
    page.break_connection(WebSocket);
    page.wait(GOOD_AFTER_MS);
    let out = page.frame(EventStream, frame(&Event::Ping(house.through())));
    assert!(!out.iter().any(|effect| matches!(effect, Effect::RememberTransport(_))), "{out:?}");
    page.close(EventStream, 1001);
    page.now = page.client.view().connection.retry_at.expect("a wait");
    page.give(Input::TimerFired(Timer::Retry));
    assert!(page.tried().contains(&EventStream), "{:?}", page.tried());
}

#[test]
fn an_upgrade_fails_past_the_event_limit() {
    for (count, rows) in [
        (UPGRADE_EVENTS_MAX - 1, 0),
        (UPGRADE_EVENTS_MAX, 0),
        (UPGRADE_EVENTS_MAX + 1, UPGRADE_EVENTS_MAX + 1),
    ] {
        let mut house = House::new(1);
        let mut page = TransportPage::by_stream(&house);
        page.wait(UPGRADE_FIRST_MS);
        page.open_connection(WebSocket);
        for number in 0..count as u64 {
            let post = house.post(&ann(), number, &number.to_string());
            page.frame(EventStream, post);
        }
        assert_eq!(page.texts().len(), rows, "of {count}");
    }
}

#[test]
fn a_lasting_transport_is_forgotten_on_another_network() {
    let house = House::new(1);
    for change in [Input::NetworkReported { online: true }, Input::NetworkChanged] {
        let mut page = TransportPage::by_stream(&house);
        page.wait(UPGRADE_FIRST_MS);
        page.break_connection(WebSocket);
        page.wait(GOOD_AFTER_MS - UPGRADE_FIRST_MS - 1_000);
        page.now += 1_000;
        let ping = frame(&Event::Ping(house.through()));
        let out = page.frame(EventStream, ping);
        let last_good = LastGood { transport: EventStream, until: WALL_AHEAD + page.now + LAST_GOOD_MS };
        assert!(out.contains(&Effect::RememberTransport(Some(last_good))), "{out:?}");
        let out = page.give(change);
        assert!(out.contains(&Effect::RememberTransport(None)), "{out:?}");
        page.wait(0);
        assert_eq!(page.tried(), [WebSocket, EventStream], "the transport is tried at once");
        let mut next =
            TransportPage::new(Some(LastGood { until: WALL_AHEAD + 1_000_000 + LAST_GOOD_MS, ..last_good }));
        assert_eq!(next.tried(), [EventStream]);
        next.enter(&house, EventStream);
    }
}

#[test]
fn a_transport_is_avoided_after_three_short_sessions() {
    let house = House::new(1);
    let mut page = TransportPage::new(None);
    for _ in 0..3 {
        page.enter(&house, WebSocket);
        page.now += GOOD_AFTER_MS - 1_000;
        page.break_connection(WebSocket);
        page.now = page.client.view().connection.retry_at.expect("a wait");
        page.give(Input::TimerFired(Timer::Retry));
    }
    assert_eq!(page.tried(), [EventStream]);
    page.enter(&house, EventStream);
    page.wait(GOOD_AFTER_MS / 2);
    assert_eq!(page.tried(), [EventStream], "the upgrade is not tried either");
}

#[test]
fn a_transport_that_falls_silent_soon_is_left_for_another_one_and_avoided() {
    let mut house = House::new(1);
    let mut page = TransportPage::new(None);
    page.enter(&house, WebSocket);
    let begin = page.now;
    page.give(Input::Send {
        client_id: client_id(1),
        conversation: Conversation::LOBBY,
        text: "tea".to_owned(),
    });
    page.advance_to(begin + 15_500);
    assert_eq!(page.tried(), [EventStream]);
    let reference = posts(&page.enter(&house, EventStream))[0].reference;
    house.post(&ann(), 1, "tea");
    page.frame(EventStream, house.reply(reference));
    // An attempt each minute would stop the messages each time.
    page.wait(AVOIDED_MS - 60_000);
    assert_eq!(page.tried(), [EventStream]);
}

#[test]
fn a_pinned_transport_is_used_at_once_until_unpinned() {
    let house = House::new(1);
    let mut page = TransportPage::by_stream(&house);
    let out = page.give(Input::PinTransport(Some(LongPoll)));
    assert!(out.contains(&Effect::RememberPin(Some(LongPoll))));
    assert_eq!((page.tried(), page.client.view().pinned), (vec![LongPoll], Some(LongPoll)));
    page.enter(&house, LongPoll);
    page.wait(2 * UPGRADE_FIRST_MS);
    assert_eq!(page.tried(), [LongPoll], "nothing else is tried");
    page.break_connection(LongPoll);
    page.now = page.client.view().connection.retry_at.expect("a wait");
    page.give(Input::TimerFired(Timer::Retry));
    page.enter(&house, LongPoll);
    page.give(Input::PinTransport(None));
    page.wait(0);
    assert_eq!(page.tried(), [WebSocket, LongPoll]);
    assert_eq!(page.client.view().pinned, None);
}

#[test]
fn a_sign_out_on_a_lesser_transport_fetches_the_identity() {
    let mut page = TransportPage::new(None);
    page.break_connection(WebSocket);
    page.open_connection(EventStream);
    let out = page.close(EventStream, 4401);
    assert!(out.contains(&Effect::FetchIdentity), "{out:?}");
    assert_eq!(page.tried(), []);
    assert!(commands(&out).is_empty());
}
