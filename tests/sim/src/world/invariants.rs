//! The invariants: checked after each input of a page, and at the end of a run.

use super::World;
use crate::page::{Page, me};
use crate::page_id::PageId;
use crate::violation::Violation;
use client::Client;
use client::input::{ConnectionId, Input};
use client::limits::WINDOW_ROWS_MAX;
use client::view::{Row, RowState, View};
use hub::query::{Query, QueryResult};
use hub::read_markers::MarkedRoom;
use shared::command::PageAnchor;
use shared::event::{RoomSnapshot, Welcome};
use shared::{Address, ClientId, Cursor, Epoch, Event, MemberId, Message, Now, RoomId};
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

impl World {
    /// Checks a page's view after an input.
    pub(crate) fn check_page(&mut self, id: PageId) -> Result<(), Violation> {
        let page = &mut self.pages[id.index];
        let view = page.client.view();
        let before = std::mem::replace(&mut page.view, view.clone());
        let is_checked = std::mem::replace(&mut page.is_checked, true);
        page.typed.take_if(|(.., name)| me(&view).is_none_or(|me| me.name != *name));
        if let Some((room, text, _)) = &page.typed
            && *room == view.room()
            && let actual = page.client.draft_text()
            && !actual.contains(text)
        {
            return Err(Violation(format!(
                "(i) page {} shows {actual:?} instead of the draft {text:?}",
                id.index
            )));
        }
        if page.roll_backs != self.server.roll_backs {
            // The page does not know yet that the log has lost some of its rows.
            page.is_checked = false;
            return Ok(());
        }
        let is_checked = is_checked && before.room() == view.room();
        if is_checked && Rc::ptr_eq(&before.pane().rows, &view.pane().rows) {
            return Ok(());
        }
        // Rows that were checked before and have not moved need no second check.
        let same =
            before.pane().rows.iter().zip(&*view.pane().rows).take_while(|(old, new)| Rc::ptr_eq(old, new));
        let checked = if is_checked { same.count() } else { 0 };
        let (checked, rows) = view.pane().rows.split_at(checked);
        self.check_rows(id, checked, rows)
            .map_err(|violation| Violation(format!("page {}: {violation}", id.index)))
    }

    fn check_rows(&mut self, id: PageId, checked: &[Rc<Row>], rows: &[Rc<Row>]) -> Result<(), Violation> {
        let violation = |what: &str, row: &Row| Err(Violation(format!("{what}: {row:?}")));
        let all = checked.iter().chain(rows);
        if all.count() > WINDOW_ROWS_MAX {
            return Err(Violation(format!("(d) {} rows", checked.len() + rows.len())));
        }
        let epoch = self.pages[id.index].epoch;
        let me = me(&self.pages[id.index].view).map(|me| me.id);
        let browsers: Vec<usize> = self.pages.iter().map(|page| page.browser).collect();
        let oracle = &mut self.oracle;
        let open = self.pages[id.index].view.room();
        let position_of = |positions: &BTreeMap<_, (RoomId, usize)>, row: &Row| {
            positions.get(&(epoch?, row.key)).filter(|(room, _)| *room == open).map(|(_, position)| *position)
        };
        let mut position = checked.last().and_then(|row| position_of(&oracle.positions, row));
        let mut has_unsettled = checked.last().is_some_and(|row| row.state != RowState::Settled);
        let mut pending = BTreeSet::new();
        for row in rows {
            let message = row.key.client_id;
            let Some(sent) = oracle.sent_messages.get(&message) else {
                return violation("(a) no user sent this message", row);
            };
            if *sent.text != *row.text {
                return violation("(a) the text differs from the one that was sent", row);
            }
            if row.state != RowState::Settled {
                if row.state == RowState::Sending && me != Some(row.key.author) {
                    return violation("(g) the key of a row in flight will change", row);
                }
                has_unsettled = true;
                let above = checked.iter().chain(rows).take_while(|other| !Rc::ptr_eq(other, row));
                let mut above = above.into_iter().filter(|_| !sent.adopted);
                if !pending.insert(message) || above.any(|other| other.key.client_id == message) {
                    return violation("(g) two rows of one message", row);
                }
                continue;
            }
            if has_unsettled {
                return violation("(b) a settled row follows an unsettled one", row);
            }
            let Some(current) = position_of(&oracle.positions, row) else {
                return violation("(a, g) a settled row whose key the log lacks", row);
            };
            // An own row may precede events that are still on their way, also right after the member changed.
            let is_ours = row.mine || browsers[sent.page.index] == browsers[id.index];
            // Ascending positions are distinct, so no two rows share a key.
            let is_in_order =
                position.is_none_or(|before| current == before + 1 || (is_ours && current > before));
            if !is_in_order {
                return violation(&format!("(b, g) at {current} in the log, after {position:?}"), row);
            }
            position = Some(current);
            // The sender is this page, an earlier generation of it, or another tab of its browser.
            if browsers[sent.page.index] == browsers[id.index] {
                oracle.acknowledged.extend(epoch.map(|epoch| (epoch, row.key)));
            }
        }
        Ok(())
    }

