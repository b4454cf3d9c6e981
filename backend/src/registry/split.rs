//! Splits the work of the registry by the bytes that are published for it.
//!
//! No turn publishes more than a connection's queue holds. Between two turns connections have time to write.

use crate::limits::TURN_BYTES_MAX;
use hub::{Input, house::commit::Commit, input::Unstored, query::QueryResult};
use shared::{Command, ErrorCode, Event, command::Post};

/// Bytes that a published event takes beside its text: the rest of its JSON, and its entry in a queue. Many short
/// messages take more by their number than by their texts.
const EVENT_BYTES: usize = 640;

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

/// Bytes of text in the result of a read.
pub(super) fn read_bytes(found: &Result<QueryResult, ErrorCode>) -> usize {
    match found {
        Ok(QueryResult::Page(page)) => page.messages.iter().map(|message| message.text.len()).sum(),
        Ok(QueryResult::Replayed(part)) => part.events.iter().map(hub::log::text_bytes).sum(),
        Ok(QueryResult::Mark(_) | QueryResult::Markers(_)) | Err(_) => 0,
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
    let bytes = commit.events().map(|event| match event {
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
    use hub::house::commit::LogEntry;
    use shared::{Address, ClientId, MemberId, RoomId, event::Posted, limits::NAME_BYTES_MAX};

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

    /// As many posts as may wait for one commit: none of their parts may exceed a connection's queue.
    #[test]
    fn many_short_posts_are_split_too() {
        let parts = split((0..4096).map(|_| post_of(1)).collect());
        for part in parts {
            let events = part.iter().flat_map(Commit::events);
            let bytes: usize = events.map(|event| frame::event(event).len() + size_of::<Bytes>()).sum();
            assert!(bytes <= TURN_BYTES_MAX, "{bytes}");
        }
    }

    #[test]
    fn event_bytes_are_never_less_than_the_rest_of_a_message() {
        let LogEntry { event, .. } = post_of(0).entries.remove(0);
        let Event::Posted(mut longest) = event else { panic!() };
        longest.to = Address::Room(RoomId(u64::MAX));
        (longest.n, longest.prev, longest.seq, longest.at) = (u64::MAX, u64::MAX, u64::MAX, u64::MAX);
        (longest.author, longest.tag) = (MemberId(u64::MAX), Some(u32::MAX));
        longest.name = "\u{10ffff}".repeat(NAME_BYTES_MAX / 4);
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
    fn a_part_ends_with_the_commit_that_fills_it() {
        let counts = |commits| split(commits).iter().map(Vec::len).collect::<Vec<_>>();
        assert_eq!(counts(vec![]), [0; 0]);
        let full = TURN_BYTES_MAX - EVENT_BYTES;
        for (first, parts) in [(full - 1, vec![2, 1]), (full, vec![1, 2]), (full + 1, vec![1, 2])] {
            assert_eq!(counts(vec![post_of(first), post_of(1), post_of(1)]), parts, "{first}");
        }
    }
}
