//! The actor at the middle: one task that owns [`hub::Hub`] and the store, and
//! carries out what the hub says. [`Registry`] is the handle to it.
//!
//! In: a bounded channel; connections wait for it, which is the back-pressure
//! on sockets. Out: one batch to each worker at the end of a turn. An event is
//! encoded once for each dialect, here.

mod split;
use crate::clock::now_ms;
use crate::connection::frame::{self, event};
use crate::fanout::{Connections, Delivery, DeliveryBatch};
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
use split::{json_bytes, split};
use std::{collections::HashMap, time::Duration};
use tokio::sync::{mpsc, oneshot};

/// What comes to the actor.
#[derive(Debug)]
enum Envelope {
    Input(Input),
    Ask(Question, oneshot::Sender<Answer>),
    Restart,
}

impl Envelope {
    /// Bytes that everyone is about to be sent for it.
    fn published_bytes(&self) -> usize {
        match self {
            Envelope::Input(
                Input::TextReceived { text, .. }
                | Input::CommandReceived(_, Command::Post(Post { text, .. }))
                | Input::CommandRequested { command: Command::Post(Post { text, .. }), .. },
            ) => json_bytes(text),
            Envelope::Input(Input::UnstoredReceived(_, Unstored::Binary(bytes))) => bytes.len(),
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
pub struct Registry(mpsc::Sender<Envelope>);

/// The registry has ended, and the server with it.
#[derive(Debug, thiserror::Error)]
#[error("the registry stopped")]
pub struct RegistryEnded;

impl Registry {
    /// Tells the hub, after waiting for a place in its inbox.
    ///
    /// # Errors
    /// The registry has ended.
    pub async fn tell(&self, input: Input) -> Result<(), RegistryEnded> {
        self.0.send(Envelope::Input(input)).await.map_err(|_| RegistryEnded)
    }

    /// Asks the hub and waits for its answer.
    ///
    /// # Errors
    /// The registry has ended.
    pub async fn ask(&self, question: Question) -> Result<Answer, RegistryEnded> {
        let (answer, receiver) = oneshot::channel();
        self.0.send(Envelope::Ask(question, answer)).await.map_err(|_| RegistryEnded)?;
        receiver.await.map_err(|_| RegistryEnded)
    }

    /// Has every connection closed with 1012.
    pub async fn restart(&self) {
        // If it has ended there is nobody left to be told.
        let _ = self.0.send(Envelope::Restart).await;
    }

    /// Whether it still runs.
    pub fn is_alive(&self) -> bool {
        !self.0.is_closed()
    }
}

/// The actor.
pub struct Actor {
    inbox: mpsc::Receiver<Envelope>,
    hub: Hub,
    store: Box<dyn Store>,
    workers: Vec<mpsc::Sender<DeliveryBatch>>,
    turn: Turn,
    committing: Option<BoxFuture<'static, Vec<Outcome>>>,
    /// Bound by what the hub asks for: it counts what each session may, and forgets it with the session.
    reading: FuturesUnordered<BoxFuture<'static, FinishedRead>>,
    aborts: HashMap<ReadId, AbortHandle>,
    questions: HashMap<RequestId, oneshot::Sender<Answer>>,
    last_request: u64,
}

/// An answer of the store; none if nobody waits for it any more.
type FinishedRead = (ReadId, Option<Result<QueryResult, ErrorCode>>);

/// What one turn gathers.
#[derive(Debug, Default)]
struct Turn {
    by_worker: Vec<Vec<Delivery>>,
    changes: Vec<Change>,
}

/// Why the actor ended: never in order.
#[derive(Debug, thiserror::Error)]
pub enum RegistryError {
    /// A worker's fan-out task is gone.
    #[error("the fan-out task of worker {0} stopped unexpectedly")]
    Fanout(usize),
}

impl Actor {
    /// The actor over a store, and its handle. `workers` are the channels to the fan-out tasks.
    pub fn new(
        settings: Settings,
        store: Box<dyn Store>,
        workers: Vec<mpsc::Sender<DeliveryBatch>>,
    ) -> (Self, Registry) {
        let (envelopes, inbox) = mpsc::channel(INBOX_MAX);
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
            last_request: 0,
        };
        (actor, Registry(envelopes))
    }

    /// Runs until every handle is gone, or a part without which nothing works is.
    ///
    /// # Errors
    /// The [`RegistryError`] that ended it.
    pub async fn run(mut self) -> Result<(), RegistryError> {
        let mut envelopes = Vec::with_capacity(TURN_MAX);
        loop {
            let wait = self.hub.next_wake().map(|at| Duration::from_millis(at.saturating_sub(now_ms())));
            let wake = OptionFuture::from(wait.map(tokio::time::sleep));
            tokio::select! {
                biased;
                outcomes = next_outcomes(&mut self.committing) => {
                    self.committing = None;
                    // Nothing is appended in between: what it brought would overtake the rest.
                    let mut parts = split(outcomes).into_iter().peekable();
                    while let Some(part) = parts.next() {
                        self.handle(Input::AppendsCommitted(part));
                        if parts.peek().is_some() {
                            self.send_batches().await?;
                        }
                    }
                }
                Some((id, found)) = self.reading.next() => self.finish_read(id, found),
                count = self.inbox.recv_many(&mut envelopes, TURN_MAX), if self.hub.is_ready() => {
                    if count == 0 {
                        return Ok(());
                    }
                    let mut bytes = 0;
                    for envelope in envelopes.drain(..) {
                        bytes += envelope.published_bytes();
                        self.handle_envelope(envelope);
                        if bytes >= TURN_BYTES_MAX {
                            bytes = 0;
                            self.drive_store();
                            self.send_batches().await?;
                        }
                    }
                }
                Some(()) = wake => self.handle(Input::Tick),
            }
            self.drive_store();
            self.send_batches().await?;
        }
    }

    fn handle_envelope(&mut self, envelope: Envelope) {
        match envelope {
            Envelope::Input(input) => self.handle(input),
            Envelope::Ask(question, answer) => {
                self.last_request += 1;
                let ticket = RequestId(self.last_request);
                self.questions.insert(ticket, answer);
                self.handle(match question {
                    Question::Me(device) => Input::WhoAmI(ticket, device),
                    Question::Join(name, device) => Input::Join { ticket, name, device },
                    Question::Rename(name, device) => Input::Rename { ticket, name, device },
                    Question::SignOut(device) => Input::SignOut(ticket, device),
                });
            }
            Envelope::Restart => self.turn.add_to_all(&Delivery::Restart),
        }
    }

    fn finish_read(&mut self, id: ReadId, found: Option<Result<QueryResult, ErrorCode>>) {
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
                self.turn.add(session, Delivery::Attach(session, addresses.into()));
            }
            Output::Subscribe(session, to) => self.turn.add(session, Delivery::Subscribe(session, to)),
            Output::Unsubscribe(session, to) => self.turn.add(session, Delivery::Unsubscribe(session, to)),
            Output::SendReplay(session, what) => {
                self.turn.add(session, Delivery::SendReplay(session, event(&what)))
            }
            Output::NotifyDrained(session) => self.turn.add(session, Delivery::NotifyDrained(session)),
            Output::Release(session) => self.turn.add(session, Delivery::Release(session)),
            Output::Send(session, what) => self.turn.add(session, Delivery::Send(session, event(&what))),
            Output::Publish(Audience::Session(session), what) => {
                self.turn.add(session, Delivery::SendEphemeral(session, event(&what)));
            }
            Output::Publish(Audience::Room(room), what) if what.position().is_none() => {
                self.turn.add_to_all(&Delivery::PublishEphemeral {
                    address: Address::Room(room),
                    v1: event(&what),
                });
            }
            Output::Publish(Audience::Room(room), what) => {
                let text = match &what {
                    Event::Posted(posted) if room == RoomId::LOBBY => {
                        Some(frame::text(posted.text.as_bytes()))
                    }
                    _ => None,
                };
                self.turn.add_to_all(&Delivery::Publish {
                    address: Address::Room(room),
                    v1: event(&what),
                    text,
                });
            }
            Output::Publish(Audience::Member(member), what) => {
                let address = Address::Member(member);
                self.turn.add_to_all(&Delivery::Publish { address, v1: event(&what), text: None });
            }
            Output::PublishUnstored(Unstored::EmptyText) => {
                self.turn.add_to_all(&Delivery::PublishUnstored(frame::text(b"")))
            }
            Output::PublishUnstored(Unstored::Binary(bytes)) => {
                self.turn.add_to_all(&Delivery::PublishUnstored(frame::binary(&bytes)))
            }
            Output::Close(session, code) => self.turn.add(session, Delivery::Close(session, code)),
            Output::Pause(session, wait_ms) => {
                self.turn.add(session, Delivery::Pause(session, now_ms().saturating_add(wait_ms)));
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
    /// together, and any number of reads. What is receiver at once is handled at once.
    fn drive_store(&mut self) {
        loop {
            while let Some(Some((id, found))) = self.reading.next().now_or_never() {
                self.finish_read(id, found);
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

    async fn send_batches(&mut self) -> Result<(), RegistryError> {
        let (through, present) = (self.hub.through(), self.hub.presence_revision());
        for (worker, deliveries) in self.turn.take().into_iter().enumerate() {
            if !deliveries.is_empty() {
                let batch = DeliveryBatch { through, present, deliveries };
                self.workers[worker].send(batch).await.map_err(|_| RegistryError::Fanout(worker))?;
            }
        }
        Ok(())
    }
}

/// The outcomes of the append under way; never, if there is none.
async fn next_outcomes(append: &mut Option<BoxFuture<'static, Vec<Outcome>>>) -> Vec<Outcome> {
    match append {
        Some(append) => append.await,
        None => pending().await,
    }
}

impl Turn {
    fn add(&mut self, session: SessionId, delivery: Delivery) {
        if let Some(deliveries) = self.by_worker.get_mut(Connections::worker_of(session)) {
            deliveries.push(delivery);
        }
    }

    fn add_to_all(&mut self, delivery: &Delivery) {
        self.by_worker.iter_mut().for_each(|deliveries| deliveries.push(delivery.clone()));
    }

    fn take(&mut self) -> Vec<Vec<Delivery>> {
        self.by_worker.iter_mut().map(std::mem::take).collect()
    }
}
