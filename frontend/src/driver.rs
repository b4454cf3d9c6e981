//! The client's hands: browser events in, effects out.
//!
//! There is one, it outlives all components, and it alone holds the client,
//! the WebSocket, the database and the timers. Inputs are handled one after the other: one
//! that comes while another is being handled waits for it.

mod timers;

use crate::storage::{self, Slot, database::Database};
use crate::transport::http;
use crate::transport::websocket::{Connection, Told};
use crate::{clock, random, version};
use client::Client;
use client::effect::Effect;
use client::input::{Input, SocketId};
use client::view::{ReadyState, View};
use std::{cell::RefCell, collections::VecDeque, rc::Rc};
use timers::Timers;
use wasm_bindgen::{JsCast, closure::Closure};
use wasm_bindgen_futures::spawn_local;
use web_sys::{Event, VisibilityState};
use yew::Callback;

/// The close code of a WebSocket that never opened (RFC 6455 §7.1.5).
const ABNORMAL: u16 = 1006;

/// The handle; clones are the same driver.
#[derive(Clone)]
pub struct Driver(Rc<Inner>);

impl PartialEq for Driver {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }
}

struct Inner {
    client: RefCell<Client>,
    /// Inputs that wait, and whether one is being handled.
    waiting: RefCell<(VecDeque<Input>, bool)>,
    /// The newest WebSocket. It stays until it has closed, or another is opened.
    connection: RefCell<Option<(SocketId, Connection)>>,
    timers: RefCell<Timers>,
    database: Database,
    view: RefCell<Rc<View>>,
    watcher: RefCell<Callback<Rc<View>>>,
}

impl Driver {
    /// A driver of a new client. It does nothing before [`Driver::start`].
    pub fn new() -> Self {
        Driver::with(Database::new("teahouse"))
    }

    /// As [`Driver::new`], with a database of another name.
    pub fn with(database: Database) -> Self {
        let mut client = Client::new(random::seed());
        let view = client.view();
        Driver(Rc::new(Inner {
            client: RefCell::new(client),
            waiting: RefCell::default(),
            connection: RefCell::default(),
            timers: RefCell::default(),
            database,
            view: RefCell::new(view),
            watcher: RefCell::new(Callback::noop()),
        }))
    }

    /// Listens to the browser and lets the client begin. Called once.
    pub fn start(&self) {
        let build = version::of_this_page();
        self.handle(Input::Started { build, name: storage::read(Slot::Name) });
        let Some(window) = web_sys::window() else { return };
        if !window.navigator().on_line() {
            self.handle(Input::Network { online: false });
        }
        self.listen(&window, "online", |_| Some(Input::Network { online: true }));
        self.listen(&window, "offline", |_| Some(Input::Network { online: false }));
        self.listen(&window, "pagehide", |_| Some(Input::Leaving));
        if let Some(page) = window.document() {
            let visible = || {
                let page = web_sys::window()?.document()?;
                Some(Input::Visible(page.visibility_state() != VisibilityState::Hidden))
            };
            if let Some(input) = visible() {
                self.handle(input);
            }
            self.listen(&page, "visibilitychange", move |_| visible());
            // A page that was left and kept is shown again.
            self.listen(&window, "pageshow", move |_| visible());
        }
    }

    /// The view as it is now.
    pub fn view(&self) -> Rc<View> {
        self.0.view.borrow().clone()
    }

    /// Tells `watcher` every view from now on, instead of the one before.
    pub fn watch(&self, watcher: Callback<Rc<View>>) {
        self.0.watcher.replace(watcher);
    }

