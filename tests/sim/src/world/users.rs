//! Actions of the users: messages, rooms, names, reading, tabs.

use super::World;
use crate::event::SimEvent;
use crate::page_id::PageId;
use crate::server::ELSEWHERE;
use crate::violation::Violation;
use client::input::Input;
use client::view::{IdentityView, RowKey, RowState};
use hub::house::change::Change;
use shared::command::PageAnchor;
use shared::{ClientId, RoomId};

/// Names for joining. There are few, so that some are taken.
const NAMES: &[&str] = &["Ann", "Bo", "Cy", "Di", "Eve", "小茶", "Gus"];

/// Names for rooms, few for the same reason.
const ROOMS: &[&str] = &["Oolong", "Pu'er", "品茶", "Oolong 2"];

impl World {
    /// Performs one random action of the user of a page and schedules the next.
    pub(crate) fn act(&mut self, index: usize) -> Result<(), Violation> {
        if !self.is_fault_phase {
            return Ok(());
        }
        let wait = self.rng.between(1, self.plan.action_interval_ms);
        self.schedule(wait, SimEvent::UserAction(index));
        let id = self.pages[index].id;
        match &*self.pages[index].view.identity {
            IdentityView::Unknown { .. } => Ok(()),
            IdentityView::Nobody { .. } => self.join(id),
            IdentityView::Somebody { .. } => self.act_as_member(id),
        }
    }

    pub(crate) fn join(&mut self, id: PageId) -> Result<(), Violation> {
        let IdentityView::Nobody { name, refusal, .. } = &*self.pages[id.index].view.identity else {
            return Ok(());
        };
        let suggested = refusal.as_ref().and_then(|refusal| refusal.suggestion.clone());
        let remembered = (!name.is_empty() && refusal.is_none()).then(|| name.to_string());
        let name = suggested.or(remembered).unwrap_or_else(|| self.pick_name());
        self.dispatch(id, Input::Join { name })
    }

    fn pick_name(&mut self) -> String {
        self.rng.pick(NAMES).unwrap_or("Ann").to_owned()
    }

    fn act_as_member(&mut self, id: PageId) -> Result<(), Violation> {
        if self.plan.tab_percent > 0 && self.rng.below(100) < self.plan.tab_percent {
            return match self.rng.below(3) {
                0 => self.load(id.index),
                _ => self.toggle_visibility(id),
            };
        }
        let posts = self.rng.below(100) < self.plan.post_percent;
        match if posts { 0 } else { self.rng.between(50, 99) } {
            0..50 => {
                let burst = if self.rng.one_in(8) { self.rng.between(2, self.plan.burst_max) } else { 1 };
                let room = self.pages[id.index].view.room();
                (0..burst).try_for_each(|_| self.send_message(id, room))
            }
            50..64 => self.change_rooms(id),
            64..76 => self.read_history(id),
            76..79 => self.dispatch(id, Input::ReconnectNow),
            79..84 => self.toggle_visibility(id),
            84..88 => {
                let name = self.pick_name();
                self.dispatch(id, Input::Rename { name })
            }
            88..90 => self.dispatch(id, Input::SignOut),
            90..93 => self.load(id.index),
            93..96 => {
                let Some(key) = self.failed_row(id) else { return Ok(()) };
                if self.rng.one_in(4) {
                    self.oracle.record_discard(key.client_id);
                    return self.dispatch(id, Input::Discard(key));
                }
                self.retry_row(id, key)
            }
            96..98 => self.adopt_rows(id),
            _ => self.dispatch(id, Input::DismissEpoch),
        }
    }

    /// Shows or hides a page.
    fn toggle_visibility(&mut self, id: PageId) -> Result<(), Violation> {
        let visible = !self.pages[id.index].visible;
        self.pages[id.index].visible = visible;
        if visible {
            self.tick_now(id);
        }
        self.dispatch(id, Input::VisibilityChanged(visible))
    }

    /// Opens, creates, joins, leaves, changes, archives or restores a random room.
    fn change_rooms(&mut self, id: PageId) -> Result<(), Violation> {
        let client_id = ClientId(self.rng.bytes());
        let all: Vec<RoomId> = self.server.log.house().rooms.all().map(|(id, _)| id).collect();
        let ours: Vec<RoomId> = self.pages[id.index].view.rooms.iter().map(|room| room.id).collect();
        let any = self.rng.pick(&all).unwrap_or(RoomId::LOBBY);
        let own = self.rng.pick(&ours).unwrap_or(RoomId::LOBBY);
        let name = self.rng.pick(ROOMS).unwrap_or("Oolong").to_owned();
        let description = format!("about {}", self.rng.below(100));
        // In an archived room no later message reveals a gap.
        if !self.plan.faulty_fanout && self.rng.one_in(2) {
            self.archive_or_restore(client_id);
            return Ok(());
        }
        match self.rng.below(10) {
            0..4 => self.dispatch(id, Input::OpenRoom(own)),
            4..6 => self.dispatch(id, Input::CreateRoom { client_id, name, description }),
            6..8 => self.dispatch(id, Input::JoinRoom { client_id, room: any }),
            8 => self.dispatch(id, Input::LeaveRoom { client_id, room: own }),
            _ => self.dispatch(id, Input::ChangeRoom { client_id, room: own, name, description }),
        }
    }

