//! The task of the registry. At the end of a turn one batch goes to each worker. The task encodes a published event
//! once for each dialect; the workers encode what only one session gets.

use super::charges::Charges;
use super::split::{self, split};
use super::{Envelope, IdentityRequest, Registry};
use crate::clock::{mono_ms, now};
use crate::connection::address_limits::ActCharge;
use crate::connection::frame::{self, published_event};
use crate::connection::worker_inputs::WaitingInput;
use crate::fanout::{BatchSender, Connections, Delivery, DeliveryBatch};
use crate::limits::{INBOX_MAX, READS_TURN_BYTES_MAX, READS_TURN_MAX, TURN_BYTES_MAX, TURN_MAX};
use crate::metrics::Histogram;
use crate::store::Store;
use futures_util::{
    future::{AbortHandle, BoxFuture, FutureExt, OptionFuture, abortable, pending},
    stream::{BoxStream, FuturesUnordered, StreamExt},
};
use hub::{
    Audience, Hub, Input, Output, RequestId, SessionId, Settings,
    house::{
        change::{Change, Outcome},
        commit::Commit,
    },
    input::Unstored,
    output::Answer,
    query::QueryResult,
    session::ReadId,
};
use shared::{Address, ErrorCode, Event, RoomId};
use std::{
    collections::HashMap,
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::{
    sync::{mpsc, oneshot},
    task::unconstrained,
};

/// The task behind the handles.
pub struct Actor {
    inbox: mpsc::Receiver<Envelope>,
    hub: Hub,
    /// Dropped before the store, whose writer may wait for the reader of the tail.
    tail: BoxStream<'static, Vec<Commit>>,
    store: Box<dyn Store>,
    workers: Vec<BatchSender>,
    turn: Turn,
    charges: Charges,
    committing: Option<BoxFuture<'static, Vec<Outcome>>>,
    /// Read markers that the store saves. The hub gives one batch at a time.
    moving: Option<BoxFuture<'static, Result<(), ErrorCode>>>,
    /// Reason to stop, found by the hub.
    broken_tail: Option<RegistryError>,
    /// The hub bounds it: it counts the reads of each session, and cancels them with the session.
    reading: FuturesUnordered<BoxFuture<'static, FinishedRead>>,
    aborts: HashMap<ReadId, AbortHandle>,
    /// Callers that wait for the answer to an HTTP request.
    waiting: HashMap<RequestId, oneshot::Sender<Answer>>,
    last_request: u64,
    turn_durations: Option<Arc<Histogram>>,
    /// Time of the turn's first input.
    turn_began: Option<Instant>,
    /// Caller that waits until each worker has the order to close its connections.
    closing_all: Option<oneshot::Sender<()>>,
}

/// The result of a read; none if the read was cancelled.
type FinishedRead = (ReadId, Option<Result<QueryResult, ErrorCode>>);

/// Deliveries and changes that one turn gathers.
#[derive(Debug, Default)]
struct Turn {
    by_worker: Vec<Vec<Delivery>>,
    changes: Vec<Change>,
}

/// Reason why the registry ended before its handles were gone.
#[derive(Debug, thiserror::Error)]
pub enum RegistryError {
    /// The fan-out task of this worker has ended.
    #[error("the fan-out task of worker {0} stopped unexpectedly")]
    Fanout(usize),
    /// The store gave no tail any more.
    #[error("the database gives no more events")]
    TailEnded,
    /// The store gave a commit that does not follow the last one.
    #[error(
        "the database went from event {head} to event {found}, which does not follow; the next start reads it anew"
    )]
    BrokenTail {
        /// Position up to which the hub has applied the tail.
        head: u64,
        /// Last position of the commit that does not follow.
        found: u64,
    },
}

