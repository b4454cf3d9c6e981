//! Orders of the registry to the fan-out task of a worker.

use bytes::Bytes;
use hub::SessionId;
use shared::{Address, CloseCode, Cursor, Event};

/// The orders that one turn of the registry has for one worker.
#[derive(Clone, Debug)]
pub struct DeliveryBatch {
    /// Head of the log once this batch is queued.
    pub through: Cursor,
    /// Revision of presence once this batch is queued ([`hub::Hub::presence_revision`]).
    pub present: u64,
    /// The orders, in order.
    pub deliveries: Vec<Delivery>,
}

/// Order of the registry to a worker. Each variant except [`Delivery::CloseAll`] has the name of the hub's output that it performs.
#[derive(Clone, Debug)]
pub enum Delivery {
    /// Publishes a durable event to the sessions that are subscribed to an address.
    Publish {
        /// Address that the event is published for.
        address: Address,
        /// Frame for v1 sessions.
        v1: Bytes,
        /// Frame for clients of the text dialect, if the event is for them too.
        text: Option<Bytes>,
    },
    /// Publishes an event without a position, such as presence, to the v1 sessions of an address. No
    /// replay holds it.
    PublishEphemeral {
        /// Address that the event is published for.
        address: Address,
        /// Frame for v1 sessions.
        v1: Bytes,
    },
    /// Publishes a message that is not stored to the clients of the text dialect.
    PublishUnstored(Bytes),
    /// Sends an event without a position to one session.
    SendEphemeral(SessionId, Bytes),
    /// Subscribes a session to these addresses, and buffers what is published for them. A client of the
    /// text dialect is subscribed to the lobby instead, without a buffer.
    Attach(SessionId, Box<[Address]>),
    /// Subscribes a session to one more address.
    Subscribe(SessionId, Address),
    /// Ends the subscription of a session to an address.
    Unsubscribe(SessionId, Address),
    /// Sends a frame of the replay, ahead of buffered frames.
    SendReplay(SessionId, Bytes),
    /// Sends the hub `Drained` once all queued frames of a session were sent.
    NotifyDrained(SessionId),
    /// Releases the buffered frames of a session.
    Release(SessionId),
    /// Sends an answer to one session. The session's connection encodes it, because a request of its own
    /// needs the event, not a frame.
    Send(SessionId, Box<Event>),
    /// Closes a session with a code.
    Close(SessionId, CloseCode),
    /// Pauses reading from a session until a time, in milliseconds of [`crate::clock::mono_ms`].
    Pause(SessionId, u64),
    /// Closes all connections with 1012, before the server stops.
    CloseAll,
}
