//! Inputs that a worker's connections have for the hub.
//!
//! The fan-out task and the bodies of responses may not wait. They push their inputs here, and a task of
//! the worker forwards them to the registry.

use hub::Input;
use std::cell::RefCell;
use tokio::sync::Notify;

/// The inputs of one worker, in order.
///
/// Its connections bound it: each pushes `Drained` at most once for each time that the hub asks, and
/// `Closed` once.
#[derive(Debug, Default)]
pub struct WorkerInputs {
    inputs: RefCell<Vec<Input>>,
    has_some: Notify,
}

impl WorkerInputs {
    /// Adds an input for the hub.
    pub fn push(&self, input: Input) {
        self.inputs.borrow_mut().push(input);
        self.has_some.notify_one();
    }

    /// Waits for inputs, and takes all of them.
    pub async fn next(&self) -> Vec<Input> {
        loop {
            let inputs = self.inputs.take();
            if !inputs.is_empty() {
                return inputs;
            }
            self.has_some.notified().await;
        }
    }

    /// Takes the inputs that are there now.
    #[cfg(test)]
    pub fn take(&self) -> Vec<Input> {
        self.inputs.take()
    }
}
