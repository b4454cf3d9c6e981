//! The oracle: a record of sent and committed messages, which the invariants compare with the pages.

use crate::page_id::PageId;
use crate::stats::RunStats;
use client::view::RowKey;
use hub::house::commit::Commit;
use hub::log::Log;
use shared::{Address, ClientId, Epoch, Event, MemberId, Message, RoomId, event::Position};
use std::collections::{BTreeMap, BTreeSet};

/// Record of the sent and committed messages, kept outside the clients and the hub.
#[derive(Debug, Default)]
pub(crate) struct Oracle {
    /// Messages of each room of each log, oldest first.
    logs: BTreeMap<(Epoch, RoomId), Vec<Message>>,
    /// Room and index of each committed message.
    pub(crate) positions: BTreeMap<(Epoch, RowKey), (RoomId, usize)>,
    /// Memberships in rooms, as ranges of positions.
    memberships: BTreeMap<(Epoch, MemberId, RoomId), Vec<(u64, u64)>>,
    /// Messages in each log, under any author.
    pub(crate) committed: BTreeSet<(Epoch, ClientId)>,
    /// Messages that the users sent.
    pub(crate) sent_messages: BTreeMap<ClientId, SentMessage>,
    /// Messages that their author's page showed as settled.
    pub(crate) acknowledged: BTreeSet<(Epoch, RowKey)>,
    /// Rooms that are archived.
    archived: BTreeSet<(Epoch, RoomId)>,
    /// Maker of each room, who may join it again while it is archived.
    makers: BTreeMap<(Epoch, RoomId), MemberId>,
    /// The first event that an archived room must not have.
    pub(crate) written_to_archive: Option<Event>,
    sent: u64,
}

/// A message that a user sent.
#[derive(Debug)]
pub(crate) struct SentMessage {
    pub(crate) page: PageId,
    pub(crate) room: RoomId,
    pub(crate) order: u64,
    pub(crate) text: String,
    /// The user retried the message, so its order may differ.
    pub(crate) retried: bool,
    /// The message may be lost: discarded, signed out, or its page reloaded without a database.
    pub(crate) dropped: bool,
    /// The message was sent again as another member, so it may be committed twice.
    pub(crate) adopted: bool,
}

impl Oracle {
    pub(crate) fn record_sent(&mut self, client_id: ClientId, page: PageId, room: RoomId, text: &str) {
        self.sent += 1;
        let (order, text) = (self.sent, text.to_owned());
        let sent = SentMessage { page, room, order, text, retried: false, dropped: false, adopted: false };
        self.sent_messages.insert(client_id, sent);
    }

    pub(crate) fn record_retry(&mut self, client_id: ClientId) {
        if let Some(sent) = self.sent_messages.get_mut(&client_id) {
            sent.retried = true;
        }
    }

    pub(crate) fn record_discard(&mut self, client_id: ClientId) {
        if let Some(sent) = self.sent_messages.get_mut(&client_id) {
            sent.dropped = true;
        }
    }

    /// Allows the loss of a page's messages, except those in the database.
    pub(crate) fn record_drop(&mut self, page: PageId, is_stored: impl Fn(ClientId) -> bool) {
        let of_page = self.sent_messages.iter_mut().filter(|(_, sent)| sent.page == page);
        of_page.filter(|(id, _)| !is_stored(**id)).for_each(|(_, sent)| sent.dropped = true);
    }

    /// Allows all messages so far to come in another order, because the log has lost a member. The pages of that
    /// member set its messages aside, another tab may send them, and the next member gets the same id.
    pub(crate) fn record_lost_member(&mut self) {
        self.sent_messages.values_mut().for_each(|sent| sent.retried = true);
    }

    /// Allows the messages of some pages to be sent as another member or by another tab.
    pub(crate) fn record_adoption(&mut self, is_of: impl Fn(usize) -> bool) {
        for sent in self.sent_messages.values_mut().filter(|sent| is_of(sent.page.index)) {
            sent.adopted = true;
            sent.retried = true;
        }
    }

