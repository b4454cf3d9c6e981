//! What was sent and what was acknowledged, written down outside of the clients,
//! and the judgement over it once the log was read.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use shared::{ClientId, MemberId, Message, RoomId};

/// One page in one of its lives: a crash ends one and begins the next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct PageId {
    pub(super) index: usize,
    pub(super) life: u32,
}

/// The ledger.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    said: BTreeMap<ClientId, Said>,
    sent: u64,
    acknowledged: u64,
    /// Pages that ended without having been closed.
    pub(super) crashes: u64,
    /// Events that came over one connection after a later one of the same room.
    pub(super) out_of_turn: u64,
    /// Rows that the server refused for good.
    pub(super) refused: u64,
}

#[derive(Debug)]
struct Said {
    page: PageId,
    room: RoomId,
    order: u64,
    text: String,
    /// The browser has it: it must arrive, whatever becomes of the page.
    is_kept: bool,
    /// Where the server said that it stands.
    reply: Option<Place>,
    /// Sent again by hand, and so out of its order.
    is_retried: bool,
}

/// A position and a number in a room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) n: u64,
    pub(super) seq: u64,
}

impl Ledger {
    /// The text of the next post of a page: no two are the same.
    pub(super) fn next_text(&self, page: PageId) -> String {
        format!("{}.{} says {}", page.index, page.life, self.sent)
    }

    pub(super) fn sent(&mut self, client_id: ClientId, page: PageId, room: RoomId, text: &str) {
        self.sent += 1;
        let (order, text) = (self.sent, text.to_owned());
        let said = Said { page, room, order, text, is_kept: false, reply: None, is_retried: false };
        self.said.insert(client_id, said);
    }

    /// The browser has stored it.
    pub(super) fn kept(&mut self, client_id: ClientId) {
        if let Some(said) = self.said.get_mut(&client_id) {
            said.is_kept = true;
        }
    }

    /// The server said where it stands; it may say so again.
    pub(super) fn acknowledged(&mut self, client_id: ClientId, place: Place) {
        if let Some(said) = self.said.get_mut(&client_id)
            && said.reply.replace(place).is_none()
        {
            self.acknowledged += 1;
        }
    }

    pub(super) fn retried(&mut self, client_id: ClientId) {
        self.refused += 1;
        if let Some(said) = self.said.get_mut(&client_id) {
            said.is_retried = true;
        }
    }

    /// Posts that were sent, and those of them that were acknowledged.
    pub(super) fn counts(&self) -> (u64, u64) {
        (self.sent, self.acknowledged)
    }

    /// What went wrong, if this is the whole log: each room's messages, oldest first.
    pub(super) fn judge(&self, log: &BTreeMap<RoomId, Vec<Message>>) -> Verdict {
        let mut verdict = Verdict { reordered: self.out_of_turn, ..Verdict::default() };
        let mut found: BTreeMap<ClientId, (RoomId, Place)> = BTreeMap::new();
        let mut texts: BTreeSet<&str> = BTreeSet::new();
        let mut keys: BTreeSet<(MemberId, ClientId)> = BTreeSet::new();
        for (room, messages) in log {
            let mut last = Place { n: 0, seq: 0 };
            for message in messages {
                let place = Place { n: message.n, seq: message.seq };
                let is_again = !keys.insert((message.author, message.client_id));
                if !texts.insert(&message.text) || is_again {
                    verdict.doubled += 1;
                    verdict.tell(format!("doubled in {room:?}: {}", message.text));
                }
                if place.n <= last.n || place.seq != last.seq + 1 {
                    verdict.reordered += 1;
                    verdict.tell(format!("{room:?} goes from {last:?} to {place:?}"));
                }
                if self.said.get(&message.client_id).is_none_or(|said| said.text != message.text) {
                    verdict.strange += 1;
                    verdict.tell(format!("nobody said in {room:?}: {}", message.text));
                }
                last = place;
                found.entry(message.client_id).or_insert((*room, place));
            }
        }
        self.judge_senders(&found, &mut verdict);
        verdict
    }

    fn judge_senders(&self, found: &BTreeMap<ClientId, (RoomId, Place)>, verdict: &mut Verdict) {
        let mut said: Vec<(&ClientId, &Said)> = self.said.iter().collect();
        said.sort_by_key(|(_, said)| said.order);
        let mut last: BTreeMap<(PageId, RoomId), u64> = BTreeMap::new();
        for (client_id, said) in said {
            let place = found.get(client_id).filter(|(room, _)| *room == said.room).map(|(_, place)| *place);
            match (place, said.reply) {
                (None, Some(_)) => {
                    verdict.lost += 1;
                    verdict.tell(format!("acknowledged and lost: {}", said.text));
                }
                (None, None) if said.is_kept => {
                    verdict.lost += 1;
                    verdict.tell(format!("sent and lost: {}", said.text));
                }
                (None, None) => verdict.given_up += 1,
                (Some(place), reply) => {
                    if reply.is_some_and(|reply| reply != place) {
                        verdict.reordered += 1;
                        verdict
                            .tell(format!("acknowledged at {reply:?}, stands at {place:?}: {}", said.text));
                    }
                    if said.is_retried {
                        continue;
                    }
                    if let Some(before) = last.insert((said.page, said.room), place.seq)
                        && before > place.seq
                    {
                        verdict.reordered += 1;
                        verdict.tell(format!("overtaken by what was sent later: {}", said.text));
                    }
                }
            }
        }
    }
}

