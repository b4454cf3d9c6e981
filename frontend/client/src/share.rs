//! Pages of one browser that share one reading connection.
//!
//! A browser opens six connections to a host and no more (HTTP/1.1), so one page, the leader, reads for
//! all, and tells the others frame by frame over a channel. Who leads holds a lease in the browser's
//! storage; who finds it lapsed, and asks and is not answered, begins anew, and takes it. What was told
//! before one followed does not get here: a follower begins with a request of its own, once it listens;
//! and whenever a leader has begun to read, the others begin anew. So what a follower is told goes on
//! from where it stands.

use crate::limits::{HERE_EVERY_MS, HERE_MS, LEADER_LEASE_MS, LEADER_RENEW_MS, SHARED_FRAMES_MAX};
use crate::sorted::Map;
use shared::MemberId;
use told::Told;

mod told;

/// A page, by a random number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Tab(pub u64);

/// Who leads, and until when unless it says so again: milliseconds since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lease {
    /// Who.
    pub tab: Tab,
    /// Until when.
    pub until: u64,
}

/// What pages tell each other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Word {
    /// From the leader: a frame that it was told.
    Frame(String),
    /// From the leader: it has begun to read.
    Live,
    /// From the leader: it ends.
    Bye,
    /// From the leader: it leads.
    Lead(Tab),
    /// From a follower that has begun, or finds the lease lapsed: does anybody lead? Timers of pages that
    /// are long out of sight come once a minute, so a leader may live and not renew its lease. What pages
    /// tell each other is not held up so.
    Ask,
    /// From a follower: the person is at that page, or not.
    At(Tab, bool),
}

/// One thing to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wish {
    /// Keep this lease in the browser's storage, or drop the one that is there.
    Keep(Option<Lease>),
    /// Tell the other pages.
    Say(Word),
    /// Take this frame.
    Take(String),
    /// Begin anew: this connection is of no more use.
    Anew,
    /// Tell the server that the person is away, or is not.
    Away(bool),
}

/// What this page is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// It reads, for itself and the others.
    Leader,
    /// It is told.
    Follower,
}

/// The part of one page, for one connection.
#[derive(Clone, Debug)]
pub struct Share {
    tab: Tab,
    role: Role,
    /// Whose session it is, once the server has said so, as part of a query
    /// (`member=7&epoch=…`): frames of another's are not for this page.
    claim: String,
    is_live: bool,
    /// What a follower was told before it had begun, each with whose it is: it may be what the
    /// `welcome` does not know of yet.
    held: Vec<(String, String)>,
    away: bool,
    /// When followers at which the person is last said so.
    here: Map<Tab, u64>,
    told: Told,
    said_at: u64,
    renewed_at: u64,
    /// A follower has asked who leads, and was not answered.
    asks: bool,
}

impl Share {
    /// Begins a connection, where `found` is in the browser's storage.
    pub fn new(tab: Tab, found: Option<Lease>, now: u64, out: &mut Vec<Wish>) -> Self {
        let is_led = found.is_some_and(|lease| lease.tab != tab && holds(lease, now));
        let role = if is_led { Role::Follower } else { Role::Leader };
        let mut share = Share {
            tab,
            role,
            claim: String::new(),
            is_live: false,
            held: Vec::new(),
            away: false,
            here: Map::new(),
            told: Told::default(),
            said_at: 0,
            renewed_at: 0,
            asks: false,
        };
        if role == Role::Leader {
            share.renew(now, out);
        }
        share
    }

    /// What this page is.
    pub fn role(&self) -> Role {
        self.role
    }

    /// Whether the person is at none of the pages, as the server was told.
    pub fn is_away(&self) -> bool {
        self.told.is_away()
    }

    /// Whose session it is, in the words of [`Share::welcomed`]; empty before that.
    pub fn claim(&self) -> &str {
        &self.claim
    }

    /// The server has said whose session it is. False where one had begun.
    pub fn welcomed(&mut self, claim: String) -> bool {
        std::mem::replace(&mut self.claim, claim).is_empty()
    }

    /// The server has said `welcome`, and this page has what it missed.
    pub fn live(&mut self, now: u64, out: &mut Vec<Wish>) {
        if std::mem::replace(&mut self.is_live, true) {
            return;
        }
        match self.role {
            Role::Leader => {
                out.extend([Wish::Say(Word::Live), Wish::Say(Word::Lead(self.tab))]);
                // Whether the person is here was known before there was a session to tell it of.
                self.tell_away(now, out);
            }
            Role::Follower => {
                // Whoever leads and is somebody else by now tells it nothing.
                out.push(Wish::Say(Word::Ask));
                let ours = std::mem::take(&mut self.held).into_iter().filter(|(of, _)| *of == self.claim);
                out.extend(ours.map(|(_, frame)| Wish::Take(frame)));
            }
        }
    }

    /// The server told this.
    pub fn frame(&mut self, frame: &str, out: &mut Vec<Wish>) {
        if self.role == Role::Leader && self.is_live {
            out.push(Wish::Say(Word::Frame(frame.to_owned())));
            if let Some(member) = self.member() {
                self.told.heard(frame, member);
            }
        }
        out.push(Wish::Take(frame.to_owned()));
    }

