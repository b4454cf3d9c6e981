//! The one entry: takes each input to the part that it concerns.

mod frame;

use crate::chain::Chain;
use crate::connection::{Connection, End, Probe};
use crate::effect::Effect;
use crate::identity::{Identity, Turn};
use crate::input::{Input, SocketId, Timer};
use crate::jitter::Jitter;
use crate::members::Members;
use crate::outbox::Outbox;
use crate::screen::{Scene, Screen};
use crate::timeline::Timeline;
use crate::view::{RowKey, View};
use shared::command::{Command, Hello, Presence};
use shared::{ClientId, CloseCode, Cursor, RoomId};
use std::rc::Rc;

/// The client's mind.
#[derive(Debug)]
pub struct Client {
    jitter: Jitter,
    /// The build of this page.
    build: String,
    /// The last `ref` that was given out.
    reference: u64,
    identity: Identity,
    connection: Connection,
    outbox: Outbox,
    timeline: Timeline,
    /// The events that are addressed to this member alone.
    own_chain: Chain,
    members: Members,
    /// How far the log is held; none where it is not known to be whole.
    cursor: Option<Cursor>,
    /// The page is in view.
    visible: bool,
    new_version: bool,
    new_epoch: bool,
    screen: Screen,
}

impl Client {
    /// A client that knows nothing yet. `seed` spreads its waits, and nothing
    /// else depends on it.
    pub fn new(seed: u64) -> Self {
        Client {
            jitter: Jitter::new(seed),
            build: String::new(),
            reference: 0,
            identity: Identity::new(),
            connection: Connection::new(),
            outbox: Outbox::default(),
            timeline: Timeline::default(),
            own_chain: Chain::from(0),
            members: Members::default(),
            cursor: None,
            visible: true,
            new_version: false,
            new_epoch: false,
            screen: Screen::new(),
        }
    }

    /// Takes one input at `now` (milliseconds since 1970 by the shell's clock,
    /// which may be wrong and may jump) and appends what is to be done to `out`.
    pub fn handle(&mut self, input: Input, now: u64, out: &mut Vec<Effect>) {
        self.dispatch(input, now, out);
        self.connection.watch(self.outbox.overdue_at(), out);
        self.screen.touch();
    }

    /// What to show. The same `Rc` as before while nothing visible changed.
    pub fn view(&mut self) -> Rc<View> {
        if let Some(view) = self.screen.current() {
            return view;
        }
        let (pending, waiting) = self.outbox.rows(self.timeline.room(), self.connection.is_live());
        let mut link = self.connection.link();
        link.retry_at = link.retry_at.or(self.identity.ask_at());
        let scene = Scene {
            identity: self.identity.who(),
            link,
            rows: self.timeline.rows().cloned().chain(pending).collect(),
            older: self.timeline.older(),
            people: self.members.people(self.identity.me().map(|me| me.id)),
            people_count: self.members.count(),
            new_version: self.new_version,
            new_epoch: self.new_epoch,
            waiting,
            can_send: self.can_send(),
        };
        self.screen.show(scene)
    }

    /// Whether `Input::Send` would be taken, as [`View::can_send`] says.
    pub fn can_send(&self) -> bool {
        self.identity.me().is_some() && !self.outbox.is_full()
    }

    fn dispatch(&mut self, input: Input, now: u64, out: &mut Vec<Effect>) {
        match input {
            Input::Started { build, name } => {
                self.build = build;
                self.identity.started(name, out);
            }
            Input::Me(answer) => {
                let turn = self.identity.told(answer, now, &mut self.jitter, out);
                self.turn(turn, now, out);
            }
            Input::Named(answer) => {
                let turn = self.identity.named(answer, now, &mut self.jitter, out);
                self.turn(turn, now, out);
            }
            Input::SignedOut(answer) => {
                let turn = self.identity.signed_out(answer, out);
                self.turn(turn, now, out);
            }
            Input::Join { name } => self.identity.join(name, out),
            Input::Rename { name } => self.identity.rename(name, out),
            Input::SignOut => self.identity.sign_out(out),
            Input::Opened(socket) => self.opened(socket, now, out),
            Input::Frame(socket, text) => {
                if self.connection.heard(socket, now) {
                    self.frame(&text, now, out);
                }
            }
            Input::Closed { socket, code, reason } => self.closed(socket, code, &reason, now, out),
            Input::Timer(timer) => self.timer(timer, now, out),
            Input::Network { online } => {
                if online {
                    self.identity.ask_now(out);
                }
                let probe = self.connection.network(online, now, out);
                self.after_wake(probe, out);
            }
            Input::Visible(visible) => self.seen(visible, now, out),
            Input::ReconnectNow => {
                if !self.identity.ask_now(out) {
                    self.connection.reconnect(now, out);
                    self.after_loss(out);
                }
            }
            Input::Send { client_id, room, text } => self.say(client_id, room, &text, now, out),
            Input::Retry(key) => self.say_again(key, now, out),
            Input::Discard(key) => self.outbox.discard(key),
            Input::DismissEpoch => self.new_epoch = false,
        }
    }

