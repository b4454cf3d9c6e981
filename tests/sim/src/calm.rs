//! A story from its beginning to its end: the storm, and the calm in which
//! everything must come right.

use crate::Story;
use crate::fault::Mend;
use crate::network::Kind;
use crate::page::{Page, PageId};
use crate::promise::{Broken, key_of};
use crate::world::{Happening, World};
use client::input::Input;
use client::transport::Transport;
use client::view::{Edge, IdentityView, RowKey, RowState, View};
use shared::{ErrorCode, RoomId};
use std::collections::BTreeSet;

/// Refused messages that somebody looks at in one go.
const SCREEN: usize = 10;

/// Milliseconds of calm in which all must come to agree. A page whose dead
/// connection nobody told it of finds out after 60 s of silence and may wait up
/// to 30 s more; the server drops the session of a dead page at the second or
/// third ping, which is up to 85 s, and tells so within another.
const HEALED_MS: u64 = 150_000;

/// Milliseconds in which who polls is told of what was done last: what they say goes its own way, so
/// that they may have agreed to all while the poll that was to tell them is lost.
const POLLED_MS: u64 = 60_000;

/// Milliseconds in which a page of history must be there, in the calm.
const PAGED_MS: u64 = 60_000;

/// Milliseconds more for each message that waits by then: one is in flight at a time,
/// and a member's posts may be held to two a second.
const HEALED_MS_PER_ROW: u64 = 1_000;

/// Things that may happen until then, and more for each message that waits.
const HEALED_STEPS: u64 = 5_000;
const HEALED_STEPS_PER_ROW: u64 = 50;

impl World {
    pub(crate) fn play(mut self) -> Result<Story, Broken> {
        for index in 0..self.pages.len() {
            if self.plan.is_plain {
                self.pages[index].blocked = Some(Kind::Socket);
            }
            self.load(index)?;
            self.after(1, Happening::Act(index));
        }
        let wait = self.chance.between(1, self.plan.fault_ms);
        self.after(wait, Happening::Fault);
        if self.plan.switches > 0 {
            self.after(1_000, Happening::Switch);
        }
        let end = self.now + self.plan.storm_ms;
        while self.step(end)? {}
        self.heal()?;
        Ok(self.story)
    }

    fn heal(&mut self) -> Result<(), Broken> {
        let calm = self.now;
        let from = self.story.steps;
        self.storm = false;
        self.pages.iter_mut().for_each(|page| page.blocked = None);
        self.plan.delay_ms = self.plan.delay_ms.min(50);
        self.plan.commit_ms = self.plan.commit_ms.min(5);
        let shown = self.pages.iter().flat_map(|page| page.view.rows.iter());
        let unsettled = shown.filter(|row| row.state != RowState::Settled).map(|row| row.key.client_id);
        // What is stored and in nobody's sight may be sent by a page that finds it.
        let stored = self.browsers.iter().flat_map(|browser| browser.shelf.messages());
        let unsettled = unsettled.chain(stored).collect::<BTreeSet<_>>().len() as u64;
        let most_ms = HEALED_MS + unsettled * HEALED_MS_PER_ROW;
        let most_steps = HEALED_STEPS + unsettled * HEALED_STEPS_PER_ROW;
        if self.trace {
            println!("{calm:>8} -- calm --");
        }
        self.mend(Mend::Server)?;
        self.mend(Mend::Store)?;
        for index in 0..self.pages.len() {
            self.mend(Mend::Network(index))?;
        }
        self.after(0, Happening::Tend);
        // Once a second is enough to look whether all agree.
        loop {
            let second = self.now + 1_000;
            while self.step(second)? {
                if self.story.steps - from > most_steps {
                    return Err(Broken(format!("(f) no agreement after {most_steps} steps of calm")));
                }
            }
            let Some(missing) = self.disagreement() else { break };
            if self.now - calm > most_ms {
                return Err(Broken(format!("(f) no agreement after {most_ms} ms of calm: {missing}")));
            }
        }
        self.story.healed_ms = self.now - calm;
        self.reading = true;
        // What waits in rooms that are not open leaves first.
        for index in 0..self.pages.len() {
            let id = self.pages[index].id;
            for room in self.rooms_of(id) {
                self.give(id, Input::OpenRoom(room))?;
                self.until(id, "its messages to settle", |view| {
                    view.room == room && view.rows.iter().all(|row| row.state == RowState::Settled)
                })?;
            }
        }
        let polls = |page: &Page| page.view.connection.transport != Transport::WebSocket;
        if self.pages.iter().any(polls) {
            let end = self.now + POLLED_MS;
            while self.step(end)? {}
        }
        for index in 0..self.pages.len() {
            self.read_all(self.pages[index].id)?;
        }
        self.judge()
    }

