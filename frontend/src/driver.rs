//! The driver, the shell of the chat: it turns browser events into inputs of the client, and performs the
//! client's effects.
//!
//! There is one driver, and it outlives all components. It alone owns the client, the connections, the
//! database and the timers. It handles inputs one after the other: an input that arrives while another is
//! being handled is queued.

mod frame_request;
mod timers;

use crate::storage::{self, StorageKey, database::Database};
use crate::transport::{Connection, http};
use crate::visibility;
use crate::{clock, random, title, version};
use client::Client;
use client::effect::Effect;
use client::http_session::{ABNORMAL, SessionInput};
use client::identity::IdentityRequest;
use client::input::{ConnectionId, Input};
use client::transport::{LastGood, Transport};
use client::view::{AtRisk, ReadyState, View};
use frame_request::FrameRequest;
use js_sys::Reflect;
use std::cell::{Cell, RefCell};
use std::{collections::VecDeque, rc::Rc};
use timers::Timers;
use wasm_bindgen::{JsCast, closure::Closure};
use wasm_bindgen_futures::spawn_local;
use web_sys::{Event, EventTarget, KeyboardEvent};
use yew::Callback;

/// Handle of the driver; clones refer to the same driver.
#[derive(Clone)]
pub struct Driver(Rc<DriverInner>);

impl PartialEq for Driver {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }
}

struct DriverInner {
    client: RefCell<Client>,
    /// Queued inputs, and whether an input is being handled.
    waiting: RefCell<(VecDeque<Input>, bool)>,
    /// The serving connection, and perhaps the one of an upgrade. Each stays until another connection of the
    /// same transport is opened.
    connections: RefCell<Vec<(ConnectionId, Transport, Connection)>>,
    timers: RefCell<Timers>,
    database: Database,
    /// The newest view. The watcher has it, or gets it in the next frame.
    view: RefCell<Rc<View>>,
    frame: FrameRequest,
    /// Whether the database could be used when the client was last told.
    is_storage_usable: Cell<bool>,
    watcher: RefCell<Callback<Rc<View>>>,
}

impl Driver {
    /// Creates a driver with a new client and the page's own database. It does nothing before
    /// [`Driver::start`].
    pub fn new() -> Self {
        Driver::with(Database::new("teahouse"))
    }

    /// Creates a driver as [`Driver::new`] does, with another database. Tests use it.
    pub fn with(database: Database) -> Self {
        let mut client = Client::new(random::seed());
        let view = client.view();
        Driver(Rc::new(DriverInner {
            client: RefCell::new(client),
            waiting: RefCell::default(),
            connections: RefCell::default(),
            timers: RefCell::default(),
            database,
            view: RefCell::new(view),
            frame: FrameRequest::default(),
            is_storage_usable: Cell::new(true),
            watcher: RefCell::new(Callback::noop()),
        }))
    }

    /// Registers the listeners for browser events and starts the client. To be called once.
    pub fn start(&self) {
        let build = version::of_this_page();
        self.handle(transport_hints());
        if let Some(marks) = storage::read(StorageKey::Marks) {
            self.handle(Input::MarksRemembered(marks));
        }
        self.handle(Input::Started {
            build,
            name: storage::read(StorageKey::Name),
            join_id: random::client_id(),
        });
        let Some(window) = web_sys::window() else { return };
        if !window.navigator().on_line() {
            self.handle(Input::NetworkReported { online: false });
        }
        self.listen(&window, "online", |_| Some(Input::NetworkReported { online: true }));
        self.listen(&window, "offline", |_| Some(Input::NetworkReported { online: false }));
        self.listen(&window, "pagehide", |_| Some(Input::Leaving));
        let driver = self.clone();
        self.listen(&window, "pagehide", move |_| {
            driver.leave();
            None
        });
        self.listen(&window, "focus", |_| Some(Input::FocusChanged(true)));
        self.listen(&window, "blur", |_| Some(Input::FocusChanged(false)));
        self.listen(&window, "keydown", |event| {
            let event = event.dyn_into::<KeyboardEvent>().ok()?;
            // Escape closes an open dialog, and ends the input of a character.
            let is_free = !event.is_composing() && !visibility::has_dialog();
            (event.key() == "Escape" && is_free).then_some(Input::MarkRead)
        });
        let driver = self.clone();
        self.listen(&window, "beforeunload", move |event| {
            if driver.view().composer.at_risk != AtRisk::Nothing {
                // The browser asks the person. Older browsers want the property.
                event.prevent_default();
                drop(Reflect::set(&event, &"returnValue".into(), &true.into()));
            }
            None
        });
        // A transport pinned in one tab applies to all tabs, because one of them reads for all.
        self.listen(&window, "storage", move |event| {
            let key = Reflect::get(&event, &"key".into()).ok().and_then(|key| key.as_string());
            let is_of = |wanted: StorageKey| key.as_deref() == Some(wanted.as_str());
            match () {
                () if is_of(StorageKey::Pin) => Some(Input::TransportPinnedElsewhere(pinned())),
                () if is_of(StorageKey::Marks) => {
                    Some(Input::MarksRemembered(storage::read(StorageKey::Marks).unwrap_or_default()))
                }
                () => None,
            }
        });
        // Firefox and Safari do not have `navigator.connection`.
        let network = Reflect::get(&window.navigator(), &"connection".into()).ok();
        if let Some(network) = network.and_then(|network| network.dyn_into::<EventTarget>().ok()) {
            // The event also reports estimates of the speed, often. Only another type means another network.
            let kind = |network: &EventTarget| {
                Reflect::get(network, &"type".into()).ok().and_then(|kind| kind.as_string())
            };
            let last = RefCell::new(kind(&network));
            let watched = network.clone();
            self.listen(&network, "change", move |_| {
                let now = kind(&watched);
                (last.replace(now.clone()) != now).then_some(Input::NetworkChanged)
            });
        }
        if let Some(page) = window.document() {
            let visible = || Input::VisibilityChanged(!visibility::is_hidden());
            self.handle(visible());
            self.listen(&page, "visibilitychange", move |_| Some(visible()));
            // A page from the back/forward cache is shown again.
            self.listen(&window, "pageshow", move |_| Some(visible()));
        }
    }