    /// Checks (c) for presence: returns the difference between the listed and the present people.
    /// A node knows the presence of its own sessions only.
    pub(crate) fn missing_people(&self, page: &Page) -> Option<String> {
        if self.server.nodes.len() > 1 {
            return None;
        }
        let members = &self.server.log.house().members;
        let mut expected: BTreeMap<MemberId, (bool, String)> = BTreeMap::new();
        for other in &self.pages {
            if let Some(me) = me(&other.view) {
                let name = members.get(me.id).map(|member| member.name).unwrap_or_default();
                expected.entry(me.id).or_insert((true, name)).0 &= !other.visible;
            }
        }
        let people = page.view.people.list.iter();
        let actual: BTreeMap<MemberId, (bool, String)> =
            people.map(|person| (person.id, (person.away, person.name.to_string()))).collect();
        let count = usize::try_from(page.view.people.count).unwrap_or(usize::MAX);
        (actual != expected || count != expected.len())
            .then(|| format!("(c) page {} sees {actual:?}, {count}; present are {expected:?}", page.id.index))
    }

    /// Checks (r): returns the first room whose badge differs from the number of others' messages after the marker
    /// that the store holds.
    pub(crate) fn wrong_badge(&self, page: &Page) -> Option<String> {
        let me = me(&page.view)?.id;
        let log = &self.server.log;
        let rooms: Vec<MarkedRoom> = log.house().rooms.entries(me).iter().map(MarkedRoom::from).collect();
        let through = log.house().head();
        let query = Query::Markers { member: me, rooms: rooms.clone(), through, counts: false };
        let QueryResult::Markers(markers) = log.read(&query) else { return None };
        let attended = page.visible && page.has_focus && page.view.pane().following;
        for (marked, marker) in rooms.iter().zip(&markers) {
            let messages = self.oracle.log(log.epoch(), marked.room).iter();
            let unread =
                messages.filter(|message| message.n > marker.n && message.author != me).count() as u64;
            let is_attended = attended && page.view.room() == marked.room;
            let expected = if is_attended { 0 } else { unread };
            let shown = page.view.rooms.iter().find(|item| item.id == marked.room).map(|item| item.unread);
            if shown.map(u64::from) != Some(expected) {
                let index = page.id.index;
                return Some(format!(
                    "(r) page {index} shows {shown:?} unread of {expected} in {marked:?}, {marker:?}"
                ));
            }
        }
        None
    }

    /// Checks the end of a run, after every page was paged to the start.
    pub(crate) fn check_end(&mut self) -> Result<(), Violation> {
        let epoch = self.server.log.epoch();
        for page in &self.pages {
            self.check_against_fresh(page)?;
        }
        if let Some(event) = &self.oracle.written_to_archive {
            return Err(Violation(format!("(o) an archived room got {event:?}")));
        }
        self.check_nodes()?;
        let rooms: Vec<RoomId> = self.server.log.house().rooms.all().map(|(id, _)| id).collect();
        let log: Vec<&Message> = rooms.iter().flat_map(|room| self.oracle.log(epoch, *room)).collect();
        self.check_sent_messages(epoch, &log)
    }

    /// Checks (p): the hub of each node holds the rooms of the log.
    fn check_nodes(&self) -> Result<(), Violation> {
        let wanted: Vec<_> = self.server.log.house().rooms.all().collect();
        for (index, node) in self.server.nodes.iter().enumerate() {
            let held: Vec<_> = node.hub.house().rooms.all().collect();
            if held != wanted {
                return Err(Violation(format!("(p) node {index} holds {held:?}; the log has {wanted:?}")));
            }
        }
        Ok(())
    }

