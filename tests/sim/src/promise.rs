//! What must hold: at each look at a page, and at the end.

use crate::Story;
use crate::page::{Page, PageId};
use crate::world::World;
use client::Client;
use client::input::{ConnectionId, Input};
use client::limits::WINDOW_ROWS_MAX;
use client::view::{IdentityView, Row, RowKey, RowState, View};
use hub::house::change::Committed;
use hub::query::{Query, QueryResult};
use shared::command::PageAnchor;
use shared::event::{RoomSnapshot, Welcome};
use shared::{Address, ClientId, Cursor, Epoch, Event, Member, MemberId, Message, RoomId};
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

/// A promise that did not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken(pub String);

impl std::fmt::Display for Broken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Broken {}

/// What really happened, seen by nobody in the story.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    /// The messages of each room of each log, oldest first.
    logs: BTreeMap<(Epoch, RoomId), Vec<Message>>,
    /// Where each stands.
    places: BTreeMap<(Epoch, RowKey), (RoomId, usize)>,
    /// Who was in which room, from which position to which.
    stays: BTreeMap<(Epoch, MemberId, RoomId), Vec<(u64, u64)>>,
    /// What each log has, under whichever author.
    texts: BTreeSet<(Epoch, ClientId)>,
    /// What each person sent, and how far it is to be expected.
    said: BTreeMap<ClientId, Said>,
    /// What was shown as settled to its author.
    acknowledged: BTreeSet<(Epoch, RowKey)>,
    sent: u64,
}

#[derive(Debug)]
struct Said {
    page: PageId,
    room: RoomId,
    order: u64,
    text: String,
    /// Sent again by hand, out of its order.
    retried: bool,
    /// Given up, by a reload of a page that stored nothing, by signing out or by hand.
    dropped: bool,
    /// Sent again by hand in another name: then it may be there in both.
    taken_over: bool,
}

impl Ledger {
    pub(crate) fn said(&mut self, client_id: ClientId, page: PageId, room: RoomId, text: &str) {
        self.sent += 1;
        let (order, text) = (self.sent, text.to_owned());
        let said = Said { page, room, order, text, retried: false, dropped: false, taken_over: false };
        self.said.insert(client_id, said);
    }

    pub(crate) fn retried(&mut self, client_id: ClientId) {
        if let Some(said) = self.said.get_mut(&client_id) {
            said.retried = true;
        }
    }

    pub(crate) fn discarded(&mut self, client_id: ClientId) {
        if let Some(said) = self.said.get_mut(&client_id) {
            said.dropped = true;
        }
    }

    /// What this page has not settled is given up, but for what is stored.
    pub(crate) fn dropped(&mut self, page: PageId, is_stored: impl Fn(ClientId) -> bool) {
        let of_page = self.said.iter_mut().filter(|(_, said)| said.page == page);
        of_page.filter(|(id, _)| !is_stored(**id)).for_each(|(_, said)| said.dropped = true);
    }

    /// What any of these pages left is sent in another name, or by another page of its browser.
    pub(crate) fn taken_over(&mut self, is_of: impl Fn(usize) -> bool) {
        for said in self.said.values_mut().filter(|said| is_of(said.page.index)) {
            said.taken_over = true;
            said.retried = true;
        }
    }

    pub(crate) fn committed(&mut self, epoch: Epoch, committed: &Committed, story: &mut Story) {
        if committed.events.is_empty() {
            story.again += 1;
        }
        for event in &committed.events {
            match event {
                Event::Posted(posted) => {
                    let Address::Room(room) = posted.to else { continue };
                    story.committed += 1;
                    let message = posted.clone().into_message();
                    self.texts.insert((epoch, message.client_id));
                    let log = self.logs.entry((epoch, room)).or_default();
                    self.places.insert((epoch, key_of(&message)), (room, log.len()));
                    log.push(message);
                }
                // The creator is in the room from its first event on.
                Event::RoomCreated(created) => {
                    let stays = self.stays.entry((epoch, created.author, created.room.id)).or_default();
                    stays.push((created.n, u64::MAX));
                }
                Event::MemberJoined(joined) => {
                    if let Address::Room(room) = joined.to {
                        let stays = self.stays.entry((epoch, joined.member.id, room)).or_default();
                        stays.push((joined.n, u64::MAX));
                    }
                }
                Event::MemberLeft(left) => {
                    if let Address::Room(room) = left.to
                        && let Some(stays) = self.stays.get_mut(&(epoch, left.member, room))
                    {
                        stays.iter_mut().for_each(|(_, to)| *to = left.n.min(*to));
                    }
                }
                _ => {}
            }
        }
    }