    /// Returns the newest view, which the page may not show before the next frame.
    pub fn view(&self) -> Rc<View> {
        self.0.view.borrow().clone()
    }

    /// Calls `watcher` with each new view from now on, at most once in an animation frame unless the draft, the
    /// identity or a pending command changes. It replaces the watcher before it.
    pub fn watch(&self, watcher: Callback<Rc<View>>) {
        self.0.watcher.replace(watcher);
    }

    /// Lets the client handle an input, performs the effects, and has a changed view shown.
    /// During another call, the input is only queued.
    pub fn handle(&self, input: Input) {
        {
            let mut waiting = self.0.waiting.borrow_mut();
            waiting.0.push_back(input);
            if std::mem::replace(&mut waiting.1, true) {
                return;
            }
        }
        let next = || {
            let mut waiting = self.0.waiting.borrow_mut();
            waiting.1 = !waiting.0.is_empty();
            waiting.0.pop_front()
        };
        let mut effects = Vec::new();
        while let Some(input) = next() {
            self.0.client.borrow_mut().handle(input, clock::now(), &mut effects);
            for effect in effects.drain(..) {
                self.perform(effect);
            }
        }
        self.show();
    }

    fn perform(&self, effect: Effect) {
        match effect {
            Effect::FetchIdentity => self.request_identity(IdentityRequest::Me),
            Effect::Join { name, client_id } => self.request_identity(IdentityRequest::Join(name, client_id)),
            Effect::Rename { name } => self.request_identity(IdentityRequest::Rename(name)),
            Effect::SignOut => self.request_identity(IdentityRequest::SignOut),
            Effect::RememberName(name) => storage::write(StorageKey::Name, name.as_deref()),
            Effect::LoadRows => {
                let driver = self.clone();
                self.0.database.load(move |stored| driver.handle(Input::RowsLoaded(stored)));
            }
            Effect::SaveRow(row) => {
                let (driver, key) = (self.clone(), row.key());
                self.0.database.keep(&row, move |ok| driver.handle(Input::RowSaved { key, ok }));
            }
            Effect::DeleteRow(key) => self.0.database.drop_row(key),
            Effect::RenewLease { keys, until } => self.0.database.lease(keys, until),
            Effect::SaveDraft(draft) if draft.text.is_empty() => self.0.database.keep_draft(&draft, drop),
            Effect::SaveDraft(draft) => {
                let driver = self.clone();
                let conversation = draft.conversation();
                let saved = move |ok| driver.handle(Input::DraftSaved { conversation, ok });
                self.0.database.keep_draft(&draft, saved);
            }
            Effect::RememberMarks(marks) => storage::write(StorageKey::Marks, marks.as_deref()),
            Effect::OpenConnection(socket, transport) => self.open(socket, transport),
            Effect::RememberTransport(worked) => {
                let text = worked.map(|LastGood { transport, until }| format!("{transport} {until}"));
                storage::write(StorageKey::Transport, text.as_deref());
            }
            Effect::RememberPin(pinned) => storage::write(StorageKey::Pin, pinned.map(Transport::name)),
            Effect::Transmit(socket, command) => {
                self.with_connection(socket, |connection| connection.send(command))
            }
            Effect::CloseConnection(socket, code) => {
                self.with_connection(socket, |connection| connection.close(code))
            }
            Effect::ScheduleTimer(timer, at) => {
                let driver = self.clone();
                self.0.timers.borrow_mut().set(timer, at, move || driver.handle(Input::TimerFired(timer)));
            }
            Effect::CancelTimer(timer) => self.0.timers.borrow_mut().clear(timer),
        }
    }

