//! Messages between the tabs of one browser, and the ticks of their leader election.

use crate::event::SimEvent;
use crate::page_id::PageId;
use crate::violation::Violation;
use crate::world::World;
use client::http_session::{SessionInput, SessionTimer};
use client::input::ConnectionId;
use client::tabs::TabMessage;

/// Milliseconds between two election ticks of a visible page, of a hidden page, and of a throttled page at most.
const TICK_MS: u64 = client::limits::ELECTION_TICK_MS;
const HIDDEN_TICK_MS: u64 = 1_000;
const LATE_TICK_MS: u64 = 60_000;

/// Longest delay of a message in milliseconds, and of a message to a busy page.
const MESSAGE_MS: u64 = 3;
const BUSY_MS: u64 = 200;

/// Milliseconds of timely ticks after which no tab may follow an ended leader.
const TAKEOVER_MS: u64 = 5_000;

impl World {
    /// Sends a message to the other sessions of the browser. Each receives the messages of one sender in order.
    pub(super) fn broadcast_to_tabs(&mut self, id: PageId, socket: ConnectionId, text: &str) {
        let browser = self.pages[id.index].browser;
        for index in 0..self.pages.len() {
            if self.pages[index].browser != browser {
                continue;
            }
            let to = self.pages[index].id;
            let open = self.pages[index].sessions.iter().filter(|(_, shell)| !shell.is_closed);
            let others: Vec<ConnectionId> =
                open.map(|(other, _)| *other).filter(|other| (to, *other) != (id, socket)).collect();
            for other in others {
                let longest = if self.rng.one_in(20) { BUSY_MS } else { MESSAGE_MS };
                let at = self.now + self.rng.between(0, longest);
                let Some(shell) = self.shell(to, other) else { continue };
                let until = shell.delivered_until.entry((id, socket)).or_default();
                *until = at.max(*until);
                let wait = *until - self.now;
                self.schedule(wait, SimEvent::TabMessage(to, other, text.to_owned()));
            }
        }
    }

    /// Dispatches a message of another tab and checks (l): a follower takes frames of its own identity only.
    pub(crate) fn receive_tab_message(
        &mut self,
        id: PageId,
        socket: ConnectionId,
        text: String,
    ) -> Result<(), Violation> {
        let Some(shell) = self.shell(id, socket) else { return Ok(()) };
        let follows = !shell.is_closed && !shell.leads();
        let decoded = TabMessage::decode(&text);
        let Some((of, message)) = decoded else {
            return Err(Violation(format!("invalid tab message: {text}")));
        };
        let is_relayed = follows
            && matches!(message, TabMessage::Frame(_) | TabMessage::Through(_) | TabMessage::Marked(_));
        self.stats.relayed += u64::from(is_relayed);
        if self.prints_steps && !is_relayed {
            println!("{:>8} page {}     {socket:?} receives {message:?}", self.now, id.index);
        }
        let delivered = self.delivered;
        self.dispatch_to_session(id, socket, SessionInput::TabMessage(text))?;
        if is_relayed && self.delivered > delivered && self.identity(id, socket) != of {
            return Err(Violation(format!(
                "(e) page {} takes a frame of another identity, {of:?}",
                id.index
            )));
        }
        Ok(())
    }

    /// Schedules the next election tick. Browsers delay the timers of a hidden page.
    pub(super) fn schedule_tick(&mut self, id: PageId, socket: ConnectionId) {
        let ms = match self.pages[id.index].visible {
            true => TICK_MS,
            false if self.rng.one_in(8) => self.rng.between(HIDDEN_TICK_MS, LATE_TICK_MS),
            false => HIDDEN_TICK_MS,
        };
        self.schedule_tick_in(id, socket, ms);
    }

    fn schedule_tick_in(&mut self, id: PageId, socket: ConnectionId, ms: u64) {
        let at = self.now + ms;
        let Some(shell) = self.shell(id, socket).filter(|shell| !shell.is_closed) else { return };
        shell.tick_at = at;
        self.schedule(ms, SimEvent::ElectionTick(id, socket, at));
    }

    /// Ticks at once, because the page is visible again.
    pub(crate) fn tick_now(&mut self, id: PageId) {
        let shells = self.pages[id.index].sessions.iter();
        // A session that is not open yet has no timer.
        let open = shells.filter(|(_, shell)| !shell.is_closed && shell.tick_at > 0);
        for socket in open.map(|(socket, _)| *socket).collect::<Vec<_>>() {
            self.schedule_tick_in(id, socket, 0);
        }
    }

    /// Fires the election timer of a session.
    pub(crate) fn election_tick(
        &mut self,
        id: PageId,
        socket: ConnectionId,
        at: u64,
    ) -> Result<(), Violation> {
        if self.shell(id, socket).is_none_or(|shell| shell.is_closed || shell.tick_at != at) {
            return Ok(());
        }
        self.dispatch_to_session(id, socket, SessionInput::TimerFired(SessionTimer::Election))?;
        if self.pages[id.index].frozen_until + TICK_MS > self.now
            && let Some(shell) = self.shell(id, socket)
        {
            // The page was frozen until now, so its earlier ticks were not timely.
            (shell.leaderless_since, shell.rivals_since) = (None, None);
        }
        self.check_leadership(id, socket)?;
        let now = self.now;
        if let Some(shell) = self.shell(id, socket).filter(|shell| shell.tick_at > now + TICK_MS) {
            // The next tick is late, so the times before it do not count.
            (shell.leaderless_since, shell.rivals_since) = (None, None);
        }
        Ok(())
    }

    /// Restarts the followers' takeover deadline, because a leader has ended now.
    pub(crate) fn restart_takeover_deadline(&mut self, id: PageId) {
        let browser = self.pages[id.index].browser;
        let pages = self.pages.iter_mut().filter(|page| page.browser == browser);
        pages.flat_map(|page| page.sessions.values_mut()).for_each(|shell| shell.leaderless_since = None);
    }

    /// Checks (j) and (k): a follower has a leader, and no two sessions read for all.
    fn check_leadership(&mut self, id: PageId, socket: ConnectionId) -> Result<(), Violation> {
        let (now, browser) = (self.now, self.pages[id.index].browser);
        let pages = self.pages.iter().filter(|page| page.browser == browser && page.frozen_until <= now);
        let leaders = pages.flat_map(|page| page.sessions.values()).filter(|shell| shell.leads());
        let leaders: Vec<_> = leaders.map(|shell| shell.session.identity()).collect();
        let Some(shell) = self.shell(id, socket).filter(|shell| !shell.is_closed) else { return Ok(()) };
        let begun = leaders.iter().flatten().count();
        let own = shell.session.identity();
        if !shell.leads() || own.is_none() || begun < 2 {
            shell.rivals_since = None;
        } else if now - *shell.rivals_since.get_or_insert(now) > TAKEOVER_MS {
            return Err(Violation(format!("(k) page {} and another read for {TAKEOVER_MS} ms", id.index)));
        }
        // A leader before its `welcome` will make the followers begin again.
        let is_ours = leaders.iter().any(|identity| identity.is_none() || *identity == own);
        if shell.leads() || is_ours || (own.is_none() && !leaders.is_empty()) {
            shell.leaderless_since = None;
        } else if now - *shell.leaderless_since.get_or_insert(now) > TAKEOVER_MS - TICK_MS {
            return Err(Violation(format!(
                "(j) page {} has no leader of its identity for {TAKEOVER_MS} ms",
                id.index
            )));
        }
        Ok(())
    }
}
