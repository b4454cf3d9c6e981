//! The shell of [`client::http_session::HttpSession`]: it makes the requests, and owns the timers, the
//! channel between tabs and the access to the stored lease. It handles inputs one after the other: an input
//! that arrives while another is being handled is queued.

use super::abort_handle::AbortHandle;
use super::broadcast_channel::Channel;
use crate::storage::{self, StorageKey};
use crate::timeout::Timeout;
use crate::{clock, visibility};
use client::http_session::{
    HttpSession, Request, RequestId, SessionEvent, SessionInput, SessionOutput, SessionTimer,
};
use client::tabs::Lease;
use client::view::ReadyState;
use gloo_net::http::Response;
use js_sys::{Reflect, Uint8Array};
use std::{cell::RefCell, collections::VecDeque, fmt, rc::Rc};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::{JsFuture, spawn_local};
use web_sys::ReadableStreamDefaultReader;

/// Handle of a connection over plain HTTP; clones refer to the same connection.
#[derive(Clone)]
pub struct HttpConnection(Rc<HttpConnectionInner>);

struct HttpConnectionInner {
    session: RefCell<HttpSession>,
    on_event: Box<dyn Fn(SessionEvent)>,
    /// Queued inputs, and whether an input is being handled.
    waiting: RefCell<(VecDeque<SessionInput>, bool)>,
    requests: RefCell<Vec<(RequestId, AbortHandle)>>,
    timers: RefCell<[Option<Timeout>; 2]>,
    channel: RefCell<Option<Channel>>,
}

impl fmt::Debug for HttpConnection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HttpConnection")
    }
}

impl HttpConnection {
    /// Starts a session. `on_event` gets its events, never before this function returns. If `shares` is true and
    /// the browser allows it, the tabs of the browser elect one that reads for all.
    pub fn open(session: HttpSession, shares: bool, on_event: impl Fn(SessionEvent) + 'static) -> Self {
        let connection = HttpConnection(Rc::new(HttpConnectionInner {
            session: RefCell::new(session),
            on_event: Box::new(on_event),
            waiting: RefCell::default(),
            requests: RefCell::default(),
            timers: RefCell::default(),
            channel: RefCell::default(),
        }));
        let opened = connection.clone();
        spawn_local(async move {
            if shares && storage::is_there() {
                let hearing = Rc::downgrade(&opened.0);
                opened.0.channel.replace(Channel::open(move |text| {
                    if let Some(inner) = hearing.upgrade() {
                        HttpConnection(inner).handle(SessionInput::TabMessage(text));
                    }
                }));
            }
            let is_alone = opened.0.channel.borrow().is_none();
            let (lease, is_hidden) = (lease(), visibility::is_hidden());
            opened.handle(SessionInput::Opened { lease, is_alone, is_hidden });
        });
        connection
    }

    /// Current state of the session, in the terms of a WebSocket.
    pub fn ready_state(&self) -> ReadyState {
        // While the session handles an input it is borrowed; the driver asks again afterwards.
        self.0.session.try_borrow().map_or(ReadyState::Connecting, |session| session.ready_state())
    }

    /// Lets the session handle an input, and performs its outputs. During another call, the input is only
    /// queued.
    pub fn handle(&self, input: SessionInput) {
        {
            let mut waiting = self.0.waiting.borrow_mut();
            waiting.0.push_back(input);
            if std::mem::replace(&mut waiting.1, true) {
                return;
            }
        }
        let mut outputs = Vec::new();
        while let Some(input) = self.next_input() {
            self.0.session.borrow_mut().handle(input, clock::now(), &mut outputs);
            for output in outputs.drain(..) {
                self.perform(output);
            }
        }
    }

    fn next_input(&self) -> Option<SessionInput> {
        let mut waiting = self.0.waiting.borrow_mut();
        waiting.1 = !waiting.0.is_empty();
        waiting.0.pop_front()
    }

    fn perform(&self, output: SessionOutput) {
        match output {
            SessionOutput::Request(request) => self.fetch(request),
            SessionOutput::Abort(id) => {
                let requests = self.0.requests.borrow();
                if let Some((_, handle)) = requests.iter().find(|(request, _)| *request == id) {
                    handle.abort();
                }
            }
            SessionOutput::ReadLease => {
                self.0.waiting.borrow_mut().0.push_front(SessionInput::LeaseRead(lease()));
            }
            SessionOutput::SaveLease(lease) => {
                storage::write(StorageKey::Leader, lease.map(|lease| lease.to_string()).as_deref());
            }
            SessionOutput::Broadcast(text) => {
                if let Some(channel) = &*self.0.channel.borrow() {
                    channel.send(&text);
                }
            }
            SessionOutput::ScheduleTimer(timer, 0) => {
                self.0.waiting.borrow_mut().0.push_back(SessionInput::TimerFired(timer));
            }
            SessionOutput::ScheduleTimer(timer, after_ms) => self.schedule(timer, after_ms),
            SessionOutput::Emit(event) => {
                if let SessionEvent::Closed { .. } = event {
                    // Drop them later, because one of their callbacks may be the caller.
                    let (timers, channel) = (self.0.timers.take(), self.0.channel.take());
                    spawn_local(async move { drop((timers, channel)) });
                }
                (self.0.on_event)(event);
            }
        }
    }

    fn schedule(&self, timer: SessionTimer, after_ms: u64) {
        let connection = Rc::downgrade(&self.0);
        let fired = move || {
            let Some(inner) = connection.upgrade() else { return };
            // Handle the input after this call, because scheduling the next timer drops the one that is
            // firing now.
            spawn_local(async move { HttpConnection(inner).handle(SessionInput::TimerFired(timer)) });
        };
        self.0.timers.borrow_mut()[timer as usize] = Timeout::new(after_ms, fired);
    }

    fn fetch(&self, request: Request) {
        let (connection, id) = (self.clone(), request.id);
        let handle = AbortHandle::new(request.timeout_ms());
        self.0.requests.borrow_mut().push((id, handle.clone()));
        spawn_local(async move {
            let answer = handle.fetch(&request.path(), request.body().as_deref()).await;
            let input = match answer {
                Some(answer) if answer.ok() && request.is_stream() => {
                    connection.read(id, &answer).await;
                    SessionInput::Failed(id)
                }
                Some(answer) => match (answer.status(), answer.text().await) {
                    (status, Ok(body)) => SessionInput::Response { id, status, body },
                    (status, Err(_)) if !answer.ok() => {
                        SessionInput::Response { id, status, body: String::new() }
                    }
                    (_, Err(_)) => SessionInput::Failed(id),
                },
                None => SessionInput::Failed(id),
            };
            connection.0.requests.borrow_mut().retain(|(request, _)| *request != id);
            connection.handle(input);
        });
    }

    /// Passes the body of a response to the session in chunks as they arrive, until its end or an error.
    async fn read(&self, id: RequestId, answer: &Response) -> Option<()> {
        let reader: ReadableStreamDefaultReader = answer.body()?.get_reader().unchecked_into();
        loop {
            let part = JsFuture::from(reader.read()).await.ok()?;
            let bytes: Uint8Array = Reflect::get(&part, &JsValue::from_str("value")).ok()?.dyn_into().ok()?;
            self.handle(SessionInput::Chunk { id, bytes: bytes.to_vec() });
        }
    }
}

/// Lease of the leader in the browser's storage; `None` if there is none or it cannot be parsed.
fn lease() -> Option<Lease> {
    storage::read(StorageKey::Leader)?.parse().ok()
}
