//! The hands of a comparison of transports ([`client::inspect::comparison`]): one sender, and four readers that share
//! nothing but the clock.
//!
//! Over HTTP/1.1 a browser has six connections to a host. Three readers hold one each and the sender another, so
//! nothing waits for a connection, and a latency is that of the transport; a WebSocket is not counted among them.

mod http;
mod readers;
mod room;
mod sender;
mod socket;

use crate::timeout::sleep;
use client::http_session::{Call, Request, RequestId};
use client::inspect::comparison::{Comparison, ComparisonFault, ComparisonStage, ComparisonStep, room_name};
use client::transport::Transport;
use readers::Readers;
use std::{
    cell::{Cell, RefCell},
    rc::Rc,
};
use wasm_bindgen_futures::spawn_local;
use yew::Callback;

/// Between two looks at what goes on, in milliseconds, at the least.
const SHOWN_MS: u64 = 500;

/// Before what broke begins again, in milliseconds.
const AGAIN_MS: u64 = 1_000;

/// The handle; clones are the same.
#[derive(Clone, Default)]
pub struct Runner(Rc<RunnerInner>);

impl PartialEq for Runner {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }
}

#[derive(Default)]
struct RunnerInner {
    comparison: RefCell<Comparison>,
    watcher: RefCell<Callback<Rc<Comparison>>>,
    /// Who draws the rest of the page.
    beside: RefCell<Callback<()>>,
    /// Who is told that the server takes the page for nobody.
    signed_out: RefCell<Callback<()>>,
    /// When it was last shown, and in which stage.
    shown: Cell<(u64, ComparisonStage)>,
}

impl Runner {
    /// What is known now.
    pub fn view(&self) -> Rc<Comparison> {
        Rc::new(self.0.comparison.borrow().clone())
    }

    /// Who is told when there is more to see.
    pub fn watch(&self, watcher: Callback<Rc<Comparison>>) {
        self.0.watcher.replace(watcher);
    }

    /// Who is told that the rest of the page may be drawn again. It is not to be while messages are
    /// measured: see [`Runner::measures`].
    pub fn watch_beside(&self, watcher: Callback<()>) {
        self.0.beside.replace(watcher);
    }

    /// Who is told that the server takes the page for nobody, or for somebody else.
    pub fn watch_signed_out(&self, watcher: Callback<()>) {
        self.0.signed_out.replace(watcher);
    }

    /// It cannot go on.
    pub fn failed(&self, fault: ComparisonFault) {
        let ends = self.with(|comparison| comparison.fail(fault));
        if ends && fault == ComparisonFault::SignedOut {
            let watcher = self.0.signed_out.borrow().clone();
            watcher.emit(());
        }
    }

    /// Whether latencies are being measured.
    pub fn measures(&self) -> bool {
        self.with(|comparison| matches!(comparison.stage, ComparisonStage::Going | ComparisonStage::Ending))
    }

    /// Nobody looks any more: what goes on ends.
    pub fn forget(&self) {
        self.watch(Callback::noop());
        self.with(Comparison::finish);
    }

    /// Chooses an interval by its place.
    pub fn choose(&self, interval: usize) {
        self.with(|comparison| comparison.choose_interval(interval));
        self.show();
    }

    /// Begins, as this member, in a room that is described so if it is not there yet.
    pub fn start(&self, member: &str, description: String) {
        if self.with(Comparison::start) {
            self.show();
            let (runner, name) = (self.clone(), room_name(member));
            spawn_local(async move {
                if let Err(fault) = runner.run(&name, description).await {
                    runner.failed(fault);
                }
                runner.with(Comparison::finish);
                runner.show();
            });
        }
    }

    /// Sends nothing more.
    pub fn stop(&self) {
        self.with(Comparison::stop);
        self.show();
    }

    /// Lets something happen to it.
    pub fn with<T>(&self, act: impl FnOnce(&mut Comparison) -> T) -> T {
        act(&mut self.0.comparison.borrow_mut())
    }

    fn show(&self) {
        let view = self.view();
        self.0.shown.set((now(), view.stage));
        let watcher = self.0.watcher.borrow().clone();
        watcher.emit(view);
        let beside = self.0.beside.borrow().clone();
        beside.emit(());
    }

    fn show_now_and_then(&self) {
        let (now, (at, stage)) = (now(), self.0.shown.get());
        let (is_quiet, is_stage) = self.with(|it| (it.is_quiet(now), it.stage));
        if (is_quiet && now >= at + SHOWN_MS * 1_000) || stage != is_stage {
            self.show();
        }
    }

    async fn run(&self, name: &str, description: String) -> Result<(), ComparisonFault> {
        let room = room::enter(name, description).await?;
        let read = self.read(room).await;
        room::leave(room).await;
        read
    }

    async fn read(&self, room: shared::RoomId) -> Result<(), ComparisonFault> {
        let readers = Readers::begin(self.clone(), room).await?;
        self.with(|comparison| comparison.begin_reading(now()));
        for transport in [Transport::Poll, Transport::LongPoll, Transport::EventStream] {
            http::read(&readers, transport);
        }
        socket::read(&readers);
        loop {
            let step = self.with(|comparison| comparison.next_step(now()));
            self.show_now_and_then();
            match step {
                ComparisonStep::Wait(ms) => sleep(ms).await,
                ComparisonStep::Send => sender::send(&readers).await,
                ComparisonStep::Finish => break,
            }
        }
        readers.end();
        Ok(())
    }
}

/// The page's clock, which never goes back: microseconds since the page began.
pub fn now() -> u64 {
    let clock = web_sys::window().and_then(|window| window.performance());
    clock.map_or(0, |clock| (clock.now() * 1_000.0) as u64)
}

/// A request as a session makes it.
fn request(call: Call, is_traced: bool) -> Request {
    Request { id: RequestId(0), call, is_traced }
}
