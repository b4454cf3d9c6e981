//! The core of the connection inspector: one WebSocket that a person opens, examines and closes.
//!
//! The inspector is independent of [`crate::Client`]. [`Inspector::handle`] takes one
//! [`InspectorInput`] and the time, and appends [`InspectorEffect`]s for the shell to execute. The
//! fields hold the data to draw. Each collection has a limit in [`crate::limits`].

pub mod byte_layout;
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

/// A fact that the inspector takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum InspectorInput {
    /// The page has loaded.
    Started,
    /// The answer to [`InspectorEffect::FetchIdentity`]: the member who is signed in, if any.
    IdentityFetched(Result<Option<Member>, Unreachable>),
    /// The server did not recognise the member of this page.
    SignedOut,
    /// The `readyState` of the WebSocket with this number, read after each call and before each
    /// event.
    StateRead(u32, ReadyState),
    /// An event of the WebSocket with this number.
    EventReceived(u32, SocketEvent),
    /// The person opens a connection, which replaces the present one.
    Connect,
    /// The person calls `send(text)`.
    Send(String),
    /// The person calls `close(code, reason)` with the contents of the two fields.
    Close {
        /// The code as typed.
        code: String,
        /// The reason as typed.
        reason: String,
    },
    /// The person expands or collapses the frame with this number.
    ToggleFrame(u32),
    /// The person tries a `Sec-WebSocket-Key`; `None` is the one that the server received.
    TryKey(Option<String>),
    /// The person changes the frame in the editor.
    Edit(EditorInput),
}

/// An event of a WebSocket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SocketEvent {
    /// The event `open`: the handshake succeeded.
    Opened,
    /// The event `message` with a text. Binary messages are not part of the protocol and are ignored.
    Message(String),
    /// The event `error`, which carries no reason; `close` follows it.
    Failed,
    /// The event `close`, the last one of a WebSocket.
    Closed {
        /// The close code; 1006 if the connection broke, 1005 if the close frame had no code.
        code: u16,
        /// The close reason, often empty.
        reason: String,
        /// Whether the closing handshake was completed.
        clean: bool,
    },
}

/// An order to the inspector's shell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum InspectorEffect {
    /// Request `GET /api/me` and answer with [`InspectorInput::IdentityFetched`].
    FetchIdentity,
    /// Open a traced WebSocket with this number and drop the previous one.
    Open(u32),
    /// Send a text on the WebSocket.
    Transmit(u32, String),
    /// Call `close(code, reason)` on the WebSocket.
    Close(u32, Option<u16>, String),
}

/// The member who is signed in, as far as the inspector knows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum SignedIn {
    /// The server has not answered.
    #[default]
    Unknown,
    /// Nobody is signed in; without a `hello` the server ends the connection after a while.
    Nobody,
    /// This member is signed in; `hello` is sent when the connection is open.
    Somebody(Member),
}

/// The state of the inspector, which is also the data to draw.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Inspector {
    /// The member who is signed in.
    pub signed_in: SignedIn,
    /// The life of the connection.
    pub life: Lifecycle,
    /// The opening handshake, as the server saw it.
    pub handshake: Option<Rc<Handshake>>,
    /// The frames, as the server saw them.
    pub frames: FrameTable,
    /// The reason why the last text could not be sent.
    pub send_fault: Option<SendFault>,
    /// The reason why the last call of `close` was not made.
    pub close_fault: Option<CloseFault>,
    /// The key that the person tries; `None` for the one of the handshake.
    pub key: Option<Rc<str>>,
    /// The frame in the editor.
    pub editor: Editor,
    socket: u32,
    /// Whether `hello` was sent.
    has_greeted: bool,
}

impl Inspector {
    /// Takes one input and appends the resulting effects to `out`. `now` is in milliseconds.
    pub fn handle(&mut self, input: InspectorInput, now: u64, out: &mut Vec<InspectorEffect>) {
        match input {
            InspectorInput::Started => {
                out.push(InspectorEffect::FetchIdentity);
                self.connect(now, out);
            }
            InspectorInput::IdentityFetched(me) => {
                match me {
                    Ok(Some(member)) => self.signed_in = SignedIn::Somebody(member),
                    Ok(None) => self.signed_in = SignedIn::Nobody,
                    // Keep what was known before.
                    Err(Unreachable) => {}
                }
                self.greet(now, out);
            }
            InspectorInput::SignedOut => out.push(InspectorEffect::FetchIdentity),
            InspectorInput::StateRead(socket, state) if socket == self.socket => {
                self.life.record_state(state, now)
            }
            InspectorInput::EventReceived(socket, event) if socket == self.socket => {
                self.apply_socket_event(event, now, out)
            }
            // The WebSocket was replaced.
            InspectorInput::StateRead(..) | InspectorInput::EventReceived(..) => {}
            InspectorInput::Connect => self.connect(now, out),
            InspectorInput::Send(text) => {
                self.send_fault = call::check_send(self.life.state(), &text).err();
                if self.send_fault.is_none() {
                    self.send(text, now, out);
                }
            }
            InspectorInput::ToggleFrame(number) => self.frames.toggle(number),
            InspectorInput::Close { code, reason } => self.close(&code, reason, now, out),
            InspectorInput::TryKey(key) => {
                self.key = key.map(|key| key.chars().take(INSPECT_KEY_CHARS_MAX).collect::<String>().into());
            }
            InspectorInput::Edit(edit) => self.editor.edit(edit),
        }
    }

