//! What pages of one browser tell each other, and when they look who leads.

use crate::page::PageId;
use crate::promise::Broken;
use crate::world::{Happening, World};
use client::input::ConnectionId;
use client::share::{Role, Wish, Word};

/// Milliseconds between two looks at who leads; those of a page out of sight; the longest time that
/// its browser lets such a page wait for one.
const TICK_MS: u64 = 500;
const HIDDEN_TICK_MS: u64 = 1_000;
const LATE_TICK_MS: u64 = 60_000;

/// Milliseconds that a word takes, and a word to a page that is busy.
const WORD_MS: u64 = 3;
const BUSY_MS: u64 = 200;

/// Milliseconds after which nobody follows one that is gone, by looks in time.
const TAKEOVER_MS: u64 = 5_000;

impl World {
    /// Tells the other pages of the browser, each in the order of what was said.
    pub(super) fn tell_others(&mut self, id: PageId, socket: ConnectionId, word: &Word) {
        let browser = self.pages[id.index].browser;
        let Some(line) = self.line(id, socket) else { return };
        let of = line.share.claim().to_owned();
        for index in 0..self.pages.len() {
            if self.pages[index].browser != browser {
                continue;
            }
            let to = self.pages[index].id;
            let open = self.pages[index].lines.iter().filter(|(_, line)| line.is_open);
            let others: Vec<ConnectionId> =
                open.map(|(other, _)| *other).filter(|other| (to, *other) != (id, socket)).collect();
            for other in others {
                let most = if self.chance.one_in(20) { BUSY_MS } else { WORD_MS };
                let at = self.now + self.chance.between(0, most);
                let Some(line) = self.line(to, other) else { continue };
                let until = line.heard_until.entry((id, socket)).or_default();
                *until = at.max(*until);
                let wait = *until - self.now;
                self.after(wait, Happening::Word(to, other, of.clone(), word.clone()));
            }
        }
    }

    /// Another page told this.
    pub(crate) fn hear(
        &mut self,
        id: PageId,
        socket: ConnectionId,
        of: &str,
        word: Word,
    ) -> Result<(), Broken> {
        let Some(line) = self.line(id, socket) else { return Ok(()) };
        let is_told = line.share.role() == Role::Follower && matches!(word, Word::Frame(_));
        self.story.shared += u64::from(is_told);
        if self.trace && !is_told {
            println!("{:>8} page {}     {socket:?} hears {word:?}", self.now, id.index);
        }
        let mut is_anothers = false;
        self.shares(id, socket, |share, now, out| {
            share.heard(of, word, now, out);
            is_anothers = share.claim() != of && out.iter().any(|wish| matches!(wish, Wish::Take(_)));
        })?;
        if is_anothers {
            return Err(Broken(format!("(e) page {} takes what is another's, {of}", id.index)));
        }
        Ok(())
    }

    /// Timers of a page out of sight come seldom, and now and then very late.
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
        let Some(line) = self.line(id, socket) else { return };
        if ms > TICK_MS {
            (line.unled_since, line.rivals_since) = (None, None);
        }
        line.tick_at = at;
        self.after(ms, Happening::Tick(id, socket, at));
    }

    /// The page is in sight again: what is overdue comes at once.
    pub(crate) fn tick_now(&mut self, id: PageId) {
        let lines = self.pages[id.index].lines.iter();
        let open: Vec<ConnectionId> =
            lines.filter(|(_, line)| line.is_open).map(|(socket, _)| *socket).collect();
        for socket in open {
            self.tick_in(id, socket, 0);
        }
    }

    /// The line looks who leads.
    pub(crate) fn tick(&mut self, id: PageId, socket: ConnectionId, at: u64) -> Result<(), Broken> {
        let found = self.browser_of(id).lease;
        if self.line(id, socket).is_none_or(|line| line.tick_at != at) {
            return Ok(());
        }
        self.shares(id, socket, |share, now, out| share.tick(found, now, out))?;
        if self.pages[id.index].frozen_until + TICK_MS > self.now
            && let Some(line) = self.line(id, socket)
        {
            // The page was frozen until now.
            (line.unled_since, line.rivals_since) = (None, None);
        }
        self.check_is_led(id, socket)?;
        self.tick_later(id, socket);
        Ok(())
    }

    /// Those that it led look for another from now on: it may have led between two of their looks.
    pub(crate) fn leader_is_gone(&mut self, id: PageId) {
        let browser = self.pages[id.index].browser;
        let pages = self.pages.iter_mut().filter(|page| page.browser == browser);
        pages.flat_map(|page| page.lines.values_mut()).for_each(|line| line.unled_since = None);
    }

    /// Whoever follows one that is gone finds out, and begins anew.
    fn check_is_led(&mut self, id: PageId, socket: ConnectionId) -> Result<(), Broken> {
        let (now, browser) = (self.now, self.pages[id.index].browser);
        let pages = self.pages.iter().filter(|page| page.browser == browser && page.frozen_until <= now);
        let lines = pages.flat_map(|page| page.lines.values());
        let leaders = lines.filter(|line| line.leads());
        let leaders: Vec<String> = leaders.map(|line| line.share.claim().to_owned()).collect();
        let Some(line) = self.line(id, socket) else { return Ok(()) };
        let begun = leaders.iter().filter(|claim| !claim.is_empty()).count();
        if line.share.role() == Role::Follower || line.share.claim().is_empty() || begun < 2 {
            line.rivals_since = None;
        } else if now - *line.rivals_since.get_or_insert(now) > TAKEOVER_MS {
            return Err(Broken(format!("(k) page {} and another read for {TAKEOVER_MS} ms", id.index)));
        }
        // One that is to begin yet will make the others begin anew.
        let is_ours = |claim: &String| claim.is_empty() || claim == line.share.claim();
        let has_begun = !line.share.claim().is_empty();
        if line.share.role() == Role::Leader
            || leaders.iter().any(is_ours)
            || (!has_begun && !leaders.is_empty())
        {
            line.unled_since = None;
        } else if now - *line.unled_since.get_or_insert(now) > TAKEOVER_MS - TICK_MS {
            return Err(Broken(format!(
                "(j) page {} follows nobody, or somebody else, for {TAKEOVER_MS} ms",
                id.index
            )));
        }
        Ok(())
    }
}
