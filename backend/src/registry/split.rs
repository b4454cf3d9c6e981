//! Splits the work of the registry by the bytes that are published for it.
//!
//! No turn publishes more than a connection's queue holds. Between two turns connections have time to write.

use crate::limits::TURN_BYTES_MAX;
use hub::house::commit::Commit;
use shared::Event;

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

/// Splits commits into parts. A part ends with the commit that makes it [`TURN_BYTES_MAX`] or more.
pub(super) fn split(commits: Vec<Commit>) -> Vec<Vec<Commit>> {
    let mut parts = Vec::new();
    let (mut part, mut bytes) = (Vec::with_capacity(commits.len()), 0);
    for commit in commits {
        bytes += published_bytes(&commit);
        part.push(commit);
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

fn published_bytes(commit: &Commit) -> usize {
    commit
        .events()
        .map(|event| if let Event::Posted(posted) = event { json_bytes(&posted.text) } else { 0 })
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use hub::house::commit::LogEntry;
    use shared::{Address, ClientId, MemberId, RoomId, event::Posted};

    fn post_of(bytes: usize) -> Commit {
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
        Commit { entries: vec![LogEntry { event: Event::Posted(posted), device: None }], mark: 0 }
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
    fn a_part_ends_with_the_commit_that_fills_it() {
        let counts = |commits| split(commits).iter().map(Vec::len).collect::<Vec<_>>();
        assert_eq!(counts(vec![]), [0; 0]);
        for (first, parts) in
            [(TURN_BYTES_MAX - 1, vec![2, 1]), (TURN_BYTES_MAX, vec![1, 2]), (TURN_BYTES_MAX + 1, vec![1, 2])]
        {
            assert_eq!(counts(vec![post_of(first), post_of(1), post_of(1)]), parts, "{first}");
        }
    }
}