    pub(crate) fn record_commit(&mut self, epoch: Epoch, commit: &Commit, stats: &mut RunStats) {
        for event in commit.events() {
            self.record_archive(epoch, event, stats);
            match event {
                Event::Posted(posted) => {
                    let Address::Room(room) = posted.to else { continue };
                    stats.committed += 1;
                    let message = posted.clone().into_message();
                    self.committed.insert((epoch, message.client_id));
                    let log = self.logs.entry((epoch, room)).or_default();
                    self.positions.insert((epoch, key_of(&message)), (room, log.len()));
                    log.push(message);
                }
                // The creator is in the room from its first event on.
                Event::RoomCreated(created) => {
                    self.makers.insert((epoch, created.room.id), created.author);
                    let key = (epoch, created.author, created.room.id);
                    self.memberships.entry(key).or_default().push((created.n, u64::MAX));
                }
                Event::MemberJoined(joined) => {
                    if let Address::Room(room) = joined.to {
                        let ranges = self.memberships.entry((epoch, joined.member.id, room)).or_default();
                        ranges.push((joined.n, u64::MAX));
                    }
                }
                Event::MemberLeft(left) => {
                    if let Address::Room(room) = left.to
                        && let Some(ranges) = self.memberships.get_mut(&(epoch, left.member, room))
                    {
                        ranges.iter_mut().for_each(|(_, to)| *to = left.n.min(*to));
                    }
                }
                _ => {}
            }
        }
    }

    /// Records that a log has lost its last changes. Messages among them may stay lost.
    pub(crate) fn roll_back(&mut self, log: &Log) {
        let epoch = log.epoch();
        let before = std::mem::take(&mut self.committed);
        self.logs.retain(|(other, _), _| *other != epoch);
        self.positions.retain(|(other, _), _| *other != epoch);
        self.memberships.retain(|(other, ..), _| *other != epoch);
        self.archived.retain(|(other, _)| *other != epoch);
        self.makers.retain(|(other, _), _| *other != epoch);
        for commit in log.commits_after(0).unwrap_or_default() {
            // These commits were counted before.
            self.record_commit(epoch, &commit, &mut RunStats::default());
        }
        for (other, client_id) in before {
            if other != epoch {
                self.committed.insert((other, client_id));
            } else if !self.committed.contains(&(epoch, client_id)) {
                self.record_discard(client_id);
            }
        }
        let positions = &self.positions;
        self.acknowledged
            .retain(|acknowledged| acknowledged.0 != epoch || positions.contains_key(acknowledged));
    }

    /// Records which rooms are archived, and the first event that writes to one of them.
    fn record_archive(&mut self, epoch: Epoch, event: &Event, stats: &mut RunStats) {
        let Some(Position { to: Address::Room(room), .. }) = event.position() else { return };
        match event {
            Event::RoomArchived(_) => {
                stats.archives += 1;
                self.archived.insert((epoch, room));
            }
            Event::RoomRestored(_) => {
                self.archived.remove(&(epoch, room));
            }
            Event::MemberLeft(_) => {}
            Event::MemberJoined(joined) if self.makers.get(&(epoch, room)) == Some(&joined.member.id) => {}
            event if self.archived.contains(&(epoch, room)) => {
                self.written_to_archive.get_or_insert_with(|| event.clone());
            }
            _ => {}
        }
    }

    pub(crate) fn is_archived(&self, epoch: Epoch, room: RoomId) -> bool {
        self.archived.contains(&(epoch, room))
    }

    pub(crate) fn has_committed(&self, epoch: Epoch, client_id: ClientId) -> bool {
        self.committed.contains(&(epoch, client_id))
    }

    pub(crate) fn was_member(&self, epoch: Epoch, member: MemberId, room: RoomId, n: u64) -> bool {
        let ranges = self.memberships.get(&(epoch, member, room));
        ranges.is_some_and(|ranges| ranges.iter().any(|(from, to)| (*from..=*to).contains(&n)))
    }

    pub(crate) fn log(&self, epoch: Epoch, room: RoomId) -> &[Message] {
        self.logs.get(&(epoch, room)).map_or(&[][..], Vec::as_slice)
    }

    pub(crate) fn newest(&self, epoch: Epoch, room: RoomId) -> Option<RowKey> {
        self.log(epoch, room).last().map(key_of)
    }
}

pub(crate) fn key_of(message: &Message) -> RowKey {
    RowKey { author: message.author, client_id: message.client_id }
}