    /// (a) Every room of a page, paged to the start, is its log: each message once, in order.
    fn read_all(&mut self, id: PageId) -> Result<(), Broken> {
        let epoch = self.server.log.epoch();
        for room in self.rooms_of(id) {
            self.give(id, Input::OpenRoom(room))?;
            self.give(id, Input::JumpToLatest)?;
            self.give(id, Input::FollowEnd(true))?;
            let newest = self.ledger.newest(epoch, room);
            self.until(id, "its newest message", |view| {
                view.room == room && view.newer == Edge::End && view.rows.last().map(|row| row.key) == newest
            })?;
            let mut seen: BTreeSet<RowKey> =
                self.pages[id.index].view.rows.iter().map(|row| row.key).collect();
            loop {
                self.until(id, "older messages", |view| matches!(view.older, Edge::End | Edge::More))?;
                let view = &self.pages[id.index].view;
                seen.extend(view.rows.iter().map(|row| row.key));
                if view.older == Edge::End {
                    break;
                }
                let first = view.rows.first().map(|row| row.key);
                // Whoever reads what is older has scrolled away from the end.
                self.give(id, Input::FollowEnd(false))?;
                self.give(id, Input::LoadOlder)?;
                self.until(id, "an older message", |view| {
                    view.rows.first().map(|row| row.key) != first || view.older == Edge::End
                })?;
            }
            let log: BTreeSet<RowKey> = self.ledger.log(epoch, room).iter().map(key_of).collect();
            // A reply by a request of its own may be there before what was said just before it.
            self.give(id, Input::JumpToLatest)?;
            self.until(id, "what is on its way", |view| {
                log.iter().all(|key| seen.contains(key) || view.rows.iter().any(|row| row.key == *key))
            })?;
            seen.extend(self.pages[id.index].view.rows.iter().map(|row| row.key));
            self.story.paged += u64::try_from(seen.len()).unwrap_or(u64::MAX);
            if seen != log {
                let (seen, log) = (seen.len(), log.len());
                let at = id.index;
                return Err(Broken(format!("(a) page {at} saw {seen} messages of {log} in {room:?}")));
            }
        }
        self.give(id, Input::JumpToLatest)
    }

    /// Lets things happen until this page shows something.
    fn until(&mut self, id: PageId, what: &str, is_so: impl Fn(&View) -> bool) -> Result<(), Broken> {
        let end = self.now + PAGED_MS;
        while !is_so(&self.pages[id.index].view) {
            if !self.step(end)? {
                let view = &self.pages[id.index].view;
                let (room, older, newer) = (view.room, view.older, view.newer);
                let shown = view.rows.len();
                return Err(Broken(format!(
                    "(a) page {} waits for {what}: {room:?}, {older:?}, {newer:?}, {shown} rows",
                    id.index
                )));
            }
        }
        Ok(())
    }