impl Actor {
    /// The actor over a store, and its handle. `workers` are the channels to the fan-out tasks, by the
    /// worker's number.
    ///
    /// # Errors
    ///
    /// The code of the store if it cannot be read.
    pub fn new(
        settings: Settings,
        mut store: Box<dyn Store>,
        workers: Vec<BatchSender>,
    ) -> Result<(Self, Registry), ErrorCode> {
        let (envelopes, inbox) = mpsc::channel(INBOX_MAX);
        let house = store.snapshot()?;
        let tail = store.tail(house.head());
        let charges = Charges::new(house.head());
        let hub = Hub::new(settings, store.epoch(), house);
        let turn = Turn { by_worker: vec![Vec::new(); workers.len()], ..Turn::default() };
        let actor = Actor {
            inbox,
            hub,
            store,
            workers,
            turn,
            charges,
            committing: None,
            moving: None,
            tail,
            broken_tail: None,
            reading: FuturesUnordered::new(),
            aborts: HashMap::new(),
            waiting: HashMap::new(),
            last_request: 0,
            turn_durations: None,
            turn_began: None,
            closing_all: None,
        };
        Ok((actor, Registry(envelopes)))
    }

    /// Measures the duration of each turn.
    #[must_use]
    pub fn with_durations(mut self, turns: Arc<Histogram>) -> Self {
        self.turn_durations = Some(turns);
        self
    }

    /// Runs until every handle is gone.
    ///
    /// # Errors
    ///
    /// The [`RegistryError`] that ended the registry.
    pub async fn run(mut self) -> Result<(), RegistryError> {
        loop {
            let wait = self.hub.next_wake().map(|at| Duration::from_millis(at.saturating_sub(mono_ms())));
            let wake = OptionFuture::from(wait.map(tokio::time::sleep));
            tokio::select! {
                biased;
                outcomes = result_of(&mut self.committing) => {
                    self.committing = None;
                    self.finish_appends(outcomes);
                }
                moved = result_of(&mut self.moving) => {
                    self.moving = None;
                    self.handle(Input::MarkersMoved(moved));
                }
                commits = self.tail.next() => self.apply(commits.ok_or(RegistryError::TailEnded)?).await?,
                Some((id, found)) = self.reading.next() => {
                    self.finish_read(id, found);
                    // The inbox has its turn too, however many reads have finished.
                    if self.hub.is_ready() && let Ok(envelope) = self.inbox.try_recv() {
                        self.handle_envelopes(envelope).await?;
                    }
                }
                envelope = self.inbox.recv(), if self.hub.is_ready() => match envelope {
                    Some(envelope) => self.handle_envelopes(envelope).await?,
                    None => return Ok(()),
                },
                Some(()) = wake => self.handle(Input::Tick),
            }
            self.drive_store().await?;
            self.send_batches().await?;
            if let (Some(durations), Some(began)) = (&self.turn_durations, self.turn_began.take()) {
                durations.observe(began.elapsed());
            }
            if let Some(sent) = self.closing_all.take() {
                // The caller may have waited long enough.
                let _ = sent.send(());
            }
        }
    }

    /// Gives commits of the tail to the hub. After each part its frames are sent, so that no turn publishes
    /// more than a connection's queue holds.
    async fn apply(&mut self, commits: Vec<Commit>) -> Result<(), RegistryError> {
        // The store makes outcomes known before their commits. Handle them first: otherwise an unstored message
        // would come after the posts that were sent after it. The poll must not fail for lack of budget.
        if let Some(append) = &mut self.committing
            && let Some(outcomes) = unconstrained(append).now_or_never()
        {
            self.committing = None;
            self.finish_appends(outcomes);
        }
        let mut parts = split(commits).into_iter().peekable();
        while let Some(part) = parts.next() {
            part.into_iter().for_each(|commit| self.handle(Input::CommitRead(commit)));
            if let Some(error) = self.broken_tail.take() {
                return Err(error);
            }
            if parts.peek().is_some() {
                self.send_batches().await?;
            }
        }
        Ok(())
    }

