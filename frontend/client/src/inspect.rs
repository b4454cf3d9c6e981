//! The connection inspector's own mind: one WebSocket that a person opens, looks at and closes by hand.
//!
//! It stands beside [`crate::Client`] and shares nothing with it. [`Inspector::handle`] takes one [`Input`] and the time,
//! and says what to do as [`Effect`]s; what is to be shown is in its fields. All it holds is bounded, see [`crate::limits`].

pub mod call;
pub mod comparison;
pub mod editor;
pub mod frames;
pub mod life;

use crate::input::Unreachable;
use crate::limits::{INSPECT_KEY_CHARS_MAX, INSPECT_TEXT_CHARS_MAX};
use crate::ready_state::ReadyState;
use call::{CloseFault, SendFault};
use editor::{Editor, EditorInput};
use frames::FrameTable;
use life::{Lifecycle, LifecycleEvent, SocketCall};
use shared::close::CloseCode;
use shared::command::{Command, Hello};
use shared::event::trace::{Handshake, TraceItem};
use shared::{Event, Member};
use std::rc::Rc;

/// The `ref` of the one command that the inspector sends by itself.
const HELLO: u64 = 1;

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum InspectorInput {
    /// The page is there.
    Started,
    /// Who is signed in, if anyone.
    Me(Result<Option<Member>, Unreachable>),
    /// The server took the page for nobody, or for somebody else.
    SignedOut,
    /// A WebSocket of this number has this `readyState`: read after each call and before each event.
    State(u32, ReadyState),
    /// A WebSocket told something.
    Told(u32, SocketEvent),
    /// The person wants a connection: a new one, if there is one.
    Connect,
    /// The person calls `send(text)`.
    Send(String),
    /// The person calls `close(code, reason)`, with what stands in the two fields.
    Close {
        /// As it was typed.
        code: String,
        /// As it was typed.
        reason: String,
    },
    /// The person opens a frame of this number, or closes it again.
    Look(u32),
    /// The person tries a key; none: the one that the server received.
    Key(Option<String>),
    /// The person changes the frame in the editor.
    Edit(EditorInput),
}

/// What a WebSocket tells: its four events.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SocketEvent {
    /// `open`.
    Opened,
    /// `message` with a text. Others are not of the protocol, and passed over.
    Message(String),
    /// `error`, which says nothing more.
    Failed,
    /// `close`.
    Closed {
        /// The close code; 1006 where there was none, 1005 where the frame had none.
        code: u16,
        /// The close reason, often empty.
        reason: String,
        /// Both sides have said that it ends.
        clean: bool,
    },
}

/// What to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum InspectorEffect {
    /// Ask the server who is signed in; the answer is [`Input::Me`].
    AskMe,
    /// Open a traced WebSocket of this number, and let go of the one before.
    Open(u32),
    /// Send a text on it.
    Transmit(u32, String),
    /// Start to close it.
    Close(u32, Option<u16>, String),
}

/// Who is signed in, as far as is known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum SignedIn {
    /// The server has not answered yet, or did not.
    #[default]
    Unknown,
    /// Nobody: without a `hello` the server ends the connection after a while.
    Nobody,
    /// This member: `hello` is said when the connection is open.
    Somebody(Member),
}

/// What the inspector holds, and shows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Inspector {
    /// Who is signed in.
    pub who: SignedIn,
    /// The connection's life.
    pub life: Lifecycle,
    /// How it began, as the server saw it.
    pub handshake: Option<Rc<Handshake>>,
    /// Its frames, as the server saw them.
    pub frames: FrameTable,
    /// Why the last text could not be sent.
    pub send_fault: Option<SendFault>,
    /// Why it could not be closed so.
    pub close_fault: Option<CloseFault>,
    /// The key that is being tried; none while it is the handshake's.
    pub key: Option<Rc<str>>,
    /// The frame that is being made.
    pub editor: Editor,
    socket: u32,
    /// `hello` was said.
    greeted: bool,
}