    /// Archives a room, or restores it, as its maker does in a newer page, which has the command.
    fn archive_or_restore(&mut self, client_id: ClientId) {
        let rooms = self.server.log.house().rooms.all();
        let made: Vec<_> = rooms.filter_map(|(id, state)| Some((id, state.maker?, state.archived))).collect();
        if let Some((room, author, is_archived)) = self.rng.pick(&made)
            && self.server.is_up
        {
            let change = Change::ArchiveRoom { author, client_id, room, archived: !is_archived };
            self.server.waiting_changes.push((ELSEWHERE, change));
        }
    }

    /// Jumps, pages or writes a draft in the open room.
    fn read_history(&mut self, id: PageId) -> Result<(), Violation> {
        let epoch = self.server.log.epoch();
        let log = self.oracle.log(epoch, self.pages[id.index].view.room()).to_vec();
        let target = self.rng.pick(&log);
        let jump = target.map(|message| {
            if self.rng.one_in(2) { PageAnchor::Date(message.at) } else { PageAnchor::Around(message.n) }
        });
        match (self.rng.below(10), jump) {
            (6, _) => self.see_row(id),
            (7, _) => self.dispatch(id, Input::MarkRead),
            (8, _) => self.dispatch(id, Input::JumpToLine),
            (9, _) => {
                let has_focus = self.rng.one_in(2);
                self.dispatch(id, Input::FocusChanged(has_focus))
            }
            (0, _) => self.dispatch(id, Input::JumpToLatest(self.open_conversation(id))),
            (1, Some(at)) => self.dispatch(id, Input::Jump(self.open_conversation(id), at)),
            (2, _) => self.dispatch(id, Input::LoadNewer(self.open_conversation(id))),
            (3, _) => {
                let follow = self.rng.one_in(2);
                self.dispatch(id, Input::FollowEnd(self.open_conversation(id), follow))
            }
            (4, _) => {
                let room = self.pages[id.index].view.room();
                let text = format!("draft {}", self.rng.below(9));
                self.dispatch(id, Input::DraftChanged { conversation: room.into(), text })
            }
            _ => self.dispatch(id, Input::LoadOlder(self.open_conversation(id))),
        }
    }

    /// Sees a row of the open room, and so everything above it.
    fn see_row(&mut self, id: PageId) -> Result<(), Violation> {
        let page = &self.pages[id.index];
        let settled = page.view.pane().rows.iter().filter(|row| row.state == RowState::Settled);
        let keys: Vec<RowKey> = settled.map(|row| row.key).collect();
        match self.rng.pick(&keys).filter(|_| self.pages[id.index].visible) {
            Some(key) => self.dispatch(id, Input::RowSeen(key)),
            None => Ok(()),
        }
    }

    /// Adopts the first foreign rows that the page offers.
    pub(crate) fn adopt_rows(&mut self, id: PageId) -> Result<(), Violation> {
        let Some(foreign) = self.pages[id.index].view.notices.left_behind.first() else { return Ok(()) };
        let owner = foreign.owner;
        let browser = self.pages[id.index].browser;
        let browsers: Vec<usize> = self.pages.iter().map(|page| page.browser).collect();
        self.oracle.record_adoption(|index| browsers[index] == browser);
        self.dispatch(id, Input::AdoptLeftBehind(owner))
    }

    pub(crate) fn send_message(&mut self, id: PageId, room: RoomId) -> Result<(), Violation> {
        if !self.pages[id.index].view.composer.can_send {
            return Ok(());
        }
        let client_id = ClientId(self.rng.bytes());
        let text = format!("{} from page {}", self.stats.sent, id.index);
        self.stats.sent += 1;
        self.oracle.record_sent(client_id, id, room, &text);
        if self.pages[id.index].roll_backs < self.server.lost_member {
            // The page may still be a member that the log has lost.
            self.oracle.record_retry(client_id);
        }
        self.dispatch(id, Input::Send { client_id, conversation: room.into(), text })
    }

    /// Returns a row or command that failed, if the page shows one.
    pub(crate) fn failed_row(&self, id: PageId) -> Option<RowKey> {
        let view = &self.pages[id.index].view;
        let rows = view.pane().rows.iter().map(|row| (row.state, row.key));
        let pending = view.pending.iter().map(|pending| (pending.state, pending.key));
        rows.chain(pending).find(|(state, _)| matches!(state, RowState::Failed(_))).map(|(_, key)| key)
    }

    /// Retries a failed row, as its button does.
    pub(crate) fn retry_row(&mut self, id: PageId, key: RowKey) -> Result<(), Violation> {
        self.oracle.record_retry(key.client_id);
        self.dispatch(id, Input::Retry(key))
    }
}
