//! One connection that is made of requests over plain HTTP: something is read, and each command is a
//! request of its own. Of the pages of one browser one reads for all.

use super::Told;
use super::channel::{self, Channel};
use super::fields::Fields;
use super::request::Cutter;
use super::{poll, stream};
use crate::timeout::Timeout;
use crate::{clock, random};
use client::refused::ending;
use client::share::{Role, Share, Tab, Wish};
use client::transport::Transport;
use client::view::ReadyState;
use shared::ErrorCode;
use std::cell::{Cell, RefCell};
use std::{fmt, rc::Rc};
use wasm_bindgen::JsValue;
use wasm_bindgen_futures::spawn_local;

/// Milliseconds after which a command is given up.
const PATIENCE_MS: u64 = 20_000;

/// Between two looks at who leads, in milliseconds.
const TICK_MS: u64 = 500;

/// Close codes: ours for what must begin anew, RFC 6455's for what broke.
const GOING_AWAY: u16 = 1001;
const ABNORMAL: u16 = 1006;

/// The handle; clones are the same line.
#[derive(Clone)]
pub struct Line(Rc<Inner>);

struct Inner {
    transport: Transport,
    tell: Box<dyn Fn(Told)>,
    state: Cell<ReadyState>,
    share: RefCell<Share>,
    channel: RefCell<Option<Channel>>,
    ticker: RefCell<Option<Timeout>>,
    /// What is being read.
    cutter: RefCell<Option<Cutter>>,
    /// What the server was told of presence, and is to be told when that has been answered: one word
    /// must not overtake the other.
    telling: Cell<bool>,
    tell_next: Cell<Option<bool>>,
}

impl fmt::Debug for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Line({})", self.0.transport)
    }
}

impl Line {
    /// Begins one. It is open at once, and says `hello` with its first request.
    ///
    /// # Errors
    /// None; as for a WebSocket.
    pub fn open(transport: Transport, tell: impl Fn(Told) + 'static) -> Result<Self, JsValue> {
        let mut wishes = Vec::new();
        let tab = Tab(random::seed() >> 12);
        let share = Share::new(tab, channel::lease(), clock::now(), &mut wishes);
        let line = Line(Rc::new(Inner {
            transport,
            tell: Box::new(tell),
            state: Cell::new(ReadyState::Connecting),
            share: RefCell::new(share),
            channel: RefCell::default(),
            ticker: RefCell::default(),
            cutter: RefCell::default(),
            telling: Cell::new(false),
            tell_next: Cell::new(None),
        }));
        let hearing = Rc::downgrade(&line.0);
        *line.0.channel.borrow_mut() = Channel::open(move |of, word| {
            let Some(inner) = hearing.upgrade() else { return };
            Line(inner).shares(|share, now, out| share.heard(of, word, now, out));
        });
        line.carry_out(wishes);
        line.tick_later();
        let opened = line.clone();
        spawn_local(async move {
            if opened.0.state.get() == ReadyState::Connecting {
                opened.0.state.set(ReadyState::Open);
                (opened.0.tell)(Told::Opened);
            }
        });
        Ok(line)
    }

    /// How it is: open once the server has said something.
    pub fn ready_state(&self) -> ReadyState {
        match self.0.state.get() {
            ReadyState::Open if self.claim().is_empty() => ReadyState::Connecting,
            state => state,
        }
    }

    /// Sends a frame: the `hello` begins to read, the rest are requests of their own.
    pub fn send(&self, frame: &str) {
        let Some(command) = Fields::of(frame) else { return };
        match command.text("type").as_deref() {
            Some("hello") => self.begin(&command),
            // There is nothing to be answered: what is read is no `ping`.
            Some("pong") => {}
            Some("presence") => {
                let away = command.flag("away");
                self.shares(|share, now, out| share.away(away, now, out));
            }
            _ => self.command(frame.to_owned(), command.number("ref").unwrap_or_default()),
        }
    }

