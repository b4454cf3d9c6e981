//! Random inputs, valid and invalid, neither make the client panic nor break its invariants.

use crate::house::client_id;
use client::Client;
use client::effect::Effect;
use client::input::{ConnectionId, Input, Timer};
use client::limits::{PEOPLE_MAX, WINDOW_ROWS_MAX};
use client::transport::Transport;
use client::view::{ReadyState, RowKey, RowState, View};
use shared::Now;
use shared::command::Command;
use std::collections::{BTreeMap, BTreeSet};

mod rng;
use rng::FuzzRng;

/// The shell's side of the contract: connections and timers as the effects left them.
#[derive(Default)]
struct FuzzShell {
    /// The newest connection, and the usable ones with their transports.
    socket: u64,
    usable: BTreeMap<u64, Transport>,
    timers: BTreeMap<Timer, u64>,
    /// The `ref` of the latest command.
    reference: u64,
    /// The rows that are being saved.
    keeps: Vec<RowKey>,
}

impl FuzzShell {
    fn take(&mut self, effects: &[Effect]) {
        for effect in effects {
            match effect {
                Effect::OpenConnection(ConnectionId(number), transport) => {
                    assert!(*number > self.socket, "a number is used once");
                    self.socket = *number;
                    self.usable.insert(*number, *transport);
                    let kinds: BTreeSet<_> = self.usable.values().collect();
                    assert!(self.usable.len() < 3 && kinds.len() == self.usable.len(), "{:?}", self.usable);
                    assert!(
                        kinds.len() == 1 || kinds.contains(&Transport::WebSocket),
                        "an upgrade goes with a lesser transport"
                    );
                }
                Effect::CloseConnection(ConnectionId(number), _) => {
                    assert!(self.usable.remove(number).is_some(), "closed an unknown connection");
                }
                Effect::Transmit(ConnectionId(number), command) => {
                    assert!(self.usable.contains_key(number), "sent on a closed connection");
                    let text = command.to_text();
                    assert!(text.len() <= shared::limits::FRAME_BYTES_MAX);
                    assert_eq!(Command::parse(&text).as_ref(), Ok(command));
                    let reference = command.reference();
                    self.reference = if reference > 0 { reference } else { self.reference };
                }
                Effect::ScheduleTimer(timer, at) => {
                    self.timers.insert(*timer, *at);
                }
                Effect::CancelTimer(timer) => {
                    self.timers.remove(timer);
                }
                Effect::SaveRow(row) => self.keeps.push(row.key()),
                _ => {}
            }
        }
    }
}

fn check(view: &View, shell: &FuzzShell) {
    let keys: BTreeSet<RowKey> = view.pane().rows.iter().map(|row| row.key).collect();
    assert_eq!(keys.len(), view.pane().rows.len(), "two rows share a key");
    assert!(view.pane().rows.len() <= WINDOW_ROWS_MAX);
    assert!(view.people.list.len() <= PEOPLE_MAX);
    let settled = view.pane().rows.iter().take_while(|row| row.state == RowState::Settled).count();
    let all = view.pane().rows.iter().filter(|row| row.state == RowState::Settled).count();
    assert_eq!(settled, all, "settled rows come before unsettled ones");
    assert!(!view.connection.welcomed || view.connection.ready_state == ReadyState::Open);
    let up = matches!(view.connection.ready_state, ReadyState::Open | ReadyState::Connecting);
    assert_eq!(up, !shell.usable.is_empty(), "the readyState is the connection's");
    // A scheduled attempt has a timer.
    assert_eq!(
        view.connection.retry_at,
        view.connection.retry_at.and(shell.timers.get(&Timer::Retry).copied())
    );
    assert!(!up || shell.timers.contains_key(&Timer::Silence), "a connection is always watched");
}

#[test]
fn random_inputs_keep_the_invariants() {
    let (mut welcomes, mut settled) = (0, 0);
    for seed in 1..=300 {
        let mut rng = FuzzRng::new(seed);
        let mut client = Client::new(seed);
        let mut shell = FuzzShell::default();
        let mut now = if seed % 7 == 0 { u64::MAX - 1_000 } else { 1_000 };
        // Half of the runs begin like a normal visit, because random inputs seldom reach a session.
        let mut visit =
            vec![Input::ConnectionOpened(ConnectionId(1)), Input::IdentityFetched(Ok(Some(rng.member())))];
        visit.push(Input::Started { build: "b".to_owned(), name: None, join_id: client_id(9) });
        visit.truncate(if seed % 2 == 0 { 0 } else { 3 });
        // Half of the runs stay on one transport.
        let pinned = (seed % 4 < 2).then_some(Transport::WebSocket);
        visit.push(Input::TransportHints { last_good: None, pinned });
        for _ in 0..400 {
            now = match rng.below(30) {
                0 => now.saturating_sub(rng.below(100_000)),
                1 => rng.number(),
                _ => now.saturating_add(rng.below(3_000)),
            };
            // The wall clock steps wildly.
            let wall = if rng.below(30) == 0 { rng.number() } else { 1_790_000_000_000 };
            let saved =
                shell.keeps.pop().filter(|_| rng.below(3) > 0).map(|key| Input::RowSaved { key, ok: true });
            let input = visit.pop().or(saved).unwrap_or_else(|| rng.input(&shell));
            match input {
                // A browser reports `close` once, and then the connection is gone.
                Input::ConnectionClosed { connection: socket, .. } => drop(shell.usable.remove(&socket.0)),
                Input::TimerFired(timer) => {
                    shell.timers.remove(&timer);
                }
                _ => {}
            }
            let mut out = Vec::new();
            client.handle(input, Now { mono: now, wall }, &mut out);
            shell.take(&out);
            let view = client.view();
            check(&view, &shell);
            welcomes += u32::from(view.connection.welcomed);
            settled += view.pane().rows.iter().filter(|row| row.state == RowState::Settled).count();
            assert!(std::rc::Rc::ptr_eq(&view, &client.view()));
        }
    }
    // The test is meaningful only if sessions and messages occur.
    assert!(welcomes > 1_000 && settled > 15_000, "{welcomes} steps welcome, {settled} rows");
}

#[test]
fn the_same_seed_and_the_same_inputs_give_the_same_effects() {
    let run = |seed| {
        let mut rng = FuzzRng::new(99);
        let mut client = Client::new(seed);
        let mut all = Vec::new();
        let mut shell = FuzzShell::default();
        for step in 0..400 {
            let mut out = Vec::new();
            let now = Now { mono: step * 100, wall: 1_790_000_000_000 + step * 100 };
            client.handle(rng.input(&shell), now, &mut out);
            for effect in &out {
                if let Effect::OpenConnection(ConnectionId(number), _) = effect {
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
