//! The workload: the users' actions. They join, create and join rooms, write all the time, page back and
//! press *Reconnect now*. In the end they wait until nothing is unfinished.

use client::input::Input;
use client::transport::Transport;
use client::view::{Edge, IdentityView, RowState, View};
use shared::{ClientId, RoomId};

use super::browser::Browser;
use super::oracle::PageId;
use super::world::World;

/// Longest pause of a user between two actions, in milliseconds.
const PAUSE_MS_MAX: u64 = 700;
/// Largest count of posts that a user sends at once.
const BURST_MAX: u64 = 6;
/// Unsent messages at which a user writes no more until some have left.
const WAITING_MAX: u32 = 100;
/// Each second, one page in this many is set to another transport.
const SWITCH_ONE_IN: u64 = 3;
/// One switch in this many lets the page choose the transport itself.
const UNPIN_ONE_IN: u64 = 4;
/// Each second, the network of one page in this many blocks another transport.
const BLOCK_ONE_IN: u64 = 10;

impl World {
    /// Performs the actions of all users that are due.
    pub(super) fn act_users(&mut self, rooms: usize) {
        let now = self.now();
        for index in 0..self.pages.len() {
            let page = &mut self.pages[index];
            if page.is_started && page.acts_at <= now {
                page.acts_at = now + self.rng.between(1, PAUSE_MS_MAX);
                let id = page.id;
                self.act_user(id, rooms);
            }
        }
    }

    fn act_user(&mut self, id: PageId, rooms: usize) {
        let view = self.pages[id.index].client.view();
        match &*view.identity {
            IdentityView::Unknown { .. } | IdentityView::Nobody { busy: true, .. } => {}
            IdentityView::Nobody { .. } => self.request_name(id, &view),
            IdentityView::Somebody { .. } => {
                self.ensure_rooms(id, &view, rooms);
                if view.composer.waiting > WAITING_MAX {
                    return;
                }
                match self.rng.between(0, 99) {
                    0..80 => self.send_posts(id, &view),
                    80..86 => {
                        if let Some(room) = self.pick_room(&view) {
                            self.deliver(id, Input::OpenRoom(room));
                        }
                    }
                    86..90 => {
                        self.deliver(id, Input::FollowEnd(view.pane().conversation, false));
                        self.deliver(id, Input::LoadOlder(view.pane().conversation));
                    }
                    90..92 => {
                        self.deliver(id, Input::JumpToLatest(view.pane().conversation));
                        self.deliver(id, Input::FollowEnd(view.pane().conversation, true));
                    }
                    92..94 => {
                        let (conversation, text) = (view.pane().conversation, "half a word".to_owned());
                        self.deliver(id, Input::DraftChanged { conversation, text });
                    }
                    94..96 if !view.connection.welcomed => self.deliver(id, Input::ReconnectNow),
                    _ => {}
                }
                self.retry_failed(id, &view);
            }
        }
    }

    /// Asks for a name.
    pub(super) fn request_name(&mut self, id: PageId, view: &View) {
        let IdentityView::Nobody { name, refusal, .. } = &*view.identity else { return };
        let suggested = refusal.as_ref().and_then(|refusal| refusal.suggestion.clone());
        let remembered = (!name.is_empty() && refusal.is_none()).then(|| name.to_string());
        let name = suggested.or(remembered).unwrap_or_else(|| format!("Member {}", id.index));
        self.deliver(id, Input::Join { name });
    }

    /// Creates and joins the rooms of the run. Returns `true` while a room is missing or a command is
    /// pending.
    fn ensure_rooms(&mut self, id: PageId, view: &View, rooms: usize) -> bool {
        let name = |number: usize| format!("Room {number}");
        let is_in = |number: &usize| view.rooms.iter().any(|room| *room.name == *name(*number));
        let missing = (0..rooms).find(|number| !is_in(number));
        if let Some(pending) = view.pending.first() {
            if let RowState::Failed(_) = pending.state {
                // Another user created the room first, or an earlier life of this page. The search will find
                // it.
                self.deliver(id, Input::Discard(pending.key));
            }
            return true;
        }
        let Some(missing) = missing else { return false };
        let name = name(missing);
        let client_id = ClientId(self.rng.bytes());
        match view.directory.as_deref() {
            None => self.deliver(id, Input::SearchDirectory { find: name }),
            Some(found) if found.edge == Edge::Loading => {}
            Some(found) => {
                match found.rooms.iter().find(|room| room.name == name) {
                    Some(room) => self.deliver(id, Input::JoinRoom { client_id, room: room.id }),
                    None if missing % self.browsers.len() == id.index => {
                        let description = "for the run".to_owned();
                        self.deliver(id, Input::CreateRoom { client_id, name, description });
                    }
                    None => {}
                }
                self.deliver(id, Input::CloseDirectory);
            }
        }
        true
    }