    /// Handles the envelopes of one turn: this one, and those that wait.
    async fn handle_envelopes(&mut self, first: Envelope) -> Result<(), RegistryError> {
        let (mut count, mut bytes, mut next) = (0, 0, Some(first));
        while let Some(envelope) = next {
            match envelope {
                Envelope::Inputs(inputs) => {
                    count += inputs.len();
                    for WaitingInput { input, charge, .. } in inputs {
                        self.handle_input(input, charge, &mut bytes).await?;
                    }
                }
                Envelope::Input(input, charge) => {
                    count += 1;
                    self.handle_input(input, charge, &mut bytes).await?;
                }
                Envelope::Ask(asked, charge, answer) => {
                    count += 1;
                    self.ask(asked, charge, answer);
                }
                Envelope::CloseAll(sent) => {
                    self.turn.add_to_all(&Delivery::CloseAll);
                    self.closing_all = Some(sent);
                }
            }
            next = if count < TURN_MAX { self.inbox.try_recv().ok() } else { None };
        }
        Ok(())
    }

    /// Handles an input, and ends the turn early if it publishes much.
    async fn handle_input(
        &mut self,
        input: Input,
        charge: Option<ActCharge>,
        bytes: &mut usize,
    ) -> Result<(), RegistryError> {
        *bytes += split::input_bytes(&input);
        self.handle_charged(input, charge);
        if *bytes >= TURN_BYTES_MAX {
            *bytes = 0;
            self.drive_store().await?;
            self.send_batches().await?;
        }
        Ok(())
    }

    fn ask(&mut self, asked: IdentityRequest, charge: Option<ActCharge>, answer: oneshot::Sender<Answer>) {
        self.last_request += 1;
        let request = RequestId(self.last_request);
        self.waiting.insert(request, answer);
        let input = match asked {
            IdentityRequest::Me(device) => Input::WhoAmI(request, device),
            IdentityRequest::Join(name, device) => Input::Join { request, name, device },
            IdentityRequest::Rename(name, device) => Input::Rename { request, name, device },
            IdentityRequest::SignOut(device) => Input::SignOut(request, device),
        };
        self.handle_charged(input, charge);
    }

    fn finish_read(&mut self, id: ReadId, found: Option<Result<QueryResult, ErrorCode>>) {
        self.aborts.remove(&id);
        if let Some(found) = found {
            self.handle(Input::ReadFinished(id, found));
        }
    }

    fn finish_appends(&mut self, outcomes: Vec<Outcome>) {
        self.charges.settle(&outcomes);
        self.handle(Input::AppendsFinished(outcomes));
    }

    fn handle_charged(&mut self, input: Input, charge: Option<ActCharge>) {
        self.charges.begin_input(charge);
        self.handle(input);
        self.charges.end_input();
    }

    fn handle(&mut self, input: Input) {
        self.turn_began.get_or_insert_with(Instant::now);
        let mut outputs = Vec::new();
        self.hub.handle(input, now(), &mut outputs);
        outputs.into_iter().for_each(|output| self.perform(output));
    }