    fn begin(&self, hello: &Fields) {
        let mut query = format!("ref={}", hello.number("ref").unwrap_or_default());
        for name in ["build", "cursor"] {
            if let Some(value) = hello.text(name) {
                query += &format!("&{name}={}", js_sys::encode_uri_component(&value));
            }
        }
        if let Some(room) = hello.number("room") {
            query += &format!("&room={room}");
        }
        let leads = self.0.share.borrow().role() == Role::Leader;
        if !leads {
            (self.0.tell)(Told::Follows);
        }
        let line = self.clone();
        match self.0.transport {
            Transport::EventStream if leads => spawn_local(stream::read(line, query)),
            _ => spawn_local(poll::begin(line, query, leads)),
        }
    }

    /// The client lets go of it.
    pub fn close(&self) {
        if self.is_open() {
            let tell = self.clone();
            self.end();
            spawn_local(async move { (tell.0.tell)(Told::Closed { code: 1000, reason: String::new() }) });
        }
    }

    /// The page is left: one that other pages read by lets them know.
    pub fn leave(&self) {
        self.closed(GOING_AWAY, "");
    }

    /// Whether it still is one.
    pub(super) fn is_open(&self) -> bool {
        matches!(self.0.state.get(), ReadyState::Connecting | ReadyState::Open)
    }

    /// Whether its polls wait.
    pub(super) fn waits(&self) -> bool {
        self.0.transport == Transport::LongPoll
    }

    /// Whether the person is at none of the pages.
    pub(super) fn is_away(&self) -> bool {
        self.0.share.borrow().is_away()
    }

    /// Who this line takes itself for, as part of a query.
    pub(super) fn claim(&self) -> String {
        self.0.share.borrow().claim().to_owned()
    }

    /// What is being read now ends with this.
    pub(super) fn cut_by(&self, cutter: &Cutter) {
        *self.0.cutter.borrow_mut() = Some(cutter.clone());
    }

