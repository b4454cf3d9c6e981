//! What people do at their pages.

use crate::page::PageId;
use crate::promise::Broken;
use crate::world::{Happening, World};
use client::input::Input;
use client::view::{IdentityView, RowKey, RowState};
use shared::command::PageAnchor;
use shared::{ClientId, RoomId};

/// Few names for many people, so that some are taken.
const NAMES: &[&str] = &["Ann", "Bo", "Cy", "Di", "Eve", "小茶", "Gus"];

/// Few names for rooms, for the same reason.
const ROOMS: &[&str] = &["Oolong", "Pu'er", "品茶", "Oolong 2"];

impl World {
    /// Somebody does something.
    pub(crate) fn act(&mut self, index: usize) -> Result<(), Broken> {
        if !self.storm {
            return Ok(());
        }
        let wait = self.chance.between(1, self.plan.act_ms);
        self.after(wait, Happening::Act(index));
        let id = self.pages[index].id;
        match &self.pages[index].view.identity {
            IdentityView::Unknown { .. } => Ok(()),
            IdentityView::Nobody { .. } => self.join(id),
            IdentityView::Somebody { .. } => self.act_as_somebody(id),
        }
    }

    pub(crate) fn join(&mut self, id: PageId) -> Result<(), Broken> {
        let IdentityView::Nobody { name, refusal, .. } = &self.pages[id.index].view.identity else {
            return Ok(());
        };
        let suggested = refusal.as_ref().and_then(|refusal| refusal.suggestion.clone());
        let remembered = (!name.is_empty() && refusal.is_none()).then(|| name.to_string());
        let name = suggested.or(remembered).unwrap_or_else(|| self.name());
        self.give(id, Input::Join { name })
    }

    fn name(&mut self) -> String {
        self.chance.pick(NAMES).unwrap_or("Ann").to_owned()
    }

    fn act_as_somebody(&mut self, id: PageId) -> Result<(), Broken> {
        if self.plan.tabbing > 0 && self.chance.below(100) < self.plan.tabbing {
            return match self.chance.below(3) {
                0 => self.load(id.index),
                _ => self.look_or_leave(id),
            };
        }
        let talks = self.chance.below(100) < self.plan.talk;
        match if talks { 0 } else { self.chance.between(50, 99) } {
            0..50 => {
                let burst = if self.chance.one_in(8) { self.chance.between(2, self.plan.burst) } else { 1 };
                let room = self.pages[id.index].view.room;
                (0..burst).try_for_each(|_| self.say(id, room))
            }
            50..64 => self.move_about(id),
            64..76 => self.read_about(id),
            76..79 => self.give(id, Input::ReconnectNow),
            79..84 => self.look_or_leave(id),
            84..88 => {
                let name = self.name();
                self.give(id, Input::Rename { name })
            }
            88..90 => self.give(id, Input::SignOut),
            90..93 => self.load(id.index),
            93..96 => {
                let Some(key) = self.failed(id) else { return Ok(()) };
                if self.chance.one_in(4) {
                    self.ledger.discarded(key.client_id);
                    return self.give(id, Input::Discard(key));
                }
                self.again(id, key)
            }
            96..98 => self.take_over(id),
            _ => self.give(id, Input::DismissEpoch),
        }
    }

    /// Somebody comes to a tab, or goes from it.
    fn look_or_leave(&mut self, id: PageId) -> Result<(), Broken> {
        let visible = !self.pages[id.index].visible;
        self.pages[id.index].visible = visible;
        if visible {
            self.tick_now(id);
        }
        self.give(id, Input::VisibilityChanged(visible))
    }

    /// Makes, changes, opens, joins or leaves a room.
    fn move_about(&mut self, id: PageId) -> Result<(), Broken> {
        let client_id = ClientId(self.chance.bytes());
        let all: Vec<RoomId> = self.server.log.house().rooms.all().map(|(id, _)| id).collect();
        let ours: Vec<RoomId> = self.pages[id.index].view.rooms.iter().map(|room| room.id).collect();
        let any = self.chance.pick(&all).unwrap_or(RoomId::LOBBY);
        let own = self.chance.pick(&ours).unwrap_or(RoomId::LOBBY);
        let name = self.chance.pick(ROOMS).unwrap_or("Oolong").to_owned();
        let description = format!("about {}", self.chance.below(100));
        match self.chance.below(10) {
            0..4 => self.give(id, Input::OpenRoom(own)),
            4..6 => self.give(id, Input::CreateRoom { client_id, name, description }),
            6..8 => self.give(id, Input::JoinRoom { client_id, room: any }),
            8 => self.give(id, Input::LeaveRoom { client_id, room: own }),
            _ => self.give(id, Input::ChangeRoom { client_id, room: own, name, description }),
        }
    }

    /// Reads here and there in the open room.
    fn read_about(&mut self, id: PageId) -> Result<(), Broken> {
        let epoch = self.server.log.epoch();
        let log = self.ledger.log(epoch, self.pages[id.index].view.room).to_vec();
        let somewhere = self.chance.pick(&log);
        let jump = somewhere.map(|message| {
            if self.chance.one_in(2) { PageAnchor::Date(message.at) } else { PageAnchor::Around(message.n) }
        });
        match (self.chance.below(6), jump) {
            (0, _) => self.give(id, Input::JumpToLatest),
            (1, Some(at)) => self.give(id, Input::Jump(at)),
            (2, _) => self.give(id, Input::LoadNewer),
            (3, _) => {
                let follow = self.chance.one_in(2);
                self.give(id, Input::FollowEnd(follow))
            }
            (4, _) => {
                let room = self.pages[id.index].view.room;
                let text = format!("half a word {}", self.chance.below(9));
                self.give(id, Input::DraftChanged { room, text })
            }
            _ => self.give(id, Input::LoadOlder),
        }
    }

    /// What somebody else left at this page is sent, or dropped.
    pub(crate) fn take_over(&mut self, id: PageId) -> Result<(), Broken> {
        let Some(left) = self.pages[id.index].view.left_behind.first() else { return Ok(()) };
        let owner = left.owner;
        let browser = self.pages[id.index].browser;
        let browsers: Vec<usize> = self.pages.iter().map(|page| page.browser).collect();
        self.ledger.taken_over(|index| browsers[index] == browser);
        self.give(id, Input::TakeOver(owner))
    }

    pub(crate) fn say(&mut self, id: PageId, room: RoomId) -> Result<(), Broken> {
        if !self.pages[id.index].view.can_send {
            return Ok(());
        }
        let client_id = ClientId(self.chance.bytes());
        let text = format!("{} from page {}", self.story.sent, id.index);
        self.story.sent += 1;
        self.ledger.said(client_id, id, room, &text);
        self.give(id, Input::Send { client_id, room, text })
    }

    /// A row or a command that failed.
    pub(crate) fn failed(&self, id: PageId) -> Option<RowKey> {
        let view = &self.pages[id.index].view;
        let rows = view.rows.iter().map(|row| (row.state, row.key));
        let pending = view.pending.iter().map(|pending| (pending.state, pending.key));
        rows.chain(pending).find(|(state, _)| matches!(state, RowState::Failed(_))).map(|(_, key)| key)
    }

    /// The person wants a failed row sent again.
    pub(crate) fn again(&mut self, id: PageId, key: RowKey) -> Result<(), Broken> {
        self.ledger.retried(key.client_id);
        self.give(id, Input::Retry(key))
    }
}