    pub(crate) fn has(&self, epoch: Epoch, client_id: ClientId) -> bool {
        self.texts.contains(&(epoch, client_id))
    }

    pub(crate) fn was_in(&self, epoch: Epoch, member: MemberId, room: RoomId, n: u64) -> bool {
        let stays = self.stays.get(&(epoch, member, room));
        stays.is_some_and(|stays| stays.iter().any(|(from, to)| (*from..=*to).contains(&n)))
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

pub(crate) fn me(view: &View) -> Option<&Member> {
    if let IdentityView::Somebody { me, .. } = &view.identity { Some(me) } else { None }
}

impl World {
    /// Looks at a page after it was given something.
    pub(crate) fn look(&mut self, id: PageId) -> Result<(), Broken> {
        let page = &mut self.pages[id.index];
        let view = page.client.view();
        let before = std::mem::replace(&mut page.view, view.clone());
        let is_checked = std::mem::replace(&mut page.is_checked, true);
        page.typed.take_if(|(.., name)| me(&view).is_none_or(|me| me.name != *name));
        if let Some((room, text, _)) = &page.typed
            && *room == view.room
            && !view.draft.text.contains(text)
        {
            let shown = &view.draft.text;
            return Err(Broken(format!("(i) page {} shows {shown:?}, where {text:?} was typed", id.index)));
        }
        let is_checked = is_checked && before.room == view.room;
        if is_checked && Rc::ptr_eq(&before.rows, &view.rows) {
            return Ok(());
        }
        // Rows that were looked at before, in the same places, need no second look.
        let same = before.rows.iter().zip(&*view.rows).take_while(|(old, new)| Rc::ptr_eq(old, new));
        let checked = if is_checked { same.count() } else { 0 };
        let (checked, rows) = view.rows.split_at(checked);
        self.check_rows(id, checked, rows).map_err(|broken| Broken(format!("page {}: {broken}", id.index)))
    }

    fn check_rows(&mut self, id: PageId, checked: &[Rc<Row>], rows: &[Rc<Row>]) -> Result<(), Broken> {
        let broken = |what: &str, row: &Row| Err(Broken(format!("{what}: {row:?}")));
        let all = checked.iter().chain(rows);
        if all.count() > WINDOW_ROWS_MAX {
            return Err(Broken(format!("(d) {} rows", checked.len() + rows.len())));
        }
        let epoch = self.pages[id.index].epoch;
        let me = me(&self.pages[id.index].view).map(|me| me.id);
        let browsers: Vec<usize> = self.pages.iter().map(|page| page.browser).collect();
        let ledger = &mut self.ledger;
        let open = self.pages[id.index].view.room;
        let place_of = |places: &BTreeMap<_, (RoomId, usize)>, row: &Row| {
            places.get(&(epoch?, row.key)).filter(|(room, _)| *room == open).map(|(_, place)| *place)
        };
        let mut place = checked.last().and_then(|row| place_of(&ledger.places, row));
        let mut settled_is_over = checked.last().is_some_and(|row| row.state != RowState::Settled);
        let mut pending = BTreeSet::new();
        for row in rows {
            let message = row.key.client_id;
            let Some(said) = ledger.said.get(&message) else {
                return broken("(a) nobody said this", row);
            };
            if *said.text != *row.text {
                return broken("(a) another text than was said", row);
            }
            if row.state != RowState::Settled {
                if row.state == RowState::Sending && me != Some(row.key.author) {
                    return broken("(g) on its way under a key that it will not have", row);
                }
                settled_is_over = true;
                let above = checked.iter().chain(rows).take_while(|other| !Rc::ptr_eq(other, row));
                let mut above = above.into_iter().filter(|_| !said.taken_over);
                if !pending.insert(message) || above.any(|other| other.key.client_id == message) {
                    return broken("(g) two rows of one message", row);
                }
                continue;
            }
            if settled_is_over {
                return broken("(b) a settled row below one that is not", row);
            }
            let Some(here) = place_of(&ledger.places, row) else {
                return broken("(a, g) settled under a key that the log does not have", row);
            };
            // A row of our own may stand ahead of others that are on their way, also while whose it was has
            // just become another.
            let is_ours = row.mine || browsers[said.page.index] == browsers[id.index];
            // Places that ascend are never the same twice: no two rows share a key.
            let follows = place.is_none_or(|before| here == before + 1 || (is_ours && here > before));
            if !follows {
                return broken(&format!("(b, g) at {here} in the log, after {place:?}"), row);
            }
            place = Some(here);
            // By this page, an earlier life of it, or another page of its browser.
            if browsers[said.page.index] == browsers[id.index] {
                ledger.acknowledged.extend(epoch.map(|epoch| (epoch, row.key)));
            }
        }
        Ok(())
    }

    /// Who should be present to this page's knowledge and is not, or the other way round.
    pub(crate) fn missing_people(&self, page: &Page) -> Option<String> {
        let members = &self.server.log.house().members;
        let mut expected: BTreeMap<MemberId, (bool, String)> = BTreeMap::new();
        for other in &self.pages {
            if let Some(me) = me(&other.view) {
                let name = members.get(me.id).map(|member| member.name).unwrap_or_default();
                expected.entry(me.id).or_insert((true, name)).0 &= !other.visible;
            }
        }
        let people = page.view.people.iter();
        let shown: BTreeMap<MemberId, (bool, String)> =
            people.map(|person| (person.id, (person.away, person.name.to_string()))).collect();
        let count = usize::try_from(page.view.people_count).unwrap_or(usize::MAX);
        (shown != expected || count != expected.len())
            .then(|| format!("(c) page {} sees {shown:?}, {count}; present are {expected:?}", page.id.index))
    }

    /// The end, when all agree and every page was paged to the start.
    pub(crate) fn judge(&mut self) -> Result<(), Broken> {
        let epoch = self.server.log.epoch();
        for page in &self.pages {
            self.check_against_fresh(page)?;
        }
        let rooms: Vec<RoomId> = self.server.log.house().rooms.all().map(|(id, _)| id).collect();
        let log: Vec<&Message> = rooms.iter().flat_map(|room| self.ledger.log(epoch, *room)).collect();
        self.check_what_was_said(epoch, &log)
    }

    /// (a) What was acknowledged is there, what was sent was acknowledged, once; (b) in the sender's order.
    fn check_what_was_said(&self, epoch: Epoch, log: &[&Message]) -> Result<(), Broken> {
        for (when, key) in &self.ledger.acknowledged {
            if !self.ledger.places.contains_key(&(*when, *key)) {
                return Err(Broken(format!("(a) acknowledged and gone: {key}")));
            }
        }
        let mut places: BTreeMap<ClientId, (usize, MemberId)> = BTreeMap::new();
        for (place, message) in log.iter().enumerate() {
            let may_be_twice = self.ledger.said.get(&message.client_id).is_some_and(|said| said.taken_over);
            if places.insert(message.client_id, (place, message.author)).is_some() && !may_be_twice {
                return Err(Broken(format!("(a) twice in the log: {}", message.text)));
            }
        }
        let mut last: BTreeMap<(PageId, MemberId, RoomId), (u64, usize)> = BTreeMap::new();
        let mut in_order: Vec<_> = self.ledger.said.iter().collect();
        in_order.sort_by_key(|(_, said)| said.order);
        for (client_id, said) in in_order {
            let place = places.get(client_id);
            // What an earlier log had went with it.
            let was_there = self.ledger.texts.iter().any(|(_, had)| had == client_id);
            if place.is_none() && !said.dropped && !was_there {
                return Err(Broken(format!("(a) sent and lost: {}", said.text)));
            }
            // What somebody gave up by signing out may be sent by another page of the browser, later.
            // Whoever becomes another is another sender: pages of one browser that join at once are two, until
            // they find that one of them is the browser's.
            if let (Some((place, author)), false) = (place, said.retried || said.dropped) {
                let before = last.insert((said.page, *author, said.room), (said.order, *place));
                if before.is_some_and(|(_, before)| before > *place) {
                    return Err(Broken(format!(
                        "(b) overtaken by what was sent later in {epoch}: {}",
                        said.text
                    )));
                }
            }
        }
        Ok(())
    }

    /// (c) What the page has made of it all is what a page that was just opened sees.
    fn check_against_fresh(&self, page: &Page) -> Result<(), Broken> {
        let fresh = self.fresh(page).ok_or_else(|| Broken("no fresh page could be had".to_owned()))?;
        let both = page.view.rows.iter().rev().zip(fresh.rows.iter().rev());
        for (held, fresh) in both {
            if held != fresh {
                return Err(Broken(format!(
                    "(c) page {} has {held:?}, a fresh one {fresh:?}",
                    page.id.index
                )));
            }
        }
        let names = |view: &View| -> BTreeMap<MemberId, String> {
            view.people.iter().map(|person| (person.id, person.name.to_string())).collect()
        };
        if names(&page.view) != names(&fresh) {
            let (held, fresh) = (names(&page.view), names(&fresh));
            return Err(Broken(format!("(c) page {} sees {held:?}, a fresh one {fresh:?}", page.id.index)));
        }
        for (held, fresh) in page.view.rooms.iter().zip(&*fresh.rooms) {
            let same =
                (held.id, &held.name, &held.description) == (fresh.id, &fresh.name, &fresh.description);
            if !same || held.members.is_some_and(|members| Some(members) != fresh.members) {
                return Err(Broken(format!(
                    "(c) page {} has {held:?}, a fresh one {fresh:?}",
                    page.id.index
                )));
            }
        }
        let (held, fresh) = (page.view.rooms.len(), fresh.rooms.len());
        if held != fresh {
            return Err(Broken(format!("(c) page {} has {held} rooms of {fresh}", page.id.index)));
        }
        Ok(())
    }

    /// What a page of the same member would show if it were opened now.
    fn fresh(&self, page: &Page) -> Option<Rc<View>> {
        let me = me(&page.view)?;
        let log = &self.server.log;
        let (members, rooms) = (&log.house().members, &log.house().rooms);
        let present = page.view.people.iter().filter_map(|person| members.get(person.id));
        let present = present.map(|member| shared::event::Presence { member, away: false }).collect();
        let (room, as_of) = (page.view.room, log.house().head());
        let query = Query::History { room, at: PageAnchor::Newest, limit: 100, through: as_of };
        let QueryResult::Page(found) = log.read(&query) else { return None };
        let authors = found.messages.iter().filter_map(|message| members.get(message.author)).collect();
        let last = rooms.last(Address::Room(room));
        let room = RoomSnapshot { room, as_of, last, messages: found.messages, older: found.older, authors };
        let welcome = Event::Welcome(Box::new(Welcome {
            reference: 1,
            build: "dev".to_owned(),
            through: Cursor { epoch: log.epoch(), n: as_of },
            you: members.get(me.id)?,
            resumed: false,
            as_of,
            rooms: rooms.entries(me.id),
            room: Some(room),
            present,
            present_count: page.view.people_count,
        }));
        let mut client = Client::new(0);
        let mut out = Vec::new();
        for input in [
            Input::Started { build: "dev".to_owned(), name: None },
            Input::RowsLoaded(None),
            Input::IdentityFetched(Ok(Some(me.clone()))),
            Input::OpenRoom(page.view.room),
            Input::ConnectionOpened(ConnectionId(1)),
            Input::FrameReceived(ConnectionId(1), serde_json::to_string(&welcome).ok()?),
        ] {
            client.handle(input, 0, &mut out);
        }
        let view = client.view();
        view.connection.welcomed.then_some(view)
    }
}
