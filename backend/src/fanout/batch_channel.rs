//! The channel that carries batches from the registry to the fan-out task of one worker, bounded in bytes.

use super::DeliveryBatch;
use crate::limits::{BATCHES_BYTES_MAX, ROUND_BYTES_MAX};
use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};

/// Makes the channel of one worker.
pub fn batch_channel() -> (BatchSender, BatchReceiver) {
    let (sender, receiver) = mpsc::unbounded_channel();
    let room = Arc::new(Semaphore::new(BATCHES_BYTES_MAX));
    (BatchSender { sender, room: Arc::clone(&room) }, BatchReceiver { receiver, next: None, room })
}

/// The sending end.
#[derive(Debug)]
pub struct BatchSender {
    sender: mpsc::UnboundedSender<WaitingBatch>,
    /// One permit for each byte that may wait.
    room: Arc<Semaphore>,
}

/// The fan-out task has ended.
#[derive(Debug, thiserror::Error)]
#[error("the fan-out task has ended")]
pub struct FanoutEnded;

impl BatchSender {
    /// Sends a batch. Waits while more than [`BATCHES_BYTES_MAX`] bytes would wait; a longer batch waits until
    /// it is the only one.
    ///
    /// # Errors
    ///
    /// The fan-out task has ended.
    pub async fn send(&self, batch: DeliveryBatch) -> Result<(), FanoutEnded> {
        let bytes = batch.bytes();
        let permits = u32::try_from(bytes.min(BATCHES_BYTES_MAX)).unwrap_or(u32::MAX);
        let permit = Arc::clone(&self.room).acquire_many_owned(permits).await.map_err(|_| FanoutEnded)?;
        self.sender.send(WaitingBatch { batch, bytes, _permit: permit }).map_err(|_| FanoutEnded)
    }
}

#[derive(Debug)]
struct WaitingBatch {
    batch: DeliveryBatch,
    bytes: usize,
    _permit: OwnedSemaphorePermit,
}

/// The receiving end.
#[derive(Debug)]
pub struct BatchReceiver {
    receiver: mpsc::UnboundedReceiver<WaitingBatch>,
    /// The batch that had no room in the last round.
    next: Option<WaitingBatch>,
    room: Arc<Semaphore>,
}

impl BatchReceiver {
    /// Waits for a batch, and calls `deliver` with each that waits, in order, but with no more than
    /// [`ROUND_BYTES_MAX`] bytes of them. The first one may be longer. Returns false once the sender is gone.
    ///
    /// The future may be dropped at any time: it loses no batch.
    pub async fn next_round(&mut self, mut deliver: impl FnMut(DeliveryBatch)) -> bool {
        let first = match self.next.take() {
            Some(next) => Some(next),
            None => self.receiver.recv().await,
        };
        let Some(first) = first else { return false };
        let mut bytes = first.bytes;
        deliver(first.batch);
        while let Ok(next) = self.receiver.try_recv() {
            bytes += next.bytes;
            if bytes > ROUND_BYTES_MAX {
                self.next = Some(next);
                break;
            }
            deliver(next.batch);
        }
        true
    }
}

impl Drop for BatchReceiver {
    fn drop(&mut self) {
        // A sender that waits for room must learn that nobody makes any.
        self.room.close();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fanout::Delivery;
    use bytes::Bytes;
    use futures_util::FutureExt as _;
    use shared::{Cursor, Epoch};

    /// A batch of this many bytes.
    fn batch_of(bytes: usize) -> DeliveryBatch {
        let batch = |frame| DeliveryBatch {
            through: Cursor::new(Epoch(0), 0),
            present: 0,
            deliveries: vec![Delivery::PublishUnstored(frame)],
        };
        let rest = bytes - batch(Bytes::new()).bytes();
        let batch = batch(Bytes::from(vec![0; rest]));
        assert_eq!(batch.bytes(), bytes);
        batch
    }

    async fn round(receiver: &mut BatchReceiver) -> Vec<usize> {
        let mut round = Vec::new();
        receiver.next_round(|batch| round.push(batch.bytes())).await;
        round
    }

    #[tokio::test]
    async fn a_round_takes_all_waiting_batches_up_to_its_bound() {
        let third = ROUND_BYTES_MAX / 3;
        for (last, rounds) in [
            (ROUND_BYTES_MAX - 2 * third - 1, vec![3]),
            (ROUND_BYTES_MAX - 2 * third, vec![3]),
            (ROUND_BYTES_MAX - 2 * third + 1, vec![2, 1]),
        ] {
            let (sender, mut receiver) = batch_channel();
            for bytes in [third, third, last] {
                sender.send(batch_of(bytes)).await.unwrap();
            }
            for expected in rounds {
                let taken = round(&mut receiver).now_or_never().map(|taken| taken.len());
                assert_eq!(taken, Some(expected), "{last}");
            }
            assert_eq!(round(&mut receiver).now_or_never(), None);
        }
        let (sender, mut receiver) = batch_channel();
        let long = 2 * ROUND_BYTES_MAX;
        for bytes in [1000, long, long, 1000] {
            sender.send(batch_of(bytes)).await.unwrap();
        }
        drop(sender);
        for expected in [1000, long, long, 1000] {
            assert_eq!(round(&mut receiver).await, [expected], "a long one goes alone");
        }
        assert!(!receiver.next_round(|_| ()).await);
    }

    #[tokio::test]
    async fn a_sender_waits_while_the_bytes_have_no_room() {
        let half = BATCHES_BYTES_MAX / 2;
        for (second, is_sent) in [(half - 1, true), (half, true), (half + 1, false)] {
            let (sender, mut receiver) = batch_channel();
            sender.send(batch_of(half)).await.unwrap();
            assert_eq!(sender.send(batch_of(second)).now_or_never().is_some(), is_sent, "{second}");
            round(&mut receiver).now_or_never().unwrap();
            if is_sent {
                round(&mut receiver).now_or_never().unwrap();
            }
            // A longer batch than may wait passes when nothing else waits.
            sender.send(batch_of(2 * BATCHES_BYTES_MAX)).now_or_never().unwrap().unwrap();
            assert!(sender.send(batch_of(1000)).now_or_never().is_none());
            let (sent, ()) = tokio::join!(sender.send(batch_of(1000)), async { drop(receiver) });
            assert!(sent.is_err(), "nobody makes room");
        }
    }
}