/// Faults that are told one by one. Past it only their number.
const TOLD_MAX: usize = 20;

/// What went wrong, as counts of messages.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(super) struct Verdict {
    /// Acknowledged, or stored by the browser, and not there.
    pub(super) lost: u64,
    /// There twice.
    pub(super) doubled: u64,
    /// Not in the order of sending, of the reply or of the room's numbers.
    pub(super) reordered: u64,
    /// There, and said by nobody.
    pub(super) strange: u64,
    /// Not there, and promised to nobody: their pages crashed before the browser had stored them.
    pub(super) given_up: u64,
    told: Vec<String>,
}

impl Verdict {
    /// Adds what another look has found.
    pub(super) fn add(&mut self, other: Self) {
        self.lost += other.lost;
        self.doubled += other.doubled;
        self.reordered += other.reordered;
        self.strange += other.strange;
        self.given_up += other.given_up;
        other.told.into_iter().for_each(|sentence| self.tell(sentence));
    }

    /// Adds a sentence about one fault.
    pub(super) fn tell(&mut self, sentence: String) {
        if self.told.len() < TOLD_MAX {
            self.told.push(sentence);
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.told.iter().try_for_each(|sentence| writeln!(out, "  {sentence}"))
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

    /// Three posts that the browser has stored, of which the second is acknowledged at number 2.
    fn ledger() -> Ledger {
        let mut ledger = Ledger::default();
        for number in 1..=3 {
            ledger.sent(id(number), PAGE, ROOM, &format!("text {number}"));
            ledger.kept(id(number));
        }
        ledger.acknowledged(id(2), Place { n: 12, seq: 2 });
        ledger.acknowledged(id(2), Place { n: 12, seq: 2 });
        ledger
    }

    fn counts(ledger: &Ledger, messages: &[Message]) -> [u64; 5] {
        let verdict = ledger.judge(&BTreeMap::from([(ROOM, messages.to_vec())]));
        [verdict.lost, verdict.doubled, verdict.reordered, verdict.strange, verdict.given_up]
    }

    #[test]
    fn all_there_once_and_in_order_is_no_fault() {
        assert_eq!(counts(&ledger(), &[message(1, 1), message(2, 2), message(3, 3)]), [0; 5]);
        assert_eq!(ledger().counts(), (3, 1), "acknowledged twice is acknowledged");
    }

    #[test]
    fn what_is_not_there_is_lost_if_it_was_promised() {
        assert_eq!(counts(&ledger(), &[message(1, 1), message(2, 2)])[0], 1);
        assert_eq!(counts(&ledger(), &[]), [3, 0, 0, 0, 0]);
        let mut unkept = ledger();
        unkept.sent(id(4), PAGE, ROOM, "text 4");
        assert_eq!(counts(&unkept, &[message(1, 1), message(2, 2), message(3, 3)]), [0, 0, 0, 0, 1]);
        unkept.acknowledged(id(4), Place { n: 14, seq: 4 });
        assert_eq!(counts(&unkept, &[message(1, 1), message(2, 2), message(3, 3)]), [1, 0, 0, 0, 0]);
    }

    #[test]
    fn a_second_copy_is_doubled_by_its_id_or_its_text() {
        let all = [message(1, 1), message(2, 2), message(3, 3)];
        let again = [&all[..], &[message(3, 4)]].concat();
        assert_eq!(counts(&ledger(), &again), [0, 1, 0, 0, 0]);
        let other_id = Message { client_id: id(9), ..message(3, 4) };
        assert_eq!(counts(&ledger(), &[&all[..], &[other_id]].concat()), [0, 1, 0, 1, 0]);
    }

    #[test]
    fn another_order_than_that_of_sending_is_seen() {
        assert_eq!(counts(&ledger(), &[message(3, 1), message(2, 2), message(1, 3)]), [0, 0, 2, 0, 0]);
        let mut retried = ledger();
        retried.retried(id(1));
        assert_eq!(counts(&retried, &[message(3, 1), message(2, 2), message(1, 3)])[2], 1);
        assert_eq!(
            counts(&ledger(), &[message(2, 1), message(3, 2), message(1, 3)])[2],
            2,
            "and the reply's"
        );
    }

    #[test]
    fn a_gap_and_a_stranger_are_seen() {
        assert_eq!(counts(&ledger(), &[message(1, 1), message(2, 2), message(3, 4)]), [0, 0, 1, 0, 0]);
        let all = [message(1, 1), message(2, 2), message(3, 3), message(7, 4)];
        assert_eq!(counts(&ledger(), &all), [0, 0, 0, 1, 0]);
    }
}