    fn send_posts(&mut self, id: PageId, view: &View) {
        let Some(room) = self.pick_room(view) else { return };
        let burst = if self.rng.one_in(8) { self.rng.between(2, BURST_MAX) } else { 1 };
        for _ in 0..burst {
            if !self.pages[id.index].client.can_send() {
                return;
            }
            let client_id = ClientId(self.rng.bytes());
            let text = self.oracle.next_text(id);
            self.oracle.record_sent(client_id, id, room, &text);
            self.deliver(id, Input::Send { client_id, conversation: room.into(), text });
        }
    }

    fn pick_room(&mut self, view: &View) -> Option<RoomId> {
        self.rng.pick(&view.rooms).map(|room| room.id)
    }

    /// Sends a refused row once more. No row should be refused.
    fn retry_failed(&mut self, id: PageId, view: &View) {
        let failed = view.pane().rows.iter().find(|row| matches!(row.state, RowState::Failed(_)));
        if let Some(row) = failed {
            self.oracle.record_retried(row.key.client_id);
            self.deliver(id, Input::Retry(row.key));
        }
    }

    /// Each second, tells some pages to use another transport, and lets the network of some block another
    /// one.
    pub(super) fn switch_transports(&mut self) {
        let now = self.now();
        if !self.transport_switches.is_due(now) {
            return;
        }
        for index in 0..self.pages.len() {
            let page = &self.pages[index];
            let (id, is_started) = (page.id, page.is_started);
            if is_started && self.rng.one_in(SWITCH_ONE_IN) {
                let pinned = self.rng.pick(&Transport::ALL).copied();
                let pinned = pinned.filter(|_| !self.rng.one_in(UNPIN_ONE_IN));
                self.transport_switches.requested += 1;
                self.deliver(id, Input::PinTransport(pinned));
            }
            if self.rng.one_in(BLOCK_ONE_IN) {
                let blocked = self.rng.pick(&Transport::ALL).copied();
                self.pages[index].blocked = blocked.filter(|_| !self.rng.one_in(2));
            }
        }
    }

    /// Unblocks all transports. Pages that were told to use one transport keep it to the end.
    pub(super) fn unblock_all(&mut self) {
        self.pages.iter_mut().for_each(|page| page.blocked = None);
    }

    /// Reports to all pages that the network is online, as a browser does.
    pub(super) fn report_network_online(&mut self) {
        for index in 0..self.pages.len() {
            let id = self.pages[index].id;
            self.deliver(id, Input::NetworkReported { online: true });
        }
    }

    /// Helps pages at rest that need their user: for a name, or for a row that was refused.
    pub(super) fn assist_users(&mut self, rooms: usize) {
        let now = self.now();
        for index in 0..self.pages.len() {
            let page = &mut self.pages[index];
            if !page.is_started || page.acts_at > now {
                continue;
            }
            page.acts_at = now + PAUSE_MS_MAX;
            let id = page.id;
            let view = page.client.view();
            match &*view.identity {
                IdentityView::Nobody { busy: false, .. } => self.request_name(id, &view),
                IdentityView::Somebody { .. } if !self.ensure_rooms(id, &view, rooms) => {
                    self.retry_failed(id, &view)
                }
                _ => {}
            }
        }
    }

    /// Describes the first work that keeps a page from rest, if there is any.
    pub(super) fn find_unfinished(&mut self, rooms: usize) -> Option<String> {
        let lying = self.browsers.iter().map(Browser::load_rows).enumerate();
        if let Some((at, stored)) = lying.into_iter().find(|(_, stored)| !stored.rows.is_empty()) {
            return Some(format!("browser {at} has {:?}", stored.rows));
        }
        for page in &mut self.pages {
            let (at, view) = (page.id.index, page.client.view());
            let IdentityView::Somebody { busy: false, .. } = *view.identity else {
                return Some(format!("page {at} is {:?}", view.identity));
            };
            let is_waiting =
                view.composer.waiting > 0 || !view.pending.is_empty() || !view.notices.left_behind.is_empty();
            if !view.connection.welcomed
                || view.notices.catching_up
                || page.identity_requests > 0
                || !page.database_queue.is_empty()
                || is_waiting
            {
                let (link, waiting) = (&view.connection, view.composer.waiting);
                let (pending, left) = (&view.pending, &view.notices.left_behind);
                return Some(format!("page {at}: {link:?}, {waiting} unsent, {pending:?}, {left:?}"));
            }
            if view.rooms.len() <= rooms {
                return Some(format!("page {at} is in {} rooms", view.rooms.len()));
            }
        }
        None
    }
}
