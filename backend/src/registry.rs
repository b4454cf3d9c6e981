//! The actor at the middle: one task that owns [`hub::Hub`] and the store, and
//! carries out what the hub says. [`Registry`] is the handle to it.
//!
//! In: a bounded channel; connections wait for it, which is the back-pressure
//! on sockets. Out: one batch to each worker at the end of a turn. An event is
//! encoded once for each dialect, here.

mod split;
use crate::clock::now_ms;
use crate::connection::frame::{self, event};
use crate::fanout::{Batch, Delivery, Table};
use crate::limits::{INBOX_MAX, TURN_BYTES_MAX, TURN_MAX};
use crate::store::Store;
use futures_util::{
    future::{AbortHandle, BoxFuture, FutureExt, OptionFuture, abortable, pending},
    stream::{FuturesUnordered, StreamExt},
};
use hub::{
    Audience, Hub, Input, Output, RequestId, SessionId, Settings,
    change::{Change, Outcome},
    input::Unstored,
    output::Answer,
    query::QueryResult,
    session::ReadId,
};
use shared::{Address, Command, ErrorCode, Event, RoomId, command::Post};
use split::{json_bytes, parts};
use std::{collections::HashMap, time::Duration};
use tokio::sync::{mpsc, oneshot};

/// What comes to the actor.
#[derive(Debug)]
enum Letter {
    Input(Input),
    Ask(Question, oneshot::Sender<Answer>),
    Restart,
}

impl Letter {
    /// Bytes that everyone is about to be sent for it.
    fn weight(&self) -> usize {
        match self {
            Letter::Input(
                Input::TextReceived { text, .. }
                | Input::CommandReceived(_, Command::Post(Post { text, .. }))
                | Input::CommandRequested { command: Command::Post(Post { text, .. }), .. },
            ) => json_bytes(text),
            Letter::Input(Input::UnstoredReceived(_, Unstored::Binary(bytes))) => bytes.len(),
            _ => 0,
        }
    }
}

/// A question over HTTP, before it has its ticket.
#[derive(Debug)]
pub enum Question {
    /// Who is this device?
    Me(hub::house::members::DeviceKey),
    /// May this new device have a member of this name?
    Join(String, hub::house::members::DeviceKey),
    /// May its member have this name?
    Rename(String, hub::house::members::DeviceKey),
    /// Its member leaves.
    SignOut(hub::house::members::DeviceKey),
}

/// The handle: cheap to clone, one per worker and more.
#[derive(Clone, Debug)]
pub struct Registry(mpsc::Sender<Letter>);

/// The registry has ended, and the server with it.
#[derive(Debug, thiserror::Error)]
#[error("the registry stopped")]
pub struct Ended;

impl Registry {
    /// Tells the hub, after waiting for a place in its inbox.
    ///
    /// # Errors
    /// The registry has ended.
    pub async fn tell(&self, input: Input) -> Result<(), Ended> {
        self.0.send(Letter::Input(input)).await.map_err(|_| Ended)
    }

    /// Asks the hub and waits for its answer.
    ///
    /// # Errors
    /// The registry has ended.
    pub async fn ask(&self, question: Question) -> Result<Answer, Ended> {
        let (answer, answered) = oneshot::channel();
        self.0.send(Letter::Ask(question, answer)).await.map_err(|_| Ended)?;
        answered.await.map_err(|_| Ended)
    }

    /// Has every connection closed with 1012.
    pub async fn restart(&self) {
        // If it has ended there is nobody left to be told.
        let _ = self.0.send(Letter::Restart).await;
    }

    /// Whether it still runs.
    pub fn is_alive(&self) -> bool {
        !self.0.is_closed()
    }
}

/// The actor.
pub struct Actor {
    inbox: mpsc::Receiver<Letter>,
    hub: Hub,
    store: Box<dyn Store>,
    workers: Vec<mpsc::Sender<Batch>>,
    turn: Turn,
    committing: Option<BoxFuture<'static, Vec<Outcome>>>,
    /// Bound by what the hub asks for: it counts what each session may, and forgets it with the session.
    reading: FuturesUnordered<BoxFuture<'static, Read>>,
    aborts: HashMap<ReadId, AbortHandle>,
    questions: HashMap<RequestId, oneshot::Sender<Answer>>,
    tickets: u64,
}