    /// The key whose answer is shown: the one that the person tries, or the one that the server
    /// received.
    pub fn shown_key(&self) -> Option<&str> {
        let received = || {
            let headers = &self.handshake.as_ref()?.request.headers;
            headers.iter().find(|header| header.name == "sec-websocket-key")?.value.as_deref()
        };
        self.key.as_deref().or_else(received)
    }

    fn connect(&mut self, now: u64, out: &mut Vec<InspectorEffect>) {
        self.socket += 1;
        self.has_greeted = false;
        (self.send_fault, self.close_fault) = (None, None);
        (self.handshake, self.frames) = (None, FrameTable::default());
        self.life = Lifecycle::begin(now);
        out.push(InspectorEffect::Open(self.socket));
    }

    fn apply_socket_event(&mut self, event: SocketEvent, now: u64, out: &mut Vec<InspectorEffect>) {
        match event {
            SocketEvent::Opened => {
                self.life.record(now, LifecycleEvent::Opened);
                self.greet(now, out);
            }
            SocketEvent::Message(text) => match Event::parse(&text) {
                Ok(Event::Trace(trace)) => {
                    self.life.count_trace();
                    match trace.seen {
                        TraceItem::Handshake(handshake) => self.handshake = Some(Rc::from(handshake)),
                        TraceItem::Frame(frame) => self.frames.add(trace.at, frame),
                        TraceItem::Counted(counted) => self.frames.counts = Some(counted),
                        _ => {}
                    }
                }
                _ => {
                    let (bytes, text) = (text.len(), shortened(&text));
                    self.life.record(now, LifecycleEvent::Message { bytes, text });
                }
            },
            SocketEvent::Failed => self.life.record(now, LifecycleEvent::Failed),
            SocketEvent::Closed { code, reason, clean } => {
                if code == CloseCode::SignedOut.number() {
                    out.push(InspectorEffect::FetchIdentity);
                }
                self.life.record(now, LifecycleEvent::Closed { code, reason: reason.into(), clean });
            }
        }
    }

    /// Sends `hello` once the member is known and the connection is open.
    fn greet(&mut self, now: u64, out: &mut Vec<InspectorEffect>) {
        let is_due = matches!(self.signed_in, SignedIn::Somebody(_)) && self.life.state() == ReadyState::Open;
        if !is_due || std::mem::replace(&mut self.has_greeted, true) {
            return;
        }
        let hello =
            Hello { reference: HELLO, build: "inspector".into(), cursor: None, held: vec![], room: None };
        self.send(Command::Hello(hello).to_text(), now, out);
    }

    fn send(&mut self, text: String, now: u64, out: &mut Vec<InspectorEffect>) {
        self.life.record(
            now,
            LifecycleEvent::Called(SocketCall::Send { bytes: text.len(), text: shortened(&text) }),
        );
        out.push(InspectorEffect::Transmit(self.socket, text));
    }

    fn close(&mut self, code: &str, reason: String, now: u64, out: &mut Vec<InspectorEffect>) {
        let checked = call::check_close(code, &reason);
        self.close_fault = checked.err();
        if let Ok(code) = checked {
            self.life.record(
                now,
                LifecycleEvent::Called(SocketCall::Close { code, reason: reason.as_str().into() }),
            );
            out.push(InspectorEffect::Close(self.socket, code, reason));
        }
    }
}

/// The first characters of a text, with `…` if there are more.
fn shortened(text: &str) -> Rc<str> {
    match text.char_indices().nth(INSPECT_TEXT_CHARS_MAX) {
        Some((end, _)) => format!("{}…", &text[..end]).into(),
        None => text.into(),
    }
}

#[cfg(test)]
mod tests;
