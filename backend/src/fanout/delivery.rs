//! Orders of the registry to the fan-out task of a worker.

use bytes::Bytes;
use hub::SessionId;
use shared::{Address, CloseCode, Cursor, Event, Message};

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

impl DeliveryBatch {
    /// Bytes that the batch takes while it waits, and at most adds to one connection's queue.
    pub fn bytes(&self) -> usize {
        size_of::<Self>() + self.deliveries.iter().map(Delivery::bytes).sum::<usize>()
    }
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
    /// Sends an event of the replay, ahead of buffered frames, with the cursor that its frame tells. The worker
    /// encodes it, because only this session gets it.
    SendReplay(SessionId, Box<Event>, Option<Cursor>),
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

impl Delivery {
    fn bytes(&self) -> usize {
        let content = match self {
            Delivery::Publish { v1, text, .. } => v1.len() + text.as_ref().map_or(0, Bytes::len),
            Delivery::PublishEphemeral { v1: frame, .. }
            | Delivery::PublishUnstored(frame)
            | Delivery::SendEphemeral(_, frame) => frame.len(),
            Delivery::Attach(_, addresses) => size_of_val(&**addresses),
            Delivery::Send(_, event) | Delivery::SendReplay(_, event, _) => {
                size_of::<Event>() + page_bytes(event)
            }
            Delivery::Subscribe(..)
            | Delivery::Unsubscribe(..)
            | Delivery::NotifyDrained(_)
            | Delivery::Release(_)
            | Delivery::Close(..)
            | Delivery::Pause(..)
            | Delivery::CloseAll => 0,
        };
        size_of::<Self>() + content
    }
}

/// Bytes of the messages and rooms that an event for one session holds. Every other answer is short.
fn page_bytes(answer: &Event) -> usize {
    match answer {
        Event::Welcome(welcome) => {
            let rooms =
                welcome.rooms.iter().map(|room| size_of_val(room) + room.name.len() + room.description.len());
            let messages = welcome.room.as_ref().map_or(0, |room| messages_bytes(&room.messages));
            rooms.sum::<usize>() + messages
        }
        Event::Posted(posted) => posted.text.len(),
        Event::History(page) => messages_bytes(&page.messages),
        Event::Reset(reset) => messages_bytes(&reset.room.messages),
        Event::Events(page) => {
            page.events.iter().map(|event| size_of::<Event>() + hub::log::text_bytes(event)).sum()
        }
        Event::Rooms(page) => {
            page.rooms.iter().map(|room| size_of_val(room) + room.name.len() + room.description.len()).sum()
        }
        _ => 0,
    }
}

fn messages_bytes(messages: &[Message]) -> usize {
    messages.iter().map(|message| size_of_val(message) + message.text.len()).sum()
}
