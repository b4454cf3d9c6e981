//! One worker: the tasks that run beside its HTTP server, on the worker's own thread.

use crate::fanout::{BatchReceiver, Connections};
use crate::limits::MEASURE_EVERY;
use crate::metrics::{Metrics, worker_counts};
use crate::registry::Registry;
use std::{
    rc::Rc,
    sync::{Arc, Mutex, PoisonError},
};
use tokio::time::{MissedTickBehavior, interval};

/// The receiving ends of the workers' channels for batches. Each worker takes its own once.
#[derive(Clone, Debug)]
pub struct BatchReceivers(Arc<Mutex<Vec<Option<BatchReceiver>>>>);

impl BatchReceivers {
    /// The receivers of all workers, in the order of the workers' numbers.
    pub fn new(receivers: Vec<BatchReceiver>) -> Self {
        BatchReceivers(Arc::new(Mutex::new(receivers.into_iter().map(Some).collect())))
    }

    /// The receiver of this worker. A worker that was started again gets none: the registry has seen
    /// its channel close, and the process ends.
    fn take(&self, worker: u16) -> Option<BatchReceiver> {
        let mut receivers = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        receivers.get_mut(usize::from(worker)).and_then(Option::take)
    }
}

/// Starts the tasks of this worker on the current thread; returns its connections, of which there are
/// none yet. The gauges are told only if `has_gauges`.
pub fn start(
    worker: u16,
    receivers: &BatchReceivers,
    registry: Registry,
    metrics: Arc<Metrics>,
    has_gauges: bool,
) -> Rc<Connections> {
    let connections = Connections::new(worker);
    if let Some(batches) = receivers.take(worker) {
        actix_web::rt::spawn(Rc::clone(&connections).run(batches));
    }
    actix_web::rt::spawn(measure(worker, Rc::clone(&connections), metrics, has_gauges));
    actix_web::rt::spawn(forward_inputs(Rc::clone(&connections), registry));
    connections
}

/// Forwards the worker's inputs to the registry. This is a task apart from fan-out, which may not wait.
async fn forward_inputs(connections: Rc<Connections>, registry: Registry) {
    let inputs = connections.inputs();
    while registry.tell_all(inputs.next().await).await.is_ok() {}
    inputs.end();
}

/// Adds what this worker counts to the totals.
async fn measure(worker: u16, connections: Rc<Connections>, metrics: Arc<Metrics>, has_gauges: bool) {
    let mut every = interval(MEASURE_EVERY);
    every.set_missed_tick_behavior(MissedTickBehavior::Skip);
    loop {
        every.tick().await;
        metrics.add(&worker_counts::take());
        if has_gauges {
            metrics.note_worker(worker, connections.gauges());
        }
    }
}