    /// Follows a change of identity.
    fn turn(&mut self, turn: Turn, now: u64, out: &mut Vec<Effect>) {
        match turn {
            Turn::Nothing => {}
            Turn::Connect => {
                self.connection.open(now, out);
                self.after_loss(out);
            }
            Turn::Resume => self.connection.resume(now, &mut self.jitter, out),
            Turn::Renamed => self.call_me_by_name(),
            Turn::Left => {
                // The next person at this page sees nothing of this one's.
                self.connection.rest(now, out);
                self.after_loss(out);
                self.outbox = Outbox::default();
                self.timeline = Timeline::default();
                self.members = Members::default();
                self.cursor = None;
                self.new_epoch = false;
            }
        }
        if !self.identity.is_clear() {
            self.stand_down(now, out);
        }
    }

    fn opened(&mut self, socket: SocketId, now: u64, out: &mut Vec<Effect>) {
        let reference = self.next_reference();
        if self.connection.opened(socket, reference, now) {
            let hello = Hello { reference, build: self.build.clone(), cursor: self.cursor };
            self.transmit(&Command::Hello(hello), out);
        }
    }

    fn closed(&mut self, socket: SocketId, code: u16, reason: &str, now: u64, out: &mut Vec<Effect>) {
        match self.connection.closed(socket, code, reason, now, &mut self.jitter, out) {
            End::NotOurs => {}
            End::WillRetry => self.after_loss(out),
            End::SignedOut(was_live) => {
                self.after_loss(out);
                self.identity.doubted(was_live, out);
            }
        }
    }

    fn timer(&mut self, timer: Timer, now: u64, out: &mut Vec<Effect>) {
        match timer {
            Timer::Retry => {
                if !self.identity.ask_now(out) {
                    self.connection.retry(now, out);
                }
            }
            Timer::Silence => {
                if self.connection.is_overdue(self.outbox.overdue_at(), now) {
                    self.give_up(CloseCode::Silent, now, out);
                }
            }
            Timer::Resend => {
                self.outbox.rested();
                self.pump(now, out);
            }
        }
    }

    fn seen(&mut self, visible: bool, now: u64, out: &mut Vec<Effect>) {
        let changed = self.visible != visible;
        self.visible = visible;
        if changed && self.connection.is_live() {
            self.transmit(&Command::Presence(Presence { away: !visible }), out);
        }
        if visible {
            self.identity.ask_now(out);
            let probe = self.connection.wake(now, out);
            self.after_wake(probe, out);
        }
    }

    fn after_wake(&mut self, probe: Probe, out: &mut Vec<Effect>) {
        match probe {
            Probe::Send => self.transmit(&Command::Ping, out),
            Probe::No => {}
        }
    }

    fn say(&mut self, client_id: ClientId, room: RoomId, text: &str, now: u64, out: &mut Vec<Effect>) {
        let Some(me) = self.identity.me() else { return };
        if !self.timeline.has(RowKey { author: me.id, client_id }) {
            self.outbox.push(me, client_id, room, text, now);
            self.pump(now, out);
        }
    }

    fn say_again(&mut self, key: RowKey, now: u64, out: &mut Vec<Effect>) {
        let Some(me) = self.identity.me() else { return };
        self.outbox.retry(key, me, now);
        self.settle_outbox();
        self.pump(now, out);
    }

    fn give_up(&mut self, code: CloseCode, now: u64, out: &mut Vec<Effect>) {
        self.connection.give_up(code, now, &mut self.jitter, out);
        self.after_loss(out);
    }

    /// It is not clear who we are: no connection before it is.
    fn stand_down(&mut self, now: u64, out: &mut Vec<Effect>) {
        if !self.connection.is_resting() {
            self.connection.stand_down(now, &mut self.jitter, out);
            self.after_loss(out);
        }
    }

    /// What was in flight on a connection that is no more goes out on the next.
    fn after_loss(&mut self, out: &mut Vec<Effect>) {
        if self.outbox.disconnected() {
            out.push(Effect::Clear(Timer::Resend));
        }
    }

    /// Sends what may leave.
    fn pump(&mut self, now: u64, out: &mut Vec<Effect>) {
        if !self.connection.is_live() {
            return;
        }
        let reference = &mut self.reference;
        let posts = self.outbox.take_ready(now, || {
            *reference = reference.wrapping_add(1);
            *reference
        });
        for post in posts {
            self.transmit(&Command::Post(post), out);
        }
    }

    fn transmit(&self, command: &Command, out: &mut Vec<Effect>) {
        // No command of ours fails to become JSON; if one did, silence would tell.
        if let Ok(text) = serde_json::to_string(command) {
            out.push(Effect::Transmit(self.connection.socket(), text));
        }
    }

    fn next_reference(&mut self) -> u64 {
        self.reference = self.reference.wrapping_add(1);
        self.reference
    }
}