    /// Lets the client handle one input, and shows what came of it.
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
            Effect::AskMe => self.answer(async { Input::Me(http::me().await) }),
            Effect::Join { name } => self.answer(async { Input::Named(http::join(name).await) }),
            Effect::Rename { name } => self.answer(async { Input::Named(http::rename(name).await) }),
            Effect::SignOut => self.answer(async { Input::SignedOut(http::sign_out().await) }),
            Effect::RememberName(name) => storage::write(Slot::Name, name.as_deref()),
            Effect::Load => {
                let driver = self.clone();
                self.0.database.load(move |stored| driver.handle(Input::Loaded(stored)));
            }
            Effect::Keep(row) => {
                let (driver, key) = (self.clone(), row.key());
                self.0.database.keep(&row, move |ok| driver.handle(Input::Kept { key, ok }));
            }
            Effect::Drop(key) => self.0.database.drop_row(key),
            Effect::Lease { keys, until } => self.0.database.lease(keys, until),
            Effect::KeepDraft(draft) => self.0.database.keep_draft(&draft),
            Effect::Open(socket) => self.open(socket),
            Effect::Transmit(socket, frame) => {
                self.with_connection(socket, |connection| connection.send(&frame))
            }
            Effect::Close(socket, code) => self.with_connection(socket, |connection| connection.close(code)),
            Effect::Set(timer, at) => {
                let driver = self.clone();
                self.0.timers.borrow_mut().set(timer, at, move || driver.handle(Input::Timer(timer)));
            }
            Effect::Clear(timer) => self.0.timers.borrow_mut().clear(timer),
        }
    }

    fn open(&self, socket: SocketId) {
        let driver = self.clone();
        let opened = Connection::open(move |told| driver.hear(socket, told));
        match opened {
            Ok(connection) => drop(self.0.connection.replace(Some((socket, connection)))),
            Err(_) => {
                // The browser forbids it: to the client that is a connection that closed.
                self.handle(Input::Closed { socket, code: ABNORMAL, reason: String::new() });
            }
        }
    }

    fn hear(&self, socket: SocketId, told: Told) {
        self.handle(match told {
            Told::Opened => Input::Opened(socket),
            Told::Frame(frame) => Input::Frame(socket, frame),
            Told::Closed { code, reason } => Input::Closed { socket, code, reason },
        });
    }

    fn with_connection(&self, socket: SocketId, act: impl FnOnce(&Connection)) {
        match &*self.0.connection.borrow() {
            Some((held, connection)) if *held == socket => act(connection),
            _ => {}
        }
    }

    fn answer(&self, request: impl Future<Output = Input> + 'static) {
        let driver = self.clone();
        spawn_local(async move { driver.handle(request.await) });
    }

    /// Listens for as long as the page is there.
    fn listen(
        &self,
        target: &web_sys::EventTarget,
        name: &str,
        read: impl Fn(Event) -> Option<Input> + 'static,
    ) {
        let driver = self.clone();
        let heard = move |event| {
            if let Some(input) = read(event) {
                driver.handle(input);
            }
        };
        let listener = Closure::<dyn FnMut(Event)>::new(heard).into_js_value();
        // Fails on nothing that is an event target.
        drop(target.add_event_listener_with_callback(name, listener.unchecked_ref()));
    }

    /// Tells the view, if it is another than before.
    fn show(&self) {
        let mut view = self.0.client.borrow_mut().view();
        // What the client believes and what is: the person is shown what is.
        if !view.memory_only && !self.0.database.is_usable() {
            Rc::make_mut(&mut view).memory_only = true;
        }
        let real = match &*self.0.connection.borrow() {
            Some((_, connection)) => connection.ready_state(),
            None => ReadyState::Closed,
        };
        if view.link.ready_state != real {
            Rc::make_mut(&mut view).link.ready_state = real;
        }
        // Equal parts are mostly one `Rc`, so this is not a look at every row.
        if *self.0.view.borrow() == view {
            return;
        }
        self.0.view.replace(view.clone());
        let watcher = self.0.watcher.borrow().clone();
        watcher.emit(view);
    }
}

impl Default for Driver {
    fn default() -> Self {
        Driver::new()
    }
}