impl Inspector {
    /// Takes one input.
    pub fn handle(&mut self, input: InspectorInput, now: u64, out: &mut Vec<InspectorEffect>) {
        match input {
            InspectorInput::Started => {
                out.push(InspectorEffect::AskMe);
                self.connect(now, out);
            }
            InspectorInput::Me(me) => {
                match me {
                    Ok(Some(member)) => self.who = SignedIn::Somebody(member),
                    Ok(None) => self.who = SignedIn::Nobody,
                    // It is as it was.
                    Err(Unreachable) => {}
                }
                self.greet(now, out);
            }
            InspectorInput::SignedOut => out.push(InspectorEffect::AskMe),
            InspectorInput::State(socket, state) if socket == self.socket => self.life.is_now(state, now),
            InspectorInput::Told(socket, told) if socket == self.socket => self.told(told, now, out),
            // A word of a WebSocket that was let go of.
            InspectorInput::State(..) | InspectorInput::Told(..) => {}
            InspectorInput::Connect => self.connect(now, out),
            InspectorInput::Send(text) => {
                self.send_fault = call::check_send(self.life.state(), &text).err();
                if self.send_fault.is_none() {
                    self.send(text, now, out);
                }
            }
            InspectorInput::Look(number) => self.frames.look(number),
            InspectorInput::Close { code, reason } => self.close(&code, reason, now, out),
            InspectorInput::Key(key) => {
                self.key = key.map(|key| key.chars().take(INSPECT_KEY_CHARS_MAX).collect::<String>().into());
            }
            InspectorInput::Edit(edit) => self.editor.edit(edit),
        }
    }

    /// The key whose answer is shown: the one that is being tried, or that the server received.
    pub fn shown_key(&self) -> Option<&str> {
        let received = || {
            let headers = &self.handshake.as_ref()?.request.headers;
            headers.iter().find(|header| header.name == "sec-websocket-key")?.value.as_deref()
        };
        self.key.as_deref().or_else(received)
    }

    fn connect(&mut self, now: u64, out: &mut Vec<InspectorEffect>) {
        self.socket += 1;
        self.greeted = false;
        (self.send_fault, self.close_fault) = (None, None);
        (self.handshake, self.frames) = (None, FrameTable::default());
        self.life = Lifecycle::begun(now);
        out.push(InspectorEffect::Open(self.socket));
    }

    fn told(&mut self, told: SocketEvent, now: u64, out: &mut Vec<InspectorEffect>) {
        match told {
            SocketEvent::Opened => {
                self.life.note(now, LifecycleEvent::Opened);
                self.greet(now, out);
            }
            SocketEvent::Message(text) => match Event::parse(&text) {
                Ok(Event::Trace(trace)) => {
                    self.life.traced();
                    match trace.seen {
                        TraceItem::Handshake(handshake) => self.handshake = Some(Rc::from(handshake)),
                        TraceItem::Frame(frame) => self.frames.add(trace.at, frame),
                        TraceItem::Counted(counted) => self.frames.counted = Some(counted),
                        _ => {}
                    }
                }
                _ => {
                    let (bytes, text) = (text.len(), shortened(&text));
                    self.life.note(now, LifecycleEvent::Message { bytes, text });
                }
            },
            SocketEvent::Failed => self.life.note(now, LifecycleEvent::Failed),
            SocketEvent::Closed { code, reason, clean } => {
                if code == CloseCode::SignedOut.number() {
                    out.push(InspectorEffect::AskMe);
                }
                self.life.note(now, LifecycleEvent::Closed { code, reason: reason.into(), clean });
            }
        }
    }

    /// Says `hello` once it is known who says it and the connection is open.
    fn greet(&mut self, now: u64, out: &mut Vec<InspectorEffect>) {
        let is_due = matches!(self.who, SignedIn::Somebody(_)) && self.life.state() == ReadyState::Open;
        if !is_due || std::mem::replace(&mut self.greeted, true) {
            return;
        }
        let hello = Hello { reference: HELLO, build: "inspector".into(), cursor: None, room: None };
        // It has strings and numbers only, and these cannot fail to be written.
        self.send(serde_json::to_string(&Command::Hello(hello)).unwrap_or_default(), now, out);
    }

    fn send(&mut self, text: String, now: u64, out: &mut Vec<InspectorEffect>) {
        self.life.note(
            now,
            LifecycleEvent::Called(SocketCall::Send { bytes: text.len(), text: shortened(&text) }),
        );
        out.push(InspectorEffect::Transmit(self.socket, text));
    }

    fn close(&mut self, code: &str, reason: String, now: u64, out: &mut Vec<InspectorEffect>) {
        let checked = call::check_close(code, &reason);
        self.close_fault = checked.err();
        if let Ok(code) = checked {
            self.life.note(
                now,
                LifecycleEvent::Called(SocketCall::Close { code, reason: reason.as_str().into() }),
            );
            out.push(InspectorEffect::Close(self.socket, code, reason));
        }
    }
}

/// As much of a text as is shown, with `…` where there is more.
fn shortened(text: &str) -> Rc<str> {
    match text.char_indices().nth(INSPECT_TEXT_CHARS_MAX) {
        Some((end, _)) => format!("{}…", &text[..end]).into(),
        None => text.into(),
    }
}

#[cfg(test)]
mod tests;