    fn perform(&mut self, output: Output) {
        match output {
            Output::Append(change) => {
                self.turn.changes.push(change);
                self.charges.append();
            }
            Output::Read(id, query) => {
                let (read, abort) = abortable(self.store.read(query));
                self.aborts.insert(id, abort);
                self.reading.push(read.map(move |found| (id, found.ok())).boxed());
            }
            Output::MoveMarkers(moves) => self.moving = Some(self.store.move_markers(moves)),
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
            Output::SendReplay(session, what, told) => {
                self.turn.add(session, Delivery::SendReplay(session, what, told));
            }
            Output::NotifyDrained(session) => self.turn.add(session, Delivery::NotifyDrained(session)),
            Output::Release(session) => self.turn.add(session, Delivery::Release(session)),
            Output::Send(session, what) => self.turn.add(session, Delivery::Send(session, Box::new(what))),
            Output::Publish(Audience::Session(session), what, told) => {
                self.turn.add(session, Delivery::SendEphemeral(session, published_event(&what, told)));
            }
            Output::Publish(Audience::Room(room), what, told) if what.position().is_none() => {
                self.turn.add_to_all(&Delivery::PublishEphemeral {
                    address: Address::Room(room),
                    v1: published_event(&what, told),
                });
            }
            Output::Publish(Audience::Room(room), what, told) => {
                let text = match &what {
                    Event::Posted(posted) if room == RoomId::LOBBY => {
                        Some(frame::text(posted.text.as_bytes()))
                    }
                    _ => None,
                };
                self.turn.add_to_all(&Delivery::Publish {
                    address: Address::Room(room),
                    v1: published_event(&what, told),
                    text,
                });
            }
            Output::Publish(Audience::Member(member), what, told) => {
                let (address, v1) = (Address::Member(member), published_event(&what, told));
                self.turn.add_to_all(&Delivery::Publish { address, v1, text: None });
            }
            Output::PublishUnstored(Unstored::EmptyText) => {
                self.turn.add_to_all(&Delivery::PublishUnstored(frame::text(b"")))
            }
            Output::PublishUnstored(Unstored::Binary(bytes)) => {
                self.turn.add_to_all(&Delivery::PublishUnstored(frame::binary(&bytes)))
            }
            Output::Close(session, code) => self.turn.add(session, Delivery::Close(session, code)),
            Output::Pause(session, wait_ms) => {
                self.turn.add(session, Delivery::Pause(session, mono_ms().saturating_add(wait_ms)));
            }
            Output::StopAtBrokenTail { head, found } => {
                self.broken_tail = Some(RegistryError::BrokenTail { head, found });
            }
            Output::Answer(request, answer) => {
                if let Some(caller) = self.waiting.remove(&request) {
                    // The client may have closed its connection.
                    let _ = caller.send(answer);
                }
            }
        }
    }

