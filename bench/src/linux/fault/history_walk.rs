//! A walk through all histories by one page at the end of the run. The page opens one room after the other
//! and pages it to the start. The rows shown must equal the log.

use std::collections::{BTreeMap, BTreeSet};

use client::input::Input;
use client::view::{Edge, RowState, View};
use shared::{ClientId, Message, RoomId};

use super::oracle::Verdict;

/// Missing messages that a detail names. Beyond it: only their number is given.
const MISSING_NAMED_MAX: usize = 10;

/// State of a page's walk.
#[derive(Debug)]
pub(super) struct HistoryWalk {
    /// Rooms left to read; the last one is being read.
    rooms: Vec<RoomId>,
    is_opened: bool,
    /// Rows shown of the open room, newest first.
    shown: Vec<ClientId>,
    /// Oldest row at the time when older rows were requested.
    requested_at: Option<ClientId>,
    /// Rows shown so far, of all rooms.
    pub(super) rows: u64,
}

impl HistoryWalk {
    pub(super) fn new(rooms: Vec<RoomId>) -> Self {
        Self { rooms, is_opened: false, shown: Vec::new(), requested_at: None, rows: 0 }
    }

    /// Whether every room has been read.
    pub(super) fn is_done(&self) -> bool {
        self.rooms.is_empty()
    }

    /// Rooms left, rows shown of the open room, and the row at which older rows were requested.
    pub(super) fn progress(&self) -> (usize, usize, Option<ClientId>) {
        (self.rooms.len(), self.shown.len(), self.requested_at)
    }

    /// Continues the walk with the page's view. Returns the inputs for the page.
    pub(super) fn advance(
        &mut self,
        view: &View,
        log: &BTreeMap<RoomId, Vec<Message>>,
        verdict: &mut Verdict,
    ) -> Vec<Input> {
        let Some(&room) = self.rooms.last() else { return Vec::new() };
        if !self.is_opened {
            self.is_opened = true;
            return vec![
                Input::OpenRoom(room),
                Input::JumpToLatest(room.into()),
                Input::FollowEnd(room.into(), true),
            ];
        }
        let messages = log.get(&room).map_or(&[][..], Vec::as_slice);
        if view.room() != room || view.pane().rows.iter().any(|row| row.state != RowState::Settled) {
            return Vec::new();
        }
        let rows: Vec<ClientId> = view.pane().rows.iter().map(|row| row.key.client_id).collect();
        if self.shown.is_empty() {
            // The page's own newest message may be settled by its reply before an older one of another page
            // arrives. The walk begins when all rows of the window are those of the log.
            let log: Vec<ClientId> = messages.iter().map(|message| message.client_id).collect();
            if view.pane().newer != Edge::End || !log.ends_with(&rows) || rows.is_empty() != log.is_empty() {
                return Vec::new();
            }
            self.shown = rows.iter().rev().copied().collect();
        } else if self.requested_at.is_none_or(|first| rows.first() != Some(&first)) {
            let held = self.shown.last().and_then(|first| rows.iter().position(|row| row == first));
            match held {
                Some(at) => self.shown.extend(rows[..at].iter().rev()),
                None => verdict.add_detail(format!("older rows of {room:?} do not meet the rows before")),
            }
            self.requested_at = None;
        }
        match view.pane().older {
            Edge::Loading => Vec::new(),
            Edge::End => {
                self.check_shown(room, messages, verdict);
                self.rooms.pop();
                self.is_opened = false;
                self.rows += self.shown.len() as u64;
                self.shown.clear();
                self.requested_at = None;
                // The next call opens the next room.
                Vec::new()
            }
            Edge::More | Edge::Failed if self.requested_at.is_none() || view.pane().older == Edge::Failed => {
                self.requested_at = rows.first().copied();
                // A user who reads above the end does not follow it.
                vec![Input::FollowEnd(room.into(), false), Input::LoadOlder(room.into())]
            }
            Edge::More | Edge::Failed => Vec::new(),
        }
    }

    fn check_shown(&self, room: RoomId, messages: &[Message], verdict: &mut Verdict) {
        let log: Vec<ClientId> = messages.iter().map(|message| message.client_id).collect();
        if self.shown.iter().rev().eq(&log) {
            return;
        }
        let once: BTreeSet<&ClientId> = self.shown.iter().collect();
        let (doubled, missing) =
            (self.shown.len() - once.len(), log.iter().filter(|id| !once.contains(id)).count());
        verdict.doubled += doubled as u64;
        verdict.lost += missing as u64;
        verdict.reordered += u64::from(doubled == 0 && missing == 0);
        let (shown, log) = (self.shown.len(), log.len());
        let lost = messages.iter().filter(|message| !once.contains(&message.client_id));
        let lost: Vec<(u64, u64)> =
            lost.take(MISSING_NAMED_MAX).map(|message| (message.n, message.seq)).collect();
        verdict.add_detail(format!(
            "a page shows {shown} rows of {log} in {room:?}: {missing} missing, as (n, seq) {lost:?}, {doubled} doubled"
        ));
    }
}