    /// A frame was read.
    pub(super) fn frame(&self, frame: &str) {
        let is_welcome = frame.starts_with(r#"{"type":"welcome""#);
        if is_welcome && !self.welcomed(frame) {
            // What was held is of no use any more: begun anew, the client says where it stands.
            return self.closed(GOING_AWAY, "");
        }
        self.shares(|share, _, out| share.frame(frame, out));
    }

    /// Notes whose session it is. False where one had begun.
    fn welcomed(&self, frame: &str) -> bool {
        let claim = Fields::of(frame).as_ref().and_then(claim_of);
        self.0.share.borrow_mut().welcomed(claim.unwrap_or_default())
    }

    /// All up to this cursor was read.
    pub(super) fn through(&self, cursor: &str) {
        let pong = format!(r#"{{"type":"pong","through":"{cursor}"}}"#);
        self.shares(|share, _, out| share.frame(&pong, out));
    }

    /// What was missed is there: of a poll's answer all of it, since what another page told meanwhile
    /// is newer.
    pub(super) fn live(&self) {
        self.shares(|share, now, out| share.live(now, out));
    }

    /// A request was refused, with this text. False if nothing came of it: it is no word of a house.
    pub(super) fn refused(&self, status: u16, problem: &str) -> bool {
        let code = problem_of(problem).map(|(code, _)| ErrorCode::from_number(code));
        let ending = ending(status, code, random::seed() >> 12);
        if let Some((code, reason)) = &ending {
            self.closed(code.number(), reason);
        }
        ending.is_some()
    }

    /// What was read broke.
    pub(super) fn broke(&self) {
        self.closed(ABNORMAL, "");
    }

    /// It has ended.
    pub(super) fn closed(&self, code: u16, reason: &str) {
        if self.is_open() {
            self.end();
            (self.0.tell)(Told::Closed { code, reason: reason.to_owned() });
        }
    }

    fn end(&self) {
        let mut wishes = Vec::new();
        self.0.share.borrow().end(channel::lease(), &mut wishes);
        self.carry_out(wishes);
        self.0.state.set(ReadyState::Closed);
        *self.0.ticker.borrow_mut() = None;
        if let Some(cutter) = self.0.cutter.take() {
            cutter.cut();
        }
        // Not now: it may be what called.
        let channel = self.0.channel.take();
        spawn_local(async move { drop(channel) });
    }

    fn shares(&self, act: impl FnOnce(&mut Share, u64, &mut Vec<Wish>)) {
        if self.is_open() {
            let mut wishes = Vec::new();
            act(&mut self.0.share.borrow_mut(), clock::now(), &mut wishes);
            self.carry_out(wishes);
        }
    }

    fn carry_out(&self, wishes: Vec<Wish>) {
        for wish in wishes {
            match wish {
                Wish::Keep(lease) => channel::keep(lease),
                Wish::Say(word) => {
                    if let Some(channel) = &*self.0.channel.borrow() {
                        channel.say(self.0.share.borrow().claim(), &word);
                    }
                }
                Wish::Take(frame) => (self.0.tell)(Told::Frame(frame)),
                Wish::Anew => return self.closed(GOING_AWAY, ""),
                Wish::Away(away) => self.tell_away(away),
            }
        }
    }

    fn tick_later(&self) {
        let line = Rc::downgrade(&self.0);
        *self.0.ticker.borrow_mut() = Timeout::new(TICK_MS, move || {
            let Some(inner) = line.upgrade() else { return };
            let line = Line(inner);
            let is_alone = line.0.channel.borrow().is_none();
            line.shares(|share, now, out| match is_alone {
                true => share.tick_alone(now, out),
                false => share.tick(channel::lease(), now, out),
            });
            if line.is_open() {
                spawn_local(async move { line.tick_later() });
            }
        });
    }

    fn tell_away(&self, away: bool) {
        if self.0.telling.replace(true) {
            return self.0.tell_next.set(Some(away));
        }
        let line = self.clone();
        spawn_local(async move {
            let mut next = Some(away);
            while let Some(away) = next {
                match line.ask(&format!(r#"{{"type":"presence","away":{away}}}"#)).await {
                    None => return line.broke(),
                    // The browser has become another since, or nobody.
                    Some((401, problem)) => {
                        line.refused(401, &problem);
                        return;
                    }
                    Some(_) => {}
                }
                next = line.0.tell_next.take();
            }
            line.0.telling.set(false);
        });
    }

    fn command(&self, frame: String, reference: u64) {
        let line = self.clone();
        spawn_local(async move {
            match line.ask(&frame).await {
                Some((200, answer)) if is_frame(&answer) => (line.0.tell)(Told::Answer(answer)),
                Some((401, problem)) => {
                    line.refused(401, &problem);
                }
                Some((_, problem)) => (line.0.tell)(Told::Answer(refusal(&problem, reference))),
                None => line.broke(),
            }
        });
    }

    /// The status and the text of an answer, if one came.
    async fn ask(&self, frame: &str) -> Option<(u16, String)> {
        let answer = Cutter::new(Some(PATIENCE_MS));
        let path = format!("/api/command?{}", self.claim());
        let answer = answer.post(&path, frame).await?;
        Some((answer.status(), answer.text().await.ok()?))
    }
}

/// Whose session this `welcome` begins, as part of a query.
pub(crate) fn claim_of(welcome: &Fields) -> Option<String> {
    let member = welcome.within("you")?.number("id")?;
    let through = welcome.text("through")?;
    let (epoch, _) = through.split_once('.')?;
    Some(format!("member={member}&epoch={epoch}"))
}

/// The code of a problem (RFC 9457) of the house's, and whether it may pass. Others have codes too.
fn problem_of(text: &str) -> Option<(u16, bool)> {
    let problem = Fields::of(text)?;
    Some((problem.number("code")?.try_into().ok()?, problem.is_so("temporary")?))
}

/// Whether it is a frame, and not the page of something on the way that lets nobody through.
fn is_frame(text: &str) -> bool {
    Fields::of(text).is_some_and(|frame| frame.text("type").is_some())
}

/// A problem (RFC 9457) of the house's as the frame that says the same. Where it is none, something on
/// the way has answered: that is no word about the command, which is sent again, and none about what
/// is read.
fn refusal(problem: &str, reference: u64) -> String {
    let (code, temporary) = problem_of(problem).unwrap_or((ErrorCode::StoreRefused.number(), true));
    format!(r#"{{"type":"error","ref":{reference},"code":{code},"name":"","temporary":{temporary}}}"#)
}