    /// Starts an append of the gathered changes unless one is under way, and handles what the store gives at
    /// once: results of reads, up to a bound, outcomes, and commits of the tail.
    async fn drive_store(&mut self) -> Result<(), RegistryError> {
        let (mut reads, mut bytes) = (0, 0);
        loop {
            while reads < READS_TURN_MAX
                && bytes < READS_TURN_BYTES_MAX
                && let Some(Some((id, found))) = self.reading.next().now_or_never()
            {
                reads += 1;
                bytes += found.as_ref().map_or(0, split::read_bytes);
                self.finish_read(id, found);
            }
            while let Some(commits) = self.tail.next().now_or_never() {
                self.apply(commits.ok_or(RegistryError::TailEnded)?).await?;
            }
            if self.turn.changes.is_empty() || self.committing.is_some() {
                return Ok(());
            }
            let changes = std::mem::take(&mut self.turn.changes);
            let mut append = self.store.append(changes, self.hub.event_time(now()));
            match (&mut append).now_or_never() {
                Some(outcomes) => self.finish_appends(outcomes),
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

/// The result of a write under way. Never completes if there is none.
async fn result_of<T>(write: &mut Option<BoxFuture<'static, T>>) -> T {
    match write {
        Some(write) => write.await,
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connection::worker_inputs::WorkerInputs;
    use crate::fanout::batch_channel;
    use crate::store::memory::MemoryStore;
    use hub::Dialect;
    use hub::house::{members::DeviceKey, names::Name};
    use shared::{ClientId, Command, Epoch, command::Hello};

    #[tokio::test]
    async fn a_turn_takes_the_inputs_that_wait() {
        let session = SessionId(1);
        let mut last = 0_u128;
        let mut text = || {
            last += 1;
            Input::TextReceived { session, client_id: ClientId(last.to_be_bytes()), text: "tea".to_owned() }
        };
        for (groups, turns) in [
            (vec![1, 1, 1], vec![3]),
            (vec![TURN_MAX - 1, 1, 1], vec![TURN_MAX, 1]),
            (vec![TURN_MAX, 1, 1], vec![TURN_MAX, 2]),
        ] {
            let (sender, mut batches) = batch_channel();
            let store = Box::new(MemoryStore::new(Epoch(1)));
            let (actor, registry) = Actor::new(Settings::default(), store, vec![sender]).unwrap();
            let opened = async {
                registry.tell(Input::Opened { session, dialect: Dialect::Text, device: None }).await.unwrap();
                assert!(batches.next_round(|_| ()).await);
            };
            let mut running = std::pin::pin!(actor.run());
            tokio::select! {
                ended = &mut running => panic!("{ended:?}"),
                () = opened => {}
            }
            for count in groups {
                let inputs = WorkerInputs::default();
                for _ in 0..count {
                    inputs.send(text()).await.unwrap();
                }
                registry.tell_all(inputs.next().await).await.unwrap();
            }
            drop(registry);
            running.await.unwrap();
            let mut published = Vec::new();
            while batches.next_round(|batch| published.push(batch.deliveries.len())).await {}
            assert_eq!(published, turns);
        }
    }

    #[tokio::test]
    async fn a_turn_answers_a_bounded_number_of_reads() {
        // Each session reads the markers of its member first, and then what its `welcome` shows.
        for (count, turns) in [
            (READS_TURN_MAX - 1, vec![1, READS_TURN_MAX - 2]),
            (READS_TURN_MAX, vec![READS_TURN_MAX]),
            (READS_TURN_MAX + 1, vec![READS_TURN_MAX, 1]),
        ] {
            let (sender, mut batches) = batch_channel();
            let mut store = Box::new(MemoryStore::new(Epoch(1)));
            let device = DeviceKey([1; 32]);
            let join = Change::Join { name: Name::parse("Wei").unwrap(), device };
            store.append(vec![join], 1).await[0].as_ref().unwrap();
            let (actor, registry) = Actor::new(Settings::default(), store, vec![sender]).unwrap();
            let inputs = WorkerInputs::default();
            for number in 0..count {
                let session = SessionId(number as u64);
                let hello =
                    Hello { reference: 1, build: String::new(), cursor: None, held: vec![], room: None };
                for input in [
                    Input::Opened { session, dialect: Dialect::V1, device: Some(device) },
                    Input::CommandReceived(session, Command::Hello(hello)),
                ] {
                    inputs.send(input).await.unwrap();
                }
            }
            registry.tell_all(inputs.next().await).await.unwrap();
            drop(registry);
            actor.run().await.unwrap();
            let mut welcomed = Vec::new();
            let is_welcome = |delivery: &&Delivery| matches!(delivery, Delivery::SendReplay(..));
            while batches
                .next_round(|batch| welcomed.push(batch.deliveries.iter().filter(is_welcome).count()))
                .await
            {}
            welcomed.retain(|count| *count > 0);
            assert_eq!(welcomed, turns);
        }
    }

    #[tokio::test]
    async fn each_worker_has_its_batch_when_all_connections_are_closed() {
        let (senders, receivers): (Vec<_>, Vec<_>) = (0..3).map(|_| batch_channel()).unzip();
        let store = Box::new(MemoryStore::new(Epoch(1)));
        let (actor, registry) = Actor::new(Settings::default(), store, senders).unwrap();
        tokio::select! {
            ended = actor.run() => panic!("{ended:?}"),
            () = registry.close_all() => {}
        }
        for mut batches in receivers {
            let mut deliveries = Vec::new();
            assert!(batches.next_round(|batch| deliveries.extend(batch.deliveries)).await);
            assert!(deliveries.iter().any(|delivery| matches!(delivery, Delivery::CloseAll)));
        }
    }
}
