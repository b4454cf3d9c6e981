//! Inputs that a worker's connections have for the hub.
//!
//! The connections put their inputs here, and a task of the worker forwards together what is there. So messages
//! that arrive at the same time reach the registry in one turn, and share a commit, and a write for each
//! recipient. The fan-out task and the bodies of responses may not wait; tasks that read wait for room.

use crate::connection::address_limits::ActCharge;
use crate::limits::{INPUTS_BYTES_MAX, TURN_MAX};
use hub::{Input, input::Unstored};
use shared::{Command, command::Post};
use std::{cell::RefCell, collections::VecDeque, sync::Arc};
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};

/// The inputs of one worker, in order.
///
/// [`INPUTS_BYTES_MAX`] bounds what its clients sent. Its connections bound the rest: each pushes `Drained` at
/// most once for each time that the hub asks, and `Closed` once.
#[derive(Debug)]
pub struct WorkerInputs {
    waiting: RefCell<VecDeque<WaitingInput>>,
    has_some: Notify,
    /// One permit for each byte that may wait, here or in the registry's inbox.
    room: Arc<Semaphore>,
}

/// An input on its way to the hub. Dropping it makes room for another.
#[derive(Debug)]
pub struct WaitingInput {
    /// Input that the hub will receive.
    pub input: Input,
    /// Charge for what the input may make.
    pub charge: Option<ActCharge>,
    _room: Option<OwnedSemaphorePermit>,
}

/// The registry has ended, and takes no more inputs.
#[derive(Debug, thiserror::Error)]
#[error("the registry takes no more inputs")]
pub struct InputsEnded;

impl Default for WorkerInputs {
    fn default() -> Self {
        WorkerInputs {
            waiting: RefCell::default(),
            has_some: Notify::new(),
            room: Arc::new(Semaphore::new(INPUTS_BYTES_MAX)),
        }
    }
}

impl WorkerInputs {
    /// Adds an input for the hub.
    pub fn push(&self, input: Input) {
        self.push_waiting(WaitingInput { input, charge: None, _room: None });
    }

    fn push_waiting(&self, input: WaitingInput) {
        self.waiting.borrow_mut().push_back(input);
        self.has_some.notify_one();
    }

    /// Adds an input that a client sent. Waits while [`INPUTS_BYTES_MAX`] bytes of them wait. Dropping the future
    /// adds nothing.
    ///
    /// # Errors
    ///
    /// The registry has ended.
    pub async fn send(&self, input: Input) -> Result<(), InputsEnded> {
        self.send_charged(input, None).await
    }

    /// Adds an input that a client sent, with the charge for what it may make, like [`WorkerInputs::send`].
    ///
    /// # Errors
    ///
    /// The registry has ended.
    pub async fn send_charged(&self, input: Input, charge: Option<ActCharge>) -> Result<(), InputsEnded> {
        let bytes = size_of::<Input>() + content_bytes(&input);
        let permits = u32::try_from(bytes.min(INPUTS_BYTES_MAX)).unwrap_or(u32::MAX);
        let room = Arc::clone(&self.room).acquire_many_owned(permits).await.map_err(|_| InputsEnded)?;
        self.push_waiting(WaitingInput { input, charge, _room: Some(room) });
        Ok(())
    }

    /// Waits for inputs, and takes all of them, but at most [`TURN_MAX`].
    pub async fn next(&self) -> Vec<WaitingInput> {
        while self.waiting.borrow().is_empty() {
            self.has_some.notified().await;
        }
        let mut waiting = self.waiting.borrow_mut();
        let count = waiting.len().min(TURN_MAX);
        waiting.drain(..count).collect()
    }

    /// Ends those that wait for room: the registry has ended.
    pub fn end(&self) {
        self.room.close();
    }

    /// Takes the inputs that are there now.
    #[cfg(test)]
    pub fn take(&self) -> Vec<Input> {
        self.waiting.take().into_iter().map(|waiting| waiting.input).collect()
    }
}

/// Bytes that an input holds beside its own size. Texts whose length the hub has not checked yet may be long.
fn content_bytes(input: &Input) -> usize {
    match input {
        Input::TextReceived { text, .. } | Input::CommandReceived(_, Command::Post(Post { text, .. })) => {
            text.len()
        }
        Input::CommandReceived(_, Command::RoomCreate(create)) => {
            create.name.len() + create.description.len()
        }
        Input::CommandReceived(_, Command::RoomChange(change)) => {
            change.name.len() + change.description.len()
        }
        Input::CommandReceived(_, Command::Rooms(query)) => query.find.len(),
        Input::CommandReceived(_, Command::Hello(hello)) => hello.build.len(),
        Input::UnstoredReceived(_, Unstored::Binary(bytes)) => bytes.len(),
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt as _;
    use hub::SessionId;

    /// A message that takes this many bytes while it waits.
    fn message_of(bytes: usize) -> Input {
        Input::UnstoredReceived(SessionId(1), Unstored::Binary(vec![0; bytes - size_of::<Input>()]))
    }

    #[tokio::test]
    async fn inputs_are_taken_together_in_their_order() {
        let inputs = WorkerInputs::default();
        assert!(inputs.next().now_or_never().is_none());
        inputs.send(message_of(1000)).await.unwrap();
        inputs.push(Input::Drained(SessionId(1)));
        inputs.send(message_of(1001)).await.unwrap();
        inputs.push(Input::Closed(SessionId(1)));
        let expected =
            [message_of(1000), Input::Drained(SessionId(1)), message_of(1001), Input::Closed(SessionId(1))];
        let taken = inputs.next().await;
        assert!(taken.iter().map(|waiting| &waiting.input).eq(&expected), "{taken:?}");
        for (count, taken) in
            [(TURN_MAX - 1, [TURN_MAX - 1, 0]), (TURN_MAX, [TURN_MAX, 0]), (TURN_MAX + 1, [TURN_MAX, 1])]
        {
            (0..count).for_each(|_| inputs.push(Input::Drained(SessionId(1))));
            for expected in taken {
                let found = inputs.next().now_or_never();
                assert_eq!(found.map_or(0, |batch| batch.len()), expected, "{count}");
            }
        }
    }

    #[tokio::test]
    async fn a_message_waits_until_the_registry_has_taken_enough() {
        let half = INPUTS_BYTES_MAX / 2;
        for (second, is_sent) in [(half - 1, true), (half, true), (half + 1, false)] {
            let inputs = WorkerInputs::default();
            inputs.send(message_of(half)).await.unwrap();
            assert_eq!(inputs.send(message_of(second)).now_or_never().is_some(), is_sent, "{second}");
            inputs.push(Input::Drained(SessionId(1)));
            let batch = inputs.next().await;
            assert!(inputs.send(message_of(half + 2)).now_or_never().is_none(), "the inbox still holds them");
            drop(batch);
            assert!(inputs.send(message_of(2 * INPUTS_BYTES_MAX)).now_or_never().is_some(), "alone");
            let (sent, ()) = tokio::join!(inputs.send(message_of(1000)), async { inputs.end() });
            assert!(sent.is_err());
        }
    }
}
