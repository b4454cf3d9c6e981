//! How many bytes everyone is about to be sent, so that no turn brings more than a connection's queue
//! holds: between two of them there is time to write.

use crate::limits::TURN_BYTES_MAX;
use hub::change::Outcome;
use shared::Event;

/// Bytes of this text as JSON, but for its quotes.
pub(super) fn json_bytes(text: &str) -> usize {
    let escaped = |byte| match byte {
        b'"' | b'\\' => 2,
        // The shortest of these take two, most six.
        0..0x20 => 6,
        _ => 1,
    };
    text.bytes().map(escaped).sum()
}

/// What one append brought, in parts that are each told before the next: a part ends with the outcome
/// that makes it [`TURN_BYTES_MAX`] or more.
pub(super) fn parts(outcomes: Vec<Outcome>) -> Vec<Vec<Outcome>> {
    let mut parts = Vec::new();
    let (mut part, mut bytes) = (Vec::with_capacity(outcomes.len()), 0);
    for outcome in outcomes {
        bytes += told(&outcome);
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

fn told(outcome: &Outcome) -> usize {
    let events = outcome.iter().flat_map(|committed| &committed.events);
    events.map(|event| if let Event::Posted(posted) = event { json_bytes(&posted.text) } else { 0 }).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use hub::change::{Committed, Receipt};
    use shared::{Address, ClientId, ErrorCode, MemberId, RoomId, event::Posted};

    fn said(bytes: usize) -> Outcome {
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

    #[test]
    fn text_weighs_what_it_takes_as_json() {
        for (text, bytes) in [("", 0), ("茶", 3), ("a\"b\\", 6), ("\u{1}\u{1f}", 12)] {
            let json = serde_json::to_string(text).unwrap().len() - 2;
            assert_eq!((json_bytes(text), json), (bytes, bytes), "{text:?}");
        }
        let all: String = (0..0x80).map(|byte: u8| char::from(byte)).collect();
        assert!(json_bytes(&all) >= serde_json::to_string(&all).unwrap().len() - 2);
    }

    #[test]
    fn a_part_ends_where_it_is_enough() {
        let counts = |outcomes| parts(outcomes).iter().map(Vec::len).collect::<Vec<_>>();
        assert_eq!(counts(vec![]), [0; 0]);
        for (first, parts) in
            [(TURN_BYTES_MAX - 1, vec![2, 1]), (TURN_BYTES_MAX, vec![1, 2]), (TURN_BYTES_MAX + 1, vec![1, 2])]
        {
            assert_eq!(counts(vec![said(first), said(1), said(1)]), parts, "{first}");
        }
        let refused = || Err(ErrorCode::StoreRefused);
        assert_eq!(counts(vec![refused(), said(TURN_BYTES_MAX), refused()]), [2, 1]);
    }
}
