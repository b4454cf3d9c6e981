//! What a worker has to tell the registry. The fan-out task and the bodies of
//! responses may not wait, so they leave it here, and a task of its own tells it.

use hub::Input;
use std::cell::RefCell;
use tokio::sync::Notify;

/// One worker's news, in their order. Bound by its connections: each tells that it has drained once
/// for each time that it is asked, and that it is closed once.
#[derive(Debug, Default)]
pub struct News {
    inputs: RefCell<Vec<Input>>,
    has_some: Notify,
}

impl News {
    /// Leaves something to be told.
    pub fn tell(&self, input: Input) {
        self.inputs.borrow_mut().push(input);
        self.has_some.notify_one();
    }

    /// What is to be told next. Ends never.
    pub async fn next(&self) -> Vec<Input> {
        loop {
            let inputs = self.inputs.take();
            if !inputs.is_empty() {
                return inputs;
            }
            self.has_some.notified().await;
        }
    }

    /// What is to be told now.
    #[cfg(test)]
    pub fn take(&self) -> Vec<Input> {
        self.inputs.take()
    }
}