    /// People look after what needs them: a name, a row that failed, what somebody left. And in
    /// each room somebody says a last word: who missed the one before it sees so by this.
    pub(crate) fn tend(&mut self) -> Result<(), Broken> {
        self.after(1_000, Happening::Tend);
        if self.reading {
            return Ok(());
        }
        for room in self.rooms_of_pages() {
            let speaker = self
                .pages
                .iter()
                .find(|page| page.view.connection.welcomed && page.view.can_send && is_in(page, room));
            if let Some(id) = speaker.map(|page| page.id)
                && self.last_words.insert(room)
            {
                self.say(id, room)?;
            }
        }
        for index in 0..self.pages.len() {
            let id = self.pages[index].id;
            if let IdentityView::Nobody { busy: false, .. } = self.pages[index].view.identity {
                self.join(id)?;
            } else if self.failed(id).is_some() {
                self.look_through(id)?;
            } else if let Some(room) = self.pages[index].view.rooms.iter().find(|room| room.failed) {
                // What was refused there is seen there.
                let room = room.id;
                self.give(id, Input::OpenRoom(room))?;
            } else {
                self.take_over(id)?;
            }
            let view = &self.pages[index].view;
            if !view.following || view.newer != Edge::End {
                self.give(id, Input::JumpToLatest)?;
                self.give(id, Input::FollowEnd(true))?;
            }
        }
        Ok(())
    }

    /// Somebody looks through what was refused, a screen of it at a time.
    fn look_through(&mut self, id: PageId) -> Result<(), Broken> {
        for _ in 0..SCREEN {
            let Some(key) = self.failed(id) else { break };
            let view = &self.pages[id.index].view;
            let states = view.rows.iter().map(|row| (row.key, row.state));
            let states = states.chain(view.pending.iter().map(|pending| (pending.key, pending.state)));
            let state = states.into_iter().find(|(other, _)| *other == key).map(|(_, state)| state);
            match state {
                // Nobody can help that.
                Some(RowState::Failed(code)) if code != ErrorCode::SignInRequired => {
                    self.ledger.discarded(key.client_id);
                    // It may have been the last word there.
                    let room = view.room;
                    self.last_words.remove(&room);
                    self.give(id, Input::Discard(key))?;
                }
                _ => self.again(id, key)?,
            }
        }
        Ok(())
    }

    fn rooms_of(&self, id: PageId) -> Vec<RoomId> {
        self.pages[id.index].view.rooms.iter().map(|room| room.id).collect()
    }

    /// Rooms that some page is in.
    fn rooms_of_pages(&self) -> BTreeSet<RoomId> {
        self.pages.iter().flat_map(|page| page.view.rooms.iter().map(|room| room.id)).collect()
    }

    /// What still keeps the pages from agreeing.
    fn disagreement(&self) -> Option<String> {
        if self.rooms_of_pages().iter().any(|room| !self.last_words.contains(room)) {
            return Some("the last words are to come".to_owned());
        }
        if let Some(rows) = self.browsers.iter().map(|browser| browser.shelf.rows()).find(|rows| *rows > 0) {
            return Some(format!("{rows} rows are stored"));
        }
        let epoch = self.server.log.epoch();
        for page in &self.pages {
            let at = page.id.index;
            let view = &page.view;
            // Where nothing can be stored only the page has it.
            if view.rooms.iter().any(|room| room.failed) || self.failed(page.id).is_some() {
                return Some(format!("page {at} has what was refused"));
            }
            let IdentityView::Somebody { busy: false, .. } = view.identity else {
                return Some(format!("page {at} is {:?}", view.identity));
            };
            if !view.connection.welcomed || page.asking > 0 || view.catching_up {
                return Some(format!("page {at} is not welcome: {:?}", view.connection));
            }
            if page.epoch != Some(epoch) {
                return Some(format!("page {at} is in {:?}", page.epoch));
            }
            if view.waiting > 0 || !view.pending.is_empty() || !view.left_behind.is_empty() {
                return Some(format!(
                    "page {at}: {} wait, {:?}, {:?}",
                    view.waiting, view.pending, view.left_behind
                ));
            }
            let unsettled = view.rows.iter().find(|row| row.state != RowState::Settled);
            if let Some(row) = unsettled {
                return Some(format!("page {at} has {row:?}"));
            }
            if view.rows.last().map(|row| row.key) != self.ledger.newest(epoch, view.room) {
                return Some(format!("page {at} has not the newest message of {:?}", view.room));
            }
            if let Some(missing) = self.missing_people(page) {
                return Some(missing);
            }
        }
        None
    }
}

fn is_in(page: &Page, room: RoomId) -> bool {
    page.view.rooms.iter().any(|item| item.id == room)
}
