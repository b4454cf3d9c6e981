//! What the registry has its workers do.

use bytes::Bytes;
use hub::SessionId;
use shared::{Address, CloseCode, Cursor};

/// What the registry sends to each worker at the end of a turn.
#[derive(Clone, Debug)]
pub struct Batch {
    /// How far the log goes once this batch is queued.
    pub through: Cursor,
    /// And how far presence was told.
    pub present: u64,
    /// In order.
    pub deliveries: Vec<Delivery>,
}

/// One thing for a worker to do.
#[derive(Clone, Debug)]
pub enum Delivery {
    /// To those who hear of this address: this frame to v1 sessions, that one to plain ones.
    To {
        /// The address.
        address: Address,
        /// For v1.
        v1: Bytes,
        /// For plain clients, if it is for them.
        plain: Option<Bytes>,
    },
    /// The same for what has no position and so is never read again: presence. To v1 sessions only.
    Word {
        /// The address.
        address: Address,
        /// For v1.
        v1: Bytes,
    },
    /// The same, to one session.
    WordTo(SessionId, Bytes),
    /// To plain clients only.
    Pass(Bytes),
    /// Hear what is published for these addresses, but hold it back; a plain client hears the lobby.
    Attach(SessionId, Box<[Address]>),
    /// Hear of this address too.
    Subscribe(SessionId, Address),
    /// Hear of it no more.
    Unsubscribe(SessionId, Address),
    /// Send this ahead of what is held back.
    First(SessionId, Bytes),
    /// Tell when what was sent has left.
    Drain(SessionId),
    /// Send what was held back.
    Release(SessionId),
    /// To one session.
    One(SessionId, Bytes),
    /// Close one.
    Close(SessionId, CloseCode),
    /// Read nothing from one until then (milliseconds since 1970).
    Pause(SessionId, u64),
    /// The server ends: close them all.
    Restart,
}
