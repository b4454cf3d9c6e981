//! The oracle: a record of every post that was sent, stored and acknowledged. It is kept outside the clients
//! under test. At the end of a run the oracle compares the server's log with this record.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use shared::{ClientId, MemberId, Message, RoomId};

/// Identifies one life of a page. A crash or a reload ends a life and begins the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct PageId {
    pub(super) index: usize,
    pub(super) life: u32,
}

/// Record of all posts of a run.
#[derive(Debug, Default)]
pub(super) struct Oracle {
    posts: BTreeMap<ClientId, SentPost>,
    sent: u64,
    acknowledged: u64,
    /// Pages that ended without `Input::Leaving`.
    pub(super) crashes: u64,
    /// Events that one connection delivered after a later event of the same room.
    pub(super) late_deliveries: u64,
    /// Rows that the server refused for good.
    pub(super) refused: u64,
}

#[derive(Debug)]
struct SentPost {
    page: PageId,
    room: RoomId,
    order: u64,
    text: String,
    /// Whether the browser's database has the post, so that it must reach the log even if the page crashes.
    is_stored: bool,
    /// Position that the server acknowledged.
    reply: Option<Position>,
    /// Whether the user sent the post again, so that it may stand behind later ones.
    is_retried: bool,
}

/// Position of a message in the log, and its number in its room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Position {
    pub(super) n: u64,
    pub(super) seq: u64,
}

impl Oracle {
    /// Text of a page's next post. No two posts of a run have the same text.
    pub(super) fn next_text(&self, page: PageId) -> String {
        format!("{}.{} says {}", page.index, page.life, self.sent)
    }

    /// Records that a user sent a post.
    pub(super) fn record_sent(&mut self, client_id: ClientId, page: PageId, room: RoomId, text: &str) {
        self.sent += 1;
        let (order, text) = (self.sent, text.to_owned());
        let post = SentPost { page, room, order, text, is_stored: false, reply: None, is_retried: false };
        self.posts.insert(client_id, post);
    }

    /// Records that the browser's database has the post.
    pub(super) fn record_stored(&mut self, client_id: ClientId) {
        if let Some(post) = self.posts.get_mut(&client_id) {
            post.is_stored = true;
        }
    }

    /// Records the position that the server acknowledged. A second reply to the same post does not count again.
    pub(super) fn record_acknowledged(&mut self, client_id: ClientId, position: Position) {
        if let Some(post) = self.posts.get_mut(&client_id)
            && post.reply.replace(position).is_none()
        {
            self.acknowledged += 1;
        }
    }

    /// Records that the server refused the post and that the user sent it again.
    pub(super) fn record_retried(&mut self, client_id: ClientId) {
        self.refused += 1;
        if let Some(post) = self.posts.get_mut(&client_id) {
            post.is_retried = true;
        }
    }

    /// Counts of posts sent and of posts acknowledged.
    pub(super) fn counts(&self) -> (u64, u64) {
        (self.sent, self.acknowledged)
    }

    /// Checks the whole log, each room's messages oldest first, against the account.
    pub(super) fn check_log(&self, log: &BTreeMap<RoomId, Vec<Message>>) -> Verdict {
        let mut verdict = Verdict { reordered: self.late_deliveries, ..Verdict::default() };
        let mut found: BTreeMap<ClientId, (RoomId, Position)> = BTreeMap::new();
        let mut texts: BTreeSet<&str> = BTreeSet::new();
        let mut keys: BTreeSet<(MemberId, ClientId)> = BTreeSet::new();
        for (room, messages) in log {
            let mut last = Position { n: 0, seq: 0 };
            for message in messages {
                let position = Position { n: message.n, seq: message.seq };
                let is_known_key = !keys.insert((message.author, message.client_id));
                if !texts.insert(&message.text) || is_known_key {
                    verdict.doubled += 1;
                    verdict.add_detail(format!("doubled in {room:?}: {}", message.text));
                }
                if position.n <= last.n || position.seq != last.seq + 1 {
                    verdict.reordered += 1;
                    verdict.add_detail(format!("{room:?} goes from {last:?} to {position:?}"));
                }
                if self.posts.get(&message.client_id).is_none_or(|post| post.text != message.text) {
                    verdict.unknown += 1;
                    verdict.add_detail(format!("sent by no user in {room:?}: {}", message.text));
                }
                last = position;
                found.entry(message.client_id).or_insert((*room, position));
            }
        }
        self.check_senders(&found, &mut verdict);
        verdict
    }

    /// Checks that each post stands where the server acknowledged it, and each page's posts in the order of sending.
    fn check_senders(&self, found: &BTreeMap<ClientId, (RoomId, Position)>, verdict: &mut Verdict) {
        let mut posts: Vec<(&ClientId, &SentPost)> = self.posts.iter().collect();
        posts.sort_by_key(|(_, post)| post.order);
        let mut last: BTreeMap<(PageId, RoomId), u64> = BTreeMap::new();
        for (client_id, post) in posts {
            let position =
                found.get(client_id).filter(|(room, _)| *room == post.room).map(|(_, position)| *position);
            match (position, post.reply) {
                (None, Some(_)) => {
                    verdict.lost += 1;
                    verdict.add_detail(format!("acknowledged and lost: {}", post.text));
                }
                (None, None) if post.is_stored => {
                    verdict.lost += 1;
                    verdict.add_detail(format!("sent and lost: {}", post.text));
                }
                (None, None) => verdict.abandoned += 1,
                (Some(position), reply) => {
                    if reply.is_some_and(|reply| reply != position) {
                        verdict.reordered += 1;
                        verdict.add_detail(format!(
                            "acknowledged at {reply:?}, stands at {position:?}: {}",
                            post.text
                        ));
                    }
                    if post.is_retried {
                        continue;
                    }
                    if let Some(before) = last.insert((post.page, post.room), position.seq)
                        && before > position.seq
                    {
                        verdict.reordered += 1;
                        verdict.add_detail(format!("overtaken by a later post: {}", post.text));
                    }
                }
            }
        }
    }
}