    /// Another page told this, `of` whose session it is.
    pub fn heard(&mut self, of: &str, word: Word, now: u64, out: &mut Vec<Wish>) {
        match (word, self.role) {
            (Word::Frame(_), Role::Follower) if self.is_live && of != self.claim => {}
            (Word::Frame(frame), Role::Follower) if self.is_live => out.push(Wish::Take(frame)),
            (Word::Frame(frame), Role::Follower) if self.held.len() < SHARED_FRAMES_MAX => {
                self.held.push((of.to_owned(), frame));
            }
            (Word::Frame(_), Role::Follower) => out.push(Wish::Anew),
            (Word::Live | Word::Bye, Role::Follower) => out.push(Wish::Anew),
            (Word::Lead(_), Role::Follower) => self.asks = false,
            // Of two that lead one gives in.
            (Word::Lead(other), Role::Leader) if other > self.tab => out.push(Wish::Anew),
            // The browser has become another since this page began: to begin anew is to be that one too.
            (Word::Ask, Role::Leader) if self.is_anothers(of) => out.push(Wish::Anew),
            (Word::Lead(_) | Word::Ask, Role::Leader) => {
                self.renew(now, out);
                out.push(Wish::Say(Word::Lead(self.tab)));
            }
            (Word::At(tab, is_here), Role::Leader) => {
                if is_here {
                    self.here.insert(tab, now);
                } else {
                    self.here.remove(&tab);
                }
                self.tell_away(now, out);
            }
            _ => {}
        }
    }

    /// The person came to this page or went.
    pub fn away(&mut self, away: bool, now: u64, out: &mut Vec<Wish>) {
        self.away = away;
        match self.role {
            Role::Leader => self.tell_away(now, out),
            Role::Follower => self.say_at(now, out),
        }
    }

    /// A moment has passed, and `found` is in the storage.
    pub fn tick(&mut self, found: Option<Lease>, now: u64, out: &mut Vec<Wish>) {
        let other = found.filter(|lease| lease.tab != self.tab && holds(*lease, now));
        match (self.role, other) {
            // Another took it while this page slept.
            (Role::Leader, Some(_)) => out.push(Wish::Anew),
            (Role::Follower, None) if self.asks => out.push(Wish::Anew),
            (Role::Follower, None) => {
                self.asks = true;
                out.push(Wish::Say(Word::Ask));
            }
            (Role::Leader, None) => {
                if now.saturating_sub(self.renewed_at) >= LEADER_RENEW_MS || now < self.renewed_at {
                    self.renew(now, out);
                }
                self.tell_away(now, out);
            }
            (Role::Follower, Some(_)) => {
                self.asks = false;
                if !self.away && (now.saturating_sub(self.said_at) >= HERE_EVERY_MS || now < self.said_at) {
                    self.say_at(now, out);
                }
            }
        }
    }

    /// A moment has passed for a page that reads for itself, in a browser without a channel: there is
    /// no lease, but what it told may have to be said again.
    pub fn tick_alone(&mut self, now: u64, out: &mut Vec<Wish>) {
        self.tell_away(now, out);
    }

    /// This page lets go of the connection; `found` is in the storage.
    pub fn end(&self, found: Option<Lease>, out: &mut Vec<Wish>) {
        match self.role {
            Role::Leader if found.is_none_or(|lease| lease.tab == self.tab) => {
                out.extend([Wish::Keep(None), Wish::Say(Word::Bye)]);
            }
            Role::Leader => {}
            Role::Follower => out.push(Wish::Say(Word::At(self.tab, false))),
        }
    }

    /// Who the session is.
    fn member(&self) -> Option<MemberId> {
        let (id, _) = self.claim.strip_prefix("member=")?.split_once('&')?;
        Some(MemberId(id.parse().ok()?))
    }

    /// Whether the session of this page is of another than that one.
    fn is_anothers(&self, of: &str) -> bool {
        !of.is_empty() && !self.claim.is_empty() && of != self.claim
    }

    fn renew(&mut self, now: u64, out: &mut Vec<Wish>) {
        self.renewed_at = now;
        out.push(Wish::Keep(Some(Lease { tab: self.tab, until: now.saturating_add(LEADER_LEASE_MS) })));
    }

    fn say_at(&mut self, now: u64, out: &mut Vec<Wish>) {
        self.said_at = now;
        out.push(Wish::Say(Word::At(self.tab, !self.away)));
    }

    /// The person is away when they are at none of the pages.
    fn tell_away(&mut self, now: u64, out: &mut Vec<Wish>) {
        self.here.retain(|_, said| now.saturating_sub(*said) < HERE_MS && *said <= now);
        let away = self.away && self.here.is_empty();
        if self.is_live && (self.told.tell(away, now) || self.told.is_to_be_told_again(now)) {
            out.push(Wish::Away(away));
        }
    }
}

/// A lease that lies too far ahead was written by a clock that was set back since.
fn holds(lease: Lease, now: u64) -> bool {
    now < lease.until && lease.until <= now.saturating_add(LEADER_LEASE_MS)
}