/// An answer of the store; none if nobody waits for it any more.
type Read = (ReadId, Option<Result<QueryResult, ErrorCode>>);

/// What one turn gathers.
#[derive(Debug, Default)]
struct Turn {
    by_worker: Vec<Vec<Delivery>>,
    changes: Vec<Change>,
}

/// Why the actor ended: never in order.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// A worker's fan-out task is gone.
    #[error("the fan-out task of worker {0} stopped unexpectedly")]
    Fanout(usize),
}

impl Actor {
    /// The actor over a store, and its handle. `workers` are the channels to the fan-out tasks.
    pub fn new(
        settings: Settings,
        store: Box<dyn Store>,
        workers: Vec<mpsc::Sender<Batch>>,
    ) -> (Self, Registry) {
        let (letters, inbox) = mpsc::channel(INBOX_MAX);
        let hub = Hub::new(settings, store.epoch(), store.house());
        let turn = Turn { by_worker: vec![Vec::new(); workers.len()], ..Turn::default() };
        let actor = Actor {
            inbox,
            hub,
            store,
            workers,
            turn,
            committing: None,
            reading: FuturesUnordered::new(),
            aborts: HashMap::new(),
            questions: HashMap::new(),
            tickets: 0,
        };
        (actor, Registry(letters))
    }

    /// Runs until every handle is gone, or a part without which nothing works is.
    ///
    /// # Errors
    /// The [`Fault`] that ended it.
    pub async fn run(mut self) -> Result<(), Fault> {
        let mut letters = Vec::with_capacity(TURN_MAX);
        loop {
            let wait = self.hub.next_wake().map(|at| Duration::from_millis(at.saturating_sub(now_ms())));
            let wake = OptionFuture::from(wait.map(tokio::time::sleep));
            tokio::select! {
                biased;
                outcomes = committed(&mut self.committing) => {
                    self.committing = None;
                    // Nothing is appended in between: what it brought would overtake the rest.
                    let mut parts = parts(outcomes).into_iter().peekable();
                    while let Some(part) = parts.next() {
                        self.handle(Input::AppendsCommitted(part));
                        if parts.peek().is_some() {
                            self.send().await?;
                        }
                    }
                }
                Some((id, found)) = self.reading.next() => self.found(id, found),
                count = self.inbox.recv_many(&mut letters, TURN_MAX), if self.hub.is_ready() => {
                    if count == 0 {
                        return Ok(());
                    }
                    let mut bytes = 0;
                    for letter in letters.drain(..) {
                        bytes += letter.weight();
                        self.open(letter);
                        if bytes >= TURN_BYTES_MAX {
                            bytes = 0;
                            self.settle();
                            self.send().await?;
                        }
                    }
                }
                Some(()) = wake => self.handle(Input::Tick),
            }
            self.settle();
            self.send().await?;
        }
    }

    fn open(&mut self, letter: Letter) {
        match letter {
            Letter::Input(input) => self.handle(input),
            Letter::Ask(question, answer) => {
                self.tickets += 1;
                let ticket = RequestId(self.tickets);
                self.questions.insert(ticket, answer);
                self.handle(match question {
                    Question::Me(device) => Input::WhoAmI(ticket, device),
                    Question::Join(name, device) => Input::Join { ticket, name, device },
                    Question::Rename(name, device) => Input::Rename { ticket, name, device },
                    Question::SignOut(device) => Input::SignOut(ticket, device),
                });
            }
            Letter::Restart => self.turn.everywhere(&Delivery::Restart),
        }
    }

    fn found(&mut self, id: ReadId, found: Option<Result<QueryResult, ErrorCode>>) {
        self.aborts.remove(&id);
        if let Some(found) = found {
            self.handle(Input::ReadFinished(id, found));
        }
    }

    fn handle(&mut self, input: Input) {
        let mut outputs = Vec::new();
        self.hub.handle(input, now_ms(), &mut outputs);
        outputs.into_iter().for_each(|output| self.perform(output));
    }

