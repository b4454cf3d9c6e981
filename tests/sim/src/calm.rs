//! A story from its beginning to its end: the storm, and the calm in which
//! everything must come right.

use crate::Story;
use crate::fault::Mend;
use crate::promise::Broken;
use crate::world::{Happening, World};
use client::view::{Identity, RowState};

/// Milliseconds of calm in which all must come to agree. A page whose dead
/// connection nobody told it of finds out after 60 s of silence and may wait up
/// to 30 s more; the server drops the session of a dead page at the second or
/// third ping, which is up to 85 s, and tells so within another.
const HEALED_MS: u64 = 120_000;

/// Milliseconds more for each message that waits by then: one is in flight at a time,
/// and a member's posts may be held to two a second.
const HEALED_MS_PER_ROW: u64 = 1_000;

/// Things that may happen until then, and more for each message that waits.
const HEALED_STEPS: u64 = 5_000;
const HEALED_STEPS_PER_ROW: u64 = 50;

impl World {
    pub(crate) fn play(mut self) -> Result<Story, Broken> {
        for index in 0..self.pages.len() {
            self.load(index)?;
            self.after(1, Happening::Act(index));
        }
        let wait = self.chance.between(1, self.plan.fault_ms);
        self.after(wait, Happening::Fault);
        let end = self.now + self.plan.storm_ms;
        while self.step(end)? {}
        self.heal()?;
        Ok(self.story)
    }

    fn heal(&mut self) -> Result<(), Broken> {
        let calm = self.now;
        let from = self.story.steps;
        self.storm = false;
        self.plan.delay_ms = self.plan.delay_ms.min(50);
        self.plan.commit_ms = self.plan.commit_ms.min(5);
        let unsettled = self.pages.iter().flat_map(|page| page.view.rows.iter());
        let unsettled = unsettled.filter(|row| row.state != RowState::Settled).count() as u64;
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
        self.judge()
    }

    /// People look after what needs them: a name, a row that failed. And
    /// somebody says a last word: who missed the one before it sees so by this.
    pub(crate) fn tend(&mut self) -> Result<(), Broken> {
        self.after(1_000, Happening::Tend);
        if !self.last_word && self.pages[0].view.link.welcomed {
            self.last_word = true;
            self.say(self.pages[0].id)?;
        }
        for index in 0..self.pages.len() {
            let id = self.pages[index].id;
            if let Identity::Nobody { busy: false, .. } = self.pages[index].view.identity {
                self.join(id)?;
            } else if let Some(key) = self.failed(id) {
                self.again(id, key)?;
            }
        }
        Ok(())
    }

    /// What still keeps the pages from agreeing.
    fn disagreement(&self) -> Option<String> {
        if !self.last_word {
            return Some("the last word is to come".to_owned());
        }
        for page in &self.pages {
            let at = page.id.index;
            let Identity::Somebody { busy: false, .. } = page.view.identity else {
                return Some(format!("page {at} is {:?}", page.view.identity));
            };
            if !page.view.link.welcomed || page.asking > 0 {
                return Some(format!("page {at} is not welcome: {:?}", page.view.link));
            }
            if page.epoch != Some(self.server.log.epoch()) {
                return Some(format!("page {at} is in {:?}", page.epoch));
            }
            let unsettled = page.view.rows.iter().find(|row| row.state != RowState::Settled);
            if let Some(row) = unsettled {
                return Some(format!("page {at} has {row:?}"));
            }
            if page.view.rows.last().map(|row| row.key) != self.ledger.newest(self.server.log.epoch()) {
                return Some(format!("page {at} has not the newest message"));
            }
            if let Some(missing) = self.missing_people(page) {
                return Some(missing);
            }
        }
        None
    }
}
