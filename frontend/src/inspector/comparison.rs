//! The shell of a comparison of transports ([`client::inspect::comparison`]): one sender, and four
//! connections that share nothing but the clock.
//!
//! Over HTTP/1.1, a browser opens at most six connections to a host, and a WebSocket does not count.
//! Three connections and the sender use one each, so nothing waits for a connection, and each latency is
//! that of the transport.

mod connections;
mod request;

use crate::clock::mono_us;
use crate::random;
use crate::timeout::sleep;
use client::inspect::comparison::run::{ComparisonRun, RunStep};
use client::inspect::comparison::{Comparison, ComparisonFault, ComparisonStage};
use connections::ComparedConnections;
use std::{
    cell::{Cell, RefCell},
    rc::Rc,
};
use wasm_bindgen_futures::spawn_local;
use yew::Callback;

/// Minimum time between two redraws of the page during a comparison, in milliseconds.
const SHOWN_MS: u64 = 500;

/// Handle of the comparison; clones refer to the same one.
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
    /// Redraws the rest of the page.
    redraw: RefCell<Callback<()>>,
    /// Called when the server rejects the page's identity.
    signed_out: RefCell<Callback<()>>,
    /// Time in microseconds (see [`now`]) and stage of the last update of the page.
    shown: Cell<(u64, ComparisonStage)>,
}

impl Runner {
    /// Returns a copy of the comparison's current state.
    pub fn view(&self) -> Rc<Comparison> {
        Rc::new(self.0.comparison.borrow().clone())
    }

    /// Calls `watcher` with each state that is to be shown. It replaces the watcher before it.
    pub fn watch(&self, watcher: Callback<Rc<Comparison>>) {
        self.0.watcher.replace(watcher);
    }

    /// Calls `redraw` when the rest of the page may be drawn. While latencies are measured (see
    /// [`Runner::measures`]), the rest must not be drawn at other times, because drawing would delay the
    /// messages.
    pub fn watch_redraw(&self, redraw: Callback<()>) {
        self.0.redraw.replace(redraw);
    }

    /// Calls `watcher` when the server answers that the page is signed out, or signed in as another member.
    pub fn watch_signed_out(&self, watcher: Callback<()>) {
        self.0.signed_out.replace(watcher);
    }

    /// Ends the comparison with a fault. It does nothing if the comparison has already ended.
    pub fn fail(&self, fault: ComparisonFault) {
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

    /// Ends the comparison and removes the watcher, because the section is no longer shown.
    pub fn forget(&self) {
        self.watch(Callback::noop());
        self.with(Comparison::finish);
    }

    /// Chooses the interval of polling by its index in [`client::inspect::comparison::INTERVALS_MS`].
    pub fn choose(&self, interval: usize) {
        self.with(|comparison| comparison.choose_interval(interval));
        self.show();
    }

    /// Starts a comparison as the member with the name `member`; nothing happens while one is running. If the
    /// member's room for comparisons does not exist, it is created with `description`.
    pub fn start(&self, member: &str, description: String) {
        if self.with(Comparison::start) {
            self.show();
            let (runner, run) = (self.clone(), ComparisonRun::new(member, description));
            spawn_local(async move { runner.perform(run).await });
        }
    }

    /// Stops sending. The comparison ends when the last messages have arrived or are overdue.
    pub fn stop(&self) {
        self.with(Comparison::stop);
        self.show();
    }

    /// Calls `act` with the comparison and returns its result. `act` must not use the runner.
    pub fn with<T>(&self, act: impl FnOnce(&mut Comparison) -> T) -> T {
        act(&mut self.0.comparison.borrow_mut())
    }

    fn show(&self) {
        let view = self.view();
        self.0.shown.set((mono_us(), view.stage));
        let watcher = self.0.watcher.borrow().clone();
        watcher.emit(view);
        let redraw = self.0.redraw.borrow().clone();
        redraw.emit(());
    }

    fn show_now_and_then(&self) {
        let (now, (at, stage)) = (mono_us(), self.0.shown.get());
        let (is_quiet, is_stage) = self.with(|it| (it.is_quiet(now), it.stage));
        if (is_quiet && now >= at + SHOWN_MS * 1_000) || stage != is_stage {
            self.show();
        }
    }

    /// Performs the steps of a run one after the other.
    async fn perform(&self, mut run: ComparisonRun) {
        let mut connections = None;
        loop {
            let step = self.with(|comparison| run.next_step(comparison, mono_us(), random::client_id()));
            self.show_now_and_then();
            match step {
                RunStep::Wait(ms) => sleep(ms).await,
                RunStep::Request(request) => {
                    let response = request::fetch(&request).await;
                    let taken = self.with(|it| run.handle_response(it, response, mono_us()));
                    if let Err(fault) = taken {
                        self.fail(fault);
                    }
                }
                RunStep::OpenConnections(cursor) => {
                    connections = Some(ComparedConnections::open(self.clone(), cursor));
                }
                RunStep::CloseConnections => {
                    if let Some(connections) = connections.take() {
                        connections.close();
                    }
                }
                RunStep::Finish => return,
            }
        }
    }
}