    fn open(&self, socket: ConnectionId, transport: Transport) {
        let driver = self.clone();
        let opened = Connection::open(socket, transport, move |input| driver.handle(input));
        match opened {
            Ok(connection) => {
                // Drop the replaced connection after the borrow has ended, because dropping it may call the
                // driver.
                let mut connections = self.0.connections.borrow_mut();
                let (gone, mut stays): (Vec<_>, Vec<_>) =
                    connections.drain(..).partition(|(_, other, _)| *other == transport);
                stays.push((socket, transport, connection));
                *connections = stays;
                drop(connections);
                drop(gone);
            }
            Err(_) => {
                // The browser forbids the connection; report it to the client as one that closed.
                self.handle(Input::ConnectionClosed {
                    connection: socket,
                    code: ABNORMAL,
                    reason: String::new(),
                });
            }
        }
    }

    fn with_connection(&self, socket: ConnectionId, act: impl FnOnce(&Connection)) {
        let connections = self.0.connections.borrow();
        if let Some((.., connection)) = connections.iter().find(|(held, ..)| *held == socket) {
            act(connection);
        }
    }

    fn leave(&self) {
        let connections = self.0.connections.borrow();
        let open: Vec<_> = connections.iter().filter_map(|(.., connection)| connection.http()).collect();
        drop(connections);
        open.iter().for_each(|http| http.handle(SessionInput::Leave));
    }

    fn request_identity(&self, request: IdentityRequest) {
        let driver = self.clone();
        spawn_local(async move {
            let answer = http::request_identity(request).await;
            if matches!(answer, Input::IdentityFetched(_)) && storage::is_there() {
                driver.handle(Input::NameRemembered(storage::read(StorageKey::Name)));
            }
            driver.handle(answer);
        });
    }

    /// Registers a listener that lasts as long as the page. `read` turns the event into an input, or into
    /// none.
    fn listen(
        &self,
        target: &web_sys::EventTarget,
        name: &str,
        read: impl Fn(Event) -> Option<Input> + 'static,
    ) {
        let driver = self.clone();
        let on_event = move |event| {
            if let Some(input) = read(event) {
                driver.handle(input);
            }
        };
        let listener = Closure::<dyn FnMut(Event)>::new(on_event).into_js_value();
        // The call does not fail on an event target.
        drop(target.add_event_listener_with_callback(name, listener.unchecked_ref()));
    }

    /// Shows a changed view in the next animation frame, which a hidden page does not get. The draft, the
    /// identity and the pending commands are shown at once: until the composer shows the client's changes of
    /// the draft, the person would edit another text, and a form that waits for its command has to see it.
    fn show(&self) {
        let usable = self.0.database.is_usable();
        if self.0.is_storage_usable.replace(usable) != usable {
            return self.handle(Input::StorageReported { usable });
        }
        let mut view = self.0.client.borrow_mut().view();
        // Show the real state of the connection, because the client may not know it yet.
        let connections = self.0.connections.borrow();
        let serves = connections.iter().find(|(_, transport, _)| *transport == view.connection.transport);
        let real = serves.map_or(ReadyState::Closed, |(.., connection)| connection.ready_state());
        drop(connections);
        if view.connection.ready_state != real {
            Rc::make_mut(&mut view).connection.ready_state = real;
        }
        let before = self.0.view.replace(view.clone());
        if before.rooms != view.rooms {
            title::set_count(view.rooms.iter().map(|room| room.unread).sum());
        }
        let is_urgent = before.composer != view.composer
            || before.identity != view.identity
            || before.pending != view.pending;
        if is_urgent {
            self.pass_view();
        } else if before != view {
            let driver = self.clone();
            self.0.frame.request(move || driver.pass_view());
        }
    }

    /// Passes the newest view to the watcher.
    fn pass_view(&self) {
        let watcher = self.0.watcher.borrow().clone();
        watcher.emit(self.view());
    }
}

/// Reads the last good transport and the pinned one from localStorage.
fn transport_hints() -> Input {
    let last_good = storage::read(StorageKey::Transport).and_then(|text| {
        let (transport, until) = text.split_once(' ')?;
        Some(LastGood { transport: transport.parse().ok()?, until: until.parse().ok()? })
    });
    Input::TransportHints { last_good, pinned: pinned() }
}

fn pinned() -> Option<Transport> {
    storage::read(StorageKey::Pin).and_then(|name| name.parse().ok())
}

impl Default for Driver {
    fn default() -> Self {
        Driver::new()
    }
}
