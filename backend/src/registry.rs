//! The registry: one task that owns [`hub::Hub`] and the store, and performs the outputs of the hub.
//! [`Registry`] is the handle to it, and [`Actor`] the task.
//!
//! Inputs come through a bounded channel. Connections wait for it, so sockets are not read while it is full.

mod actor;
mod charges;
mod split;

pub use actor::{Actor, RegistryError};

use crate::connection::address_limits::ActCharge;
use crate::connection::worker_inputs::WaitingInput;
use hub::{Input, output::Answer};
use tokio::sync::{mpsc, oneshot};

/// A message to the actor.
#[derive(Debug)]
enum Envelope {
    Input(Input, Option<ActCharge>),
    Inputs(Vec<WaitingInput>),
    Ask(IdentityRequest, Option<ActCharge>, oneshot::Sender<Answer>),
    CloseAll(oneshot::Sender<()>),
}

/// An HTTP request about identity, before it has a request id.
#[derive(Debug)]
pub enum IdentityRequest {
    /// Asks for the member of this device.
    Me(hub::house::members::DeviceKey),
    /// Asks for a new member of this name, with this new device.
    Join(String, hub::house::members::DeviceKey),
    /// Asks for another name for this device's member.
    Rename(String, hub::house::members::DeviceKey),
    /// Signs this device's member out.
    SignOut(hub::house::members::DeviceKey),
}

/// Handle to the registry. It is cheap to clone.
#[derive(Clone, Debug)]
pub struct Registry(mpsc::Sender<Envelope>);

/// Observer of the registry's inbox.
#[derive(Clone, Debug)]
pub struct InboxObserver(mpsc::WeakSender<Envelope>);

impl InboxObserver {
    /// Envelopes that wait; 0 if the registry has ended.
    pub fn length(&self) -> usize {
        self.0.upgrade().map_or(0, |sender| sender.max_capacity() - sender.capacity())
    }
}

/// The registry has ended, and so does the server.
#[derive(Debug, thiserror::Error)]
#[error("the registry stopped")]
pub struct RegistryEnded;

impl Registry {
    /// Sends an input to the hub. Waits while the inbox is full.
    ///
    /// # Errors
    ///
    /// The registry has ended.
    pub async fn tell(&self, input: Input) -> Result<(), RegistryEnded> {
        self.tell_charged(input, None).await
    }

    /// Sends an input to the hub, like [`Registry::tell`]. If it makes nothing new, its charge is taken back.
    ///
    /// # Errors
    ///
    /// The registry has ended.
    pub async fn tell_charged(&self, input: Input, charge: Option<ActCharge>) -> Result<(), RegistryEnded> {
        self.0.send(Envelope::Input(input, charge)).await.map_err(|_| RegistryEnded)
    }

    /// Sends the inputs of a worker to the hub, which handles them in one turn. Waits while the inbox is full.
    ///
    /// # Errors
    ///
    /// The registry has ended.
    pub async fn tell_all(&self, inputs: Vec<WaitingInput>) -> Result<(), RegistryEnded> {
        self.0.send(Envelope::Inputs(inputs)).await.map_err(|_| RegistryEnded)
    }

    /// Asks the hub and waits for its answer.
    ///
    /// # Errors
    ///
    /// The registry has ended.
    pub async fn ask(&self, request: IdentityRequest) -> Result<Answer, RegistryEnded> {
        self.ask_charged(request, None).await
    }

    /// Asks the hub, like [`Registry::ask`]. If the request makes nothing new, its charge is taken back.
    ///
    /// # Errors
    ///
    /// The registry has ended.
    pub async fn ask_charged(
        &self,
        request: IdentityRequest,
        charge: Option<ActCharge>,
    ) -> Result<Answer, RegistryEnded> {
        let (answer, receiver) = oneshot::channel();
        self.0.send(Envelope::Ask(request, charge, answer)).await.map_err(|_| RegistryEnded)?;
        receiver.await.map_err(|_| RegistryEnded)
    }

    /// Closes all connections with 1012, before the server stops. Returns when each worker has its batch.
    pub async fn close_all(&self) {
        let (sent, receiver) = oneshot::channel();
        // If the registry has ended, its workers end too.
        if self.0.send(Envelope::CloseAll(sent)).await.is_ok() {
            let _ = receiver.await;
        }
    }

    /// An observer of the inbox. It does not keep the registry running.
    pub fn observe_inbox(&self) -> InboxObserver {
        InboxObserver(self.0.downgrade())
    }

    /// Whether the registry still runs.
    pub fn is_alive(&self) -> bool {
        !self.0.is_closed()
    }
}
