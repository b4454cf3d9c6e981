//! Messages between tabs of one browser, and when tabs look which of them leads.

use crate::page::PageId;
use crate::promise::Broken;
use crate::world::{Happening, World};
use client::http_session::{SessionInput, SessionTimer};
use client::input::ConnectionId;
use client::tabs::TabMessage;

/// Milliseconds between two looks at which tab leads; those of a hidden page; the longest time that its browser lets
/// such a page wait for one.
const TICK_MS: u64 = client::limits::ELECTION_TICK_MS;
const HIDDEN_TICK_MS: u64 = 1_000;
const LATE_TICK_MS: u64 = 60_000;

/// Milliseconds that a message takes, and a message to a page that is busy.
const MESSAGE_MS: u64 = 3;
const BUSY_MS: u64 = 200;

/// Milliseconds after which no tab follows one that is gone, by looks in time.
const TAKEOVER_MS: u64 = 5_000;

impl World {
    /// Tells the other tabs of the browser, each in the order of what was sent.
    pub(super) fn tell_other_tabs(&mut self, id: PageId, socket: ConnectionId, text: &str) {
        let browser = self.pages[id.index].browser;
        for index in 0..self.pages.len() {
            if self.pages[index].browser != browser {
                continue;
            }
            let to = self.pages[index].id;
            let open = self.pages[index].sessions.iter().filter(|(_, shell)| !shell.is_over);
            let others: Vec<ConnectionId> =
                open.map(|(other, _)| *other).filter(|other| (to, *other) != (id, socket)).collect();
            for other in others {
                let most = if self.chance.one_in(20) { BUSY_MS } else { MESSAGE_MS };
                let at = self.now + self.chance.between(0, most);
                let Some(shell) = self.shell(to, other) else { continue };
                let until = shell.heard_until.entry((id, socket)).or_default();
                *until = at.max(*until);
                let wait = *until - self.now;
                self.after(wait, Happening::TabMessage(to, other, text.to_owned()));
            }
        }
    }

    /// Another tab sent this.
    pub(crate) fn hear(&mut self, id: PageId, socket: ConnectionId, text: String) -> Result<(), Broken> {
        let Some(shell) = self.shell(id, socket) else { return Ok(()) };
        let follows = !shell.is_over && !shell.leads();
        let decoded = TabMessage::decode(&text);
        let Some((of, message)) = decoded else { return Err(Broken(format!("no message: {text}"))) };
        let is_relayed = follows && matches!(message, TabMessage::Frame(_) | TabMessage::Through(_));
        self.story.shared += u64::from(is_relayed);
        if self.trace && !is_relayed {
            println!("{:>8} page {}     {socket:?} hears {message:?}", self.now, id.index);
        }
        let delivered = self.delivered;
        self.session(id, socket, SessionInput::TabMessage(text))?;
        if is_relayed && self.delivered > delivered && self.identity(id, socket) != of {
            return Err(Broken(format!("(e) page {} takes what is another's, {of:?}", id.index)));
        }
        Ok(())
    }

    /// Timers of a hidden page come seldom, and now and then very late.
    pub(super) fn tick_later(&mut self, id: PageId, socket: ConnectionId) {
        let ms = match self.pages[id.index].visible {
            true => TICK_MS,
            false if self.chance.one_in(8) => self.chance.between(HIDDEN_TICK_MS, LATE_TICK_MS),
            false => HIDDEN_TICK_MS,
        };
        self.tick_in(id, socket, ms);
    }

    fn tick_in(&mut self, id: PageId, socket: ConnectionId, ms: u64) {
        let at = self.now + ms;
        let Some(shell) = self.shell(id, socket).filter(|shell| !shell.is_over) else { return };
        shell.tick_at = at;
        self.after(ms, Happening::Tick(id, socket, at));
    }

    /// The page is in sight again: what is overdue comes at once.
    pub(crate) fn tick_now(&mut self, id: PageId) {
        let shells = self.pages[id.index].sessions.iter();
        // One that is not open yet has no timer.
        let open = shells.filter(|(_, shell)| !shell.is_over && shell.tick_at > 0);
        for socket in open.map(|(socket, _)| *socket).collect::<Vec<_>>() {
            self.tick_in(id, socket, 0);
        }
    }

    /// The session looks which tab leads.
    pub(crate) fn tick(&mut self, id: PageId, socket: ConnectionId, at: u64) -> Result<(), Broken> {
        if self.shell(id, socket).is_none_or(|shell| shell.is_over || shell.tick_at != at) {
            return Ok(());
        }
        self.session(id, socket, SessionInput::TimerFired(SessionTimer::Election))?;
        if self.pages[id.index].frozen_until + TICK_MS > self.now
            && let Some(shell) = self.shell(id, socket)
        {
            // The page was frozen until now.
            (shell.unled_since, shell.rivals_since) = (None, None);
        }
        self.check_is_led(id, socket)?;
        let now = self.now;
        if let Some(shell) = self.shell(id, socket).filter(|shell| shell.tick_at > now + TICK_MS) {
            // What it sees next it may see too late.
            (shell.unled_since, shell.rivals_since) = (None, None);
        }
        Ok(())
    }

    /// Those that it led look for another from now on: it may have led between two of their looks.
    pub(crate) fn leader_is_gone(&mut self, id: PageId) {
        let browser = self.pages[id.index].browser;
        let pages = self.pages.iter_mut().filter(|page| page.browser == browser);
        pages.flat_map(|page| page.sessions.values_mut()).for_each(|shell| shell.unled_since = None);
    }

    /// Whoever follows one that is gone finds out, and begins anew.
    fn check_is_led(&mut self, id: PageId, socket: ConnectionId) -> Result<(), Broken> {
        let (now, browser) = (self.now, self.pages[id.index].browser);
        let pages = self.pages.iter().filter(|page| page.browser == browser && page.frozen_until <= now);
        let leaders = pages.flat_map(|page| page.sessions.values()).filter(|shell| shell.leads());
        let leaders: Vec<_> = leaders.map(|shell| shell.session.identity()).collect();
        let Some(shell) = self.shell(id, socket).filter(|shell| !shell.is_over) else { return Ok(()) };
        let begun = leaders.iter().flatten().count();
        let own = shell.session.identity();
        if !shell.leads() || own.is_none() || begun < 2 {
            shell.rivals_since = None;
        } else if now - *shell.rivals_since.get_or_insert(now) > TAKEOVER_MS {
            return Err(Broken(format!("(k) page {} and another read for {TAKEOVER_MS} ms", id.index)));
        }
        // One that is to begin yet will make the others begin anew.
        let is_ours = leaders.iter().any(|identity| identity.is_none() || *identity == own);
        if shell.leads() || is_ours || (own.is_none() && !leaders.is_empty()) {
            shell.unled_since = None;
        } else if now - *shell.unled_since.get_or_insert(now) > TAKEOVER_MS - TICK_MS {
            return Err(Broken(format!(
                "(j) page {} follows nobody, or somebody else, for {TAKEOVER_MS} ms",
                id.index
            )));
        }
        Ok(())
    }
}