    /// Checks (a): every acknowledged message is in the log, and every sent one is there once. Checks (b):
    /// each sender's order is kept.
    fn check_sent_messages(&self, epoch: Epoch, log: &[&Message]) -> Result<(), Violation> {
        for (when, key) in &self.oracle.acknowledged {
            if !self.oracle.positions.contains_key(&(*when, *key)) {
                return Err(Violation(format!("(a) acknowledged and lost: {key}")));
            }
        }
        let mut positions: BTreeMap<ClientId, (usize, MemberId)> = BTreeMap::new();
        for (position, message) in log.iter().enumerate() {
            let may_be_twice =
                self.oracle.sent_messages.get(&message.client_id).is_some_and(|sent| sent.adopted);
            if positions.insert(message.client_id, (position, message.author)).is_some() && !may_be_twice {
                return Err(Violation(format!("(a) twice in the log: {}", message.text)));
            }
        }
        let mut last: BTreeMap<(PageId, MemberId, RoomId), (u64, usize)> = BTreeMap::new();
        let mut in_order: Vec<_> = self.oracle.sent_messages.iter().collect();
        in_order.sort_by_key(|(_, sent)| sent.order);
        for (client_id, sent) in in_order {
            let position = positions.get(client_id);
            // A message of an earlier log was lost together with that log.
            let was_committed = self.oracle.committed.iter().any(|(_, had)| had == client_id);
            if position.is_none() && !sent.dropped && !was_committed {
                return Err(Violation(format!("(a) sent and lost: {}", sent.text)));
            }
            // Another tab may later send a message that was given up by signing out. A tab that becomes another
            // member is another sender: tabs that join at once are two members until one cookie wins.
            if let (Some((position, author)), false) = (position, sent.retried || sent.dropped) {
                let before = last.insert((sent.page, *author, sent.room), (sent.order, *position));
                if before.is_some_and(|(_, before)| before > *position) {
                    return Err(Violation(format!(
                        "(b) overtaken by a later message in {epoch}: {}",
                        sent.text
                    )));
                }
            }
        }
        Ok(())
    }

    /// Checks (c): the page's view equals the view of a page that was just opened.
    fn check_against_fresh(&self, page: &Page) -> Result<(), Violation> {
        let fresh =
            self.fresh_view(page).ok_or_else(|| Violation("a fresh page was not welcomed".to_owned()))?;
        let both = page.view.pane().rows.iter().rev().zip(fresh.pane().rows.iter().rev());
        for (held, fresh) in both {
            if held != fresh {
                return Err(Violation(format!(
                    "(c) page {} has {held:?}, a fresh one {fresh:?}",
                    page.id.index
                )));
            }
        }
        let names = |view: &View| -> BTreeMap<MemberId, String> {
            view.people.list.iter().map(|person| (person.id, person.name.to_string())).collect()
        };
        // A node knows the presence of its own sessions only.
        if self.server.nodes.len() == 1 && names(&page.view) != names(&fresh) {
            let (held, fresh) = (names(&page.view), names(&fresh));
            return Err(Violation(format!(
                "(c) page {} sees {held:?}, a fresh one {fresh:?}",
                page.id.index
            )));
        }
        for (held, fresh) in page.view.rooms.iter().zip(&*fresh.rooms) {
            let same =
                (held.id, &held.name, &held.description) == (fresh.id, &fresh.name, &fresh.description);
            if !same || held.members.is_some_and(|members| Some(members) != fresh.members) {
                return Err(Violation(format!(
                    "(c) page {} has {held:?}, a fresh one {fresh:?}",
                    page.id.index
                )));
            }
        }
        let (held, fresh) = (page.view.rooms.len(), fresh.rooms.len());
        if held != fresh {
            return Err(Violation(format!("(c) page {} has {held} rooms of {fresh}", page.id.index)));
        }
        Ok(())
    }

    /// Returns the view of a new page of the same member.
    fn fresh_view(&self, page: &Page) -> Option<Rc<View>> {
        let me = me(&page.view)?;
        let log = &self.server.log;
        let (members, rooms) = (&log.house().members, &log.house().rooms);
        let present = page.view.people.list.iter().filter_map(|person| members.get(person.id));
        let present = present.map(|member| shared::event::Presence { member, away: false }).collect();
        let (room, as_of) = (page.view.room(), log.house().head());
        let query = Query::History { room, at: PageAnchor::Newest, limit: 100, through: as_of };
        let QueryResult::Page(found) = log.read(&query) else { return None };
        let authors = found.messages.iter().filter_map(|message| members.get(message.author)).collect();
        let last = rooms.last(Address::Room(room));
        let room = RoomSnapshot { room, as_of, last, messages: found.messages, older: found.older, authors };
        let welcome = Event::Welcome(Box::new(Welcome {
            reference: 1,
            build: "dev".to_owned(),
            through: Cursor::new(log.epoch(), as_of),
            you: members.get(me.id)?,
            resumed: false,
            rolled_back: false,
            as_of,
            rooms: rooms.entries(me.id),
            room: Some(room),
            present,
            present_count: page.view.people.count,
        }));
        let mut client = Client::new(0);
        let mut out = Vec::new();
        for input in [
            Input::Started { build: "dev".to_owned(), name: None, join_id: ClientId([0; 16]) },
            Input::RowsLoaded(None),
            Input::IdentityFetched(Ok(Some(me.clone()))),
            Input::OpenRoom(page.view.room()),
            Input::ConnectionOpened(ConnectionId(1)),
            Input::FrameReceived(ConnectionId(1), serde_json::to_string(&welcome).ok()?),
        ] {
            client.handle(input, Now::default(), &mut out);
        }
        let view = client.view();
        view.connection.welcomed.then_some(view)
    }
}