    fn perform(&mut self, output: Output) {
        match output {
            Output::Append(change) => self.turn.changes.push(change),
            Output::Read(id, query) => {
                let (read, abort) = abortable(self.store.read(query));
                self.aborts.insert(id, abort);
                self.reading.push(read.map(move |found| (id, found.ok())).boxed());
            }
            Output::CancelRead(id) => {
                if let Some(abort) = self.aborts.remove(&id) {
                    abort.abort();
                }
            }
            Output::Attach(session, addresses) => {
                self.turn.at(session, Delivery::Attach(session, addresses.into()));
            }
            Output::Subscribe(session, to) => self.turn.at(session, Delivery::Subscribe(session, to)),
            Output::Unsubscribe(session, to) => self.turn.at(session, Delivery::Unsubscribe(session, to)),
            Output::SendReplay(session, what) => {
                self.turn.at(session, Delivery::First(session, event(&what)))
            }
            Output::NotifyDrained(session) => self.turn.at(session, Delivery::Drain(session)),
            Output::Release(session) => self.turn.at(session, Delivery::Release(session)),
            Output::Send(session, what) => self.turn.at(session, Delivery::One(session, event(&what))),
            Output::Publish(Audience::Session(session), what) => {
                self.turn.at(session, Delivery::WordTo(session, event(&what)));
            }
            Output::Publish(Audience::Room(room), what) if what.position().is_none() => {
                self.turn.everywhere(&Delivery::Word { address: Address::Room(room), v1: event(&what) });
            }
            Output::Publish(Audience::Room(room), what) => {
                let plain = match &what {
                    Event::Posted(posted) if room == RoomId::LOBBY => {
                        Some(frame::text(posted.text.as_bytes()))
                    }
                    _ => None,
                };
                self.turn.everywhere(&Delivery::To { address: Address::Room(room), v1: event(&what), plain });
            }
            Output::Publish(Audience::Member(member), what) => {
                let address = Address::Member(member);
                self.turn.everywhere(&Delivery::To { address, v1: event(&what), plain: None });
            }
            Output::PublishUnstored(Unstored::EmptyText) => {
                self.turn.everywhere(&Delivery::Pass(frame::text(b"")))
            }
            Output::PublishUnstored(Unstored::Binary(bytes)) => {
                self.turn.everywhere(&Delivery::Pass(frame::binary(&bytes)))
            }
            Output::Close(session, code) => self.turn.at(session, Delivery::Close(session, code)),
            Output::Pause(session, wait_ms) => {
                self.turn.at(session, Delivery::Pause(session, now_ms().saturating_add(wait_ms)));
            }
            Output::Answer(ticket, answer) => {
                if let Some(question) = self.questions.remove(&ticket) {
                    // Whoever asked may have hung up.
                    let _ = question.send(answer);
                }
            }
        }
    }

    /// Lets the store work: one append at a time, in which all that gathered meanwhile goes
    /// together, and any number of reads. What is answered at once is handled at once.
    fn settle(&mut self) {
        loop {
            while let Some(Some((id, found))) = self.reading.next().now_or_never() {
                self.found(id, found);
            }
            if self.turn.changes.is_empty() || self.committing.is_some() {
                return;
            }
            let changes = std::mem::take(&mut self.turn.changes);
            let mut append = self.store.append(changes, now_ms());
            match (&mut append).now_or_never() {
                Some(outcomes) => self.handle(Input::AppendsCommitted(outcomes)),
                None => self.committing = Some(append),
            }
        }
    }

    async fn send(&mut self) -> Result<(), Fault> {
        let (through, present) = (self.hub.through(), self.hub.presence_revision());
        for (worker, deliveries) in self.turn.take().into_iter().enumerate() {
            if !deliveries.is_empty() {
                let batch = Batch { through, present, deliveries };
                self.workers[worker].send(batch).await.map_err(|_| Fault::Fanout(worker))?;
            }
        }
        Ok(())
    }
}

/// The outcomes of the append under way; never, if there is none.
async fn committed(append: &mut Option<BoxFuture<'static, Vec<Outcome>>>) -> Vec<Outcome> {
    match append {
        Some(append) => append.await,
        None => pending().await,
    }
}

impl Turn {
    fn at(&mut self, session: SessionId, delivery: Delivery) {
        if let Some(deliveries) = self.by_worker.get_mut(Table::worker_of(session)) {
            deliveries.push(delivery);
        }
    }

    fn everywhere(&mut self, delivery: &Delivery) {
        self.by_worker.iter_mut().for_each(|deliveries| deliveries.push(delivery.clone()));
    }

    fn take(&mut self) -> Vec<Vec<Delivery>> {
        self.by_worker.iter_mut().map(std::mem::take).collect()
    }
}