/// Details that a verdict keeps. Further violations are only counted.
const DETAILS_MAX: usize = 20;

/// Violations found in a run, as counts of messages.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(super) struct Verdict {
    /// Posts that were acknowledged, or stored by the browser, and are missing from the log.
    pub(super) lost: u64,
    /// Messages that the log has twice.
    pub(super) doubled: u64,
    /// Messages that break the order of sending, of the reply or of the room's numbers.
    pub(super) reordered: u64,
    /// Messages in the log that no user sent.
    pub(super) unknown: u64,
    /// Posts missing without a violation: their page crashed before the browser stored them.
    pub(super) abandoned: u64,
    details: Vec<String>,
}

impl Verdict {
    /// Adds the counts and details of another check.
    pub(super) fn add(&mut self, other: Self) {
        self.lost += other.lost;
        self.doubled += other.doubled;
        self.reordered += other.reordered;
        self.unknown += other.unknown;
        self.abandoned += other.abandoned;
        other.details.into_iter().for_each(|sentence| self.add_detail(sentence));
    }

    /// Adds a sentence about one violation.
    pub(super) fn add_detail(&mut self, sentence: String) {
        if self.details.len() < DETAILS_MAX {
            self.details.push(sentence);
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.details.iter().try_for_each(|sentence| writeln!(out, "  {sentence}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: PageId = PageId { index: 0, life: 0 };
    const ROOM: RoomId = RoomId(2);

    fn id(number: u8) -> ClientId {
        ClientId([number; 16])
    }

    fn message(number: u8, seq: u64) -> Message {
        Message {
            n: 10 + seq,
            seq,
            at: 0,
            author: MemberId(1),
            name: String::new(),
            tag: None,
            client_id: id(number),
            text: format!("text {number}"),
        }
    }

    /// Three posts that the browser has stored. The second is acknowledged at number 2.
    fn oracle() -> Oracle {
        let mut oracle = Oracle::default();
        for number in 1..=3 {
            oracle.record_sent(id(number), PAGE, ROOM, &format!("text {number}"));
            oracle.record_stored(id(number));
        }
        oracle.record_acknowledged(id(2), Position { n: 12, seq: 2 });
        oracle.record_acknowledged(id(2), Position { n: 12, seq: 2 });
        oracle
    }

    fn counts(oracle: &Oracle, messages: &[Message]) -> [u64; 5] {
        let verdict = oracle.check_log(&BTreeMap::from([(ROOM, messages.to_vec())]));
        [verdict.lost, verdict.doubled, verdict.reordered, verdict.unknown, verdict.abandoned]
    }

    #[test]
    fn a_log_with_every_post_once_and_in_order_has_no_violation() {
        assert_eq!(counts(&oracle(), &[message(1, 1), message(2, 2), message(3, 3)]), [0; 5]);
        assert_eq!(oracle().counts(), (3, 1), "a second reply does not count");
    }

    #[test]
    fn a_missing_post_is_lost_if_it_was_stored_or_acknowledged() {
        assert_eq!(counts(&oracle(), &[message(1, 1), message(2, 2)])[0], 1);
        assert_eq!(counts(&oracle(), &[]), [3, 0, 0, 0, 0]);
        let mut unstored = oracle();
        unstored.record_sent(id(4), PAGE, ROOM, "text 4");
        assert_eq!(counts(&unstored, &[message(1, 1), message(2, 2), message(3, 3)]), [0, 0, 0, 0, 1]);
        unstored.record_acknowledged(id(4), Position { n: 14, seq: 4 });
        assert_eq!(counts(&unstored, &[message(1, 1), message(2, 2), message(3, 3)]), [1, 0, 0, 0, 0]);
    }

    #[test]
    fn a_second_copy_is_doubled_when_its_id_or_its_text_repeats() {
        let all = [message(1, 1), message(2, 2), message(3, 3)];
        let again = [&all[..], &[message(3, 4)]].concat();
        assert_eq!(counts(&oracle(), &again), [0, 1, 0, 0, 0]);
        let other_id = Message { client_id: id(9), ..message(3, 4) };
        assert_eq!(counts(&oracle(), &[&all[..], &[other_id]].concat()), [0, 1, 0, 1, 0]);
    }

    #[test]
    fn a_post_is_reordered_when_it_overtakes_one_sent_earlier() {
        assert_eq!(counts(&oracle(), &[message(3, 1), message(2, 2), message(1, 3)]), [0, 0, 2, 0, 0]);
        let mut retried = oracle();
        retried.record_retried(id(1));
        assert_eq!(counts(&retried, &[message(3, 1), message(2, 2), message(1, 3)])[2], 1);
        assert_eq!(
            counts(&oracle(), &[message(2, 1), message(3, 2), message(1, 3)])[2],
            2,
            "one against the order of sending, one against the reply"
        );
    }

    #[test]
    fn a_gap_in_the_numbers_is_reordered_and_an_unsent_message_is_unknown() {
        assert_eq!(counts(&oracle(), &[message(1, 1), message(2, 2), message(3, 4)]), [0, 0, 1, 0, 0]);
        let all = [message(1, 1), message(2, 2), message(3, 3), message(7, 4)];
        assert_eq!(counts(&oracle(), &all), [0, 0, 0, 1, 0]);
    }
}
