//! Splits the work of the registry by the bytes that are published for it.
//!
//! No turn publishes more than a connection's queue holds. Between two turns connections have time to write.

use crate::limits::TURN_BYTES_MAX;
use hub::{Input, house::change::Outcome, input::Unstored};
use shared::{Command, Event, command::Post};

/// Bytes that a published event takes beside its text: the rest of its JSON, and its entry in a queue. Many short
/// messages take more by their number than by their texts.
const EVENT_BYTES: usize = 512;

/// Bytes that the hub publishes for this input, at once or when it is committed.
pub(super) fn input_bytes(input: &Input) -> usize {
    match input {
        Input::TextReceived { text, .. }
        | Input::CommandReceived(_, Command::Post(Post { text, .. }))
        | Input::CommandRequested { command: Command::Post(Post { text, .. }), .. } => json_bytes(text),
        Input::UnstoredReceived(_, Unstored::Binary(bytes)) => bytes.len(),
        _ => 0,
    }
}

/// Length of this text as a JSON string in bytes, without its quotes. Control characters count as 6 bytes.
pub(super) fn json_bytes(text: &str) -> usize {
    let escaped = |byte| match byte {
        b'"' | b'\\' => 2,
        // A few of these take two bytes, most six.
        0..0x20 => 6,
        _ => 1,
    };
    text.bytes().map(escaped).sum()
}

/// Splits the outcomes of one append into parts. A part ends with the outcome that makes it
/// [`TURN_BYTES_MAX`] or more.
pub(super) fn split(outcomes: Vec<Outcome>) -> Vec<Vec<Outcome>> {
    let mut parts = Vec::new();
    let (mut part, mut bytes) = (Vec::with_capacity(outcomes.len()), 0);
    for outcome in outcomes {
        bytes += published_bytes(&outcome);
        part.push(outcome);
        if bytes >= TURN_BYTES_MAX {
            parts.push(std::mem::take(&mut part));
            bytes = 0;
        }
    }
    if !part.is_empty() {
        parts.push(part);
    }
    parts
}

fn published_bytes(outcome: &Outcome) -> usize {
    let events = outcome.iter().flat_map(|committed| &committed.events);
    let bytes = events.map(|event| match event {
        Event::Posted(posted) => EVENT_BYTES + json_bytes(&posted.text),
        _ => EVENT_BYTES,
    });
    bytes.sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connection::frame;
    use bytes::Bytes;
    use hub::house::change::{Committed, Receipt};
    use shared::{Address, ClientId, ErrorCode, MemberId, RoomId, event::Posted, limits::NAME_CHARS_MAX};

    fn post_of(bytes: usize) -> Outcome {
        let posted = Posted {
            n: 1,
            to: Address::Room(RoomId::LOBBY),
            prev: 0,
            seq: 1,
            at: 0,
            author: MemberId(1),
            name: "Wei".to_owned(),
            tag: None,
            client_id: ClientId([0; 16]),
            text: "x".repeat(bytes),
        };
        let receipt = Receipt { n: 1, seq: 1, at: 0, room: None };
        Ok(Committed { receipt, events: vec![Event::Posted(posted)] })
    }

    /// As many posts as may wait for one commit: none of their parts may exceed a connection's queue.
    #[test]
    fn many_short_posts_are_split_too() {
        let parts = split((0..4096).map(|_| post_of(1)).collect());
        for part in parts {
            let events = part.into_iter().flat_map(|outcome| outcome.unwrap().events);
            let bytes: usize = events.map(|event| frame::event(&event).len() + size_of::<Bytes>()).sum();
            assert!(bytes <= TURN_BYTES_MAX, "{bytes}");
        }
    }

    #[test]
    fn event_bytes_are_never_less_than_the_rest_of_a_message() {
        let Ok(Committed { events, .. }) = post_of(0) else { panic!() };
        let Some(Event::Posted(mut longest)) = events.into_iter().next() else { panic!() };
        longest.to = Address::Room(RoomId(u64::MAX));
        (longest.n, longest.prev, longest.seq, longest.at) = (u64::MAX, u64::MAX, u64::MAX, u64::MAX);
        (longest.author, longest.tag) = (MemberId(u64::MAX), Some(u32::MAX));
        longest.name = "\u{10ffff}".repeat(NAME_CHARS_MAX);
        let bytes = frame::event(&Event::Posted(longest)).len() + size_of::<Bytes>();
        assert!(bytes <= EVENT_BYTES, "{bytes}");
    }

    #[test]
    fn json_bytes_are_never_less_than_the_json() {
        for (text, bytes) in [("", 0), ("茶", 3), ("a\"b\\", 6), ("\u{1}\u{1f}", 12)] {
            let json = serde_json::to_string(text).unwrap().len() - 2;
            assert_eq!((json_bytes(text), json), (bytes, bytes), "{text:?}");
        }
        let all: String = (0..0x80).map(|byte: u8| char::from(byte)).collect();
        assert!(json_bytes(&all) >= serde_json::to_string(&all).unwrap().len() - 2);
    }

    #[test]
    fn a_part_ends_with_the_outcome_that_fills_it() {
        let counts = |outcomes| split(outcomes).iter().map(Vec::len).collect::<Vec<_>>();
        assert_eq!(counts(vec![]), [0; 0]);
        let full = TURN_BYTES_MAX - EVENT_BYTES;
        for (first, parts) in [(full - 1, vec![2, 1]), (full, vec![1, 2]), (full + 1, vec![1, 2])] {
            assert_eq!(counts(vec![post_of(first), post_of(1), post_of(1)]), parts, "{first}");
        }
        let refused = || Err(ErrorCode::StoreRefused);
        assert_eq!(counts(vec![refused(), post_of(TURN_BYTES_MAX), refused()]), [2, 1]);
    }
}
