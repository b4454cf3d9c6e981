//! Tabs of one browser that share one reading connection.
//!
//! A browser opens at most six connections to a host (HTTP/1.1). So one tab, the leader, reads for all, and relays
//! each frame to the others over a channel. The leader holds a lease in the browser's storage. A follower that finds
//! the lease lapsed, asks for a leader and gets no answer, begins anew and takes the lease. Frames relayed before a
//! tab followed do not reach it: a follower begins with a request of its own once it listens, and whenever a leader
//! has begun to read, the followers begin anew. So what a follower is relayed goes on from where it stands.

use super::reported_presence::ReportedPresence;
use super::{ExpectedIdentity, Lease, Tab, TabMessage};
use crate::limits::{HERE_EVERY_MS, HERE_MS, LEADER_LEASE_MS, LEADER_RENEW_MS, RELAYED_FRAMES_MAX};
use crate::sorted::Map;
use shared::{Cursor, Event};

/// One thing that was read, here or by the leader.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// An event.
    Event(Event),
    /// Everything up to this cursor was delivered before.
    Through(Cursor),
}

/// One thing to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TabEffect {
    /// Keep this lease in the browser's storage, or drop the one that is there.
    SaveLease(Option<Lease>),
    /// Send this to the other tabs.
    Broadcast(TabMessage),
    /// Pass this on to the client.
    Deliver(Delivery),
    /// End this session: a new one is to begin.
    Restart,
    /// Report to the server that the person is away, or is not.
    ReportPresence(bool),
}

/// Part that a tab plays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// It reads, for itself and the others.
    Leader,
    /// Its leader relays to it.
    Follower,
}

/// One tab's side of the election, for one session.
#[derive(Clone, Debug)]
pub struct LeaderElection {
    tab: Tab,
    role: Role,
    /// There are no other tabs to be heard of: the browser has no channel, or nothing to keep a lease in.
    is_alone: bool,
    /// Identity of the session, from its `welcome` on. Frames of another identity are not for this tab.
    identity: Option<ExpectedIdentity>,
    is_live: bool,
    /// Deliveries relayed to a follower before it had begun, each with its identity: the `welcome` may not know of
    /// them yet.
    held: Vec<(Option<ExpectedIdentity>, Delivery)>,
    is_away: bool,
    /// Followers at which the person is, and when they last said so.
    here: Map<Tab, u64>,
    report: ReportedPresence,
    said_here_at: u64,
    renewed_at: u64,
    /// A follower has asked which tab leads, and was not answered.
    is_asking: bool,
}

impl LeaderElection {
    /// A tab without others: it leads, holds no lease and sends no message.
    pub fn alone(tab: Tab) -> Self {
        LeaderElection {
            tab,
            role: Role::Leader,
            is_alone: true,
            identity: None,
            is_live: false,
            held: Vec::new(),
            is_away: false,
            here: Map::new(),
            report: ReportedPresence::default(),
            said_here_at: 0,
            renewed_at: 0,
            is_asking: false,
        }
    }

    /// A tab that begins a session, where `lease` is in the browser's storage.
    pub fn new(tab: Tab, lease: Option<Lease>, now: u64, out: &mut Vec<TabEffect>) -> Self {
        let is_led = lease.is_some_and(|lease| lease.tab != tab && lease.holds(now));
        let role = if is_led { Role::Follower } else { Role::Leader };
        let mut election = LeaderElection { role, is_alone: false, ..LeaderElection::alone(tab) };
        if role == Role::Leader {
            election.renew(now, out);
        }
        election
    }

    /// The part that this tab plays.
    pub fn role(&self) -> Role {
        self.role
    }

    /// Whether there are no other tabs to be heard of.
    pub fn is_alone(&self) -> bool {
        self.is_alone
    }

    /// Whether the person is at none of the tabs, as the server was told.
    pub fn is_away(&self) -> bool {
        self.report.is_away()
    }

    /// Identity of the session; none before its `welcome`.
    pub fn identity(&self) -> Option<ExpectedIdentity> {
        self.identity
    }

    /// A `welcome` named the identity of the session. False if the session had one.
    pub fn welcomed(&mut self, identity: ExpectedIdentity) -> bool {
        self.identity.replace(identity).is_none()
    }

    /// The session has begun, and this tab has everything that it had missed.
    pub fn live(&mut self, now: u64, out: &mut Vec<TabEffect>) {
        if std::mem::replace(&mut self.is_live, true) {
            return;
        }
        match self.role {
            Role::Leader => {
                self.broadcast(TabMessage::Live, out);
                self.broadcast(TabMessage::Leads(self.tab), out);
                // Presence was known before there was a session to report it on.
                self.report_presence(now, out);
            }
            Role::Follower => {
                // A leader of another identity by now relays nothing to this tab.
                self.broadcast(TabMessage::WhoLeads, out);
                let held = std::mem::take(&mut self.held).into_iter();
                let ours = held.filter(|(identity, _)| *identity == self.identity);
                out.extend(ours.map(|(_, delivery)| TabEffect::Deliver(delivery)));
            }
        }
    }

    /// This tab read an event, as this text.
    pub fn event(&mut self, event: Event, text: &str, out: &mut Vec<TabEffect>) {
        if self.role == Role::Leader && self.is_live {
            self.broadcast(TabMessage::Frame(text.to_owned()), out);
            if let Some(identity) = self.identity {
                self.report.heard(&event, identity.member);
            }
        }
        out.push(TabEffect::Deliver(Delivery::Event(event)));
    }

    /// This tab has read everything up to here.
    pub fn through(&mut self, cursor: Cursor, out: &mut Vec<TabEffect>) {
        if self.role == Role::Leader && self.is_live {
            self.broadcast(TabMessage::Through(cursor), out);
        }
        out.push(TabEffect::Deliver(Delivery::Through(cursor)));
    }

    /// Another tab sent this, from a session of this identity.
    pub fn heard(
        &mut self,
        identity: Option<ExpectedIdentity>,
        message: TabMessage,
        now: u64,
        out: &mut Vec<TabEffect>,
    ) {
        match (message, self.role) {
            (TabMessage::Frame(text), Role::Follower) => {
                let event = Event::parse(&text).unwrap_or(Event::Unknown);
                self.relayed(identity, Delivery::Event(event), out);
            }
            (TabMessage::Through(cursor), Role::Follower) => {
                self.relayed(identity, Delivery::Through(cursor), out);
            }
            (TabMessage::Live | TabMessage::Bye, Role::Follower) => out.push(TabEffect::Restart),
            (TabMessage::Leads(_), Role::Follower) => self.is_asking = false,
            // Of two leaders one gives in.
            (TabMessage::Leads(other), Role::Leader) if other > self.tab => out.push(TabEffect::Restart),
            // The browser stands for another since this session began: a new session will, too.
            (TabMessage::WhoLeads, Role::Leader) if self.is_anothers(identity) => {
                out.push(TabEffect::Restart)
            }
            (TabMessage::Leads(_) | TabMessage::WhoLeads, Role::Leader) => {
                self.renew(now, out);
                self.broadcast(TabMessage::Leads(self.tab), out);
            }
            (TabMessage::Presence { tab, is_here }, Role::Leader) => {
                if is_here {
                    self.here.insert(tab, now);
                } else {
                    self.here.remove(&tab);
                }
                self.report_presence(now, out);
            }
            _ => {}
        }
    }

    /// The person came to this tab or went.
    pub fn set_away(&mut self, is_away: bool, now: u64, out: &mut Vec<TabEffect>) {
        self.is_away = is_away;
        match self.role {
            Role::Leader => self.report_presence(now, out),
            Role::Follower => self.say_here(now, out),
        }
    }

    /// A moment has passed, and `lease` is in the storage.
    pub fn tick(&mut self, lease: Option<Lease>, now: u64, out: &mut Vec<TabEffect>) {
        let others = lease.filter(|lease| lease.tab != self.tab && lease.holds(now));
        match (self.role, others) {
            // Another tab took the lease while this one slept.
            (Role::Leader, Some(_)) => out.push(TabEffect::Restart),
            (Role::Follower, None) if self.is_asking => out.push(TabEffect::Restart),
            (Role::Follower, None) => {
                self.is_asking = true;
                self.broadcast(TabMessage::WhoLeads, out);
            }
            (Role::Leader, None) => {
                if now.saturating_sub(self.renewed_at) >= LEADER_RENEW_MS || now < self.renewed_at {
                    self.renew(now, out);
                }
                self.report_presence(now, out);
            }
            (Role::Follower, Some(_)) => {
                self.is_asking = false;
                let is_time =
                    now.saturating_sub(self.said_here_at) >= HERE_EVERY_MS || now < self.said_here_at;
                if !self.is_away && is_time {
                    self.say_here(now, out);
                }
            }
        }
    }

    /// This tab ends its session; `lease` is in the storage.
    pub fn end(&self, lease: Option<Lease>, out: &mut Vec<TabEffect>) {
        match self.role {
            Role::Leader if self.is_alone => {}
            Role::Leader if lease.is_none_or(|lease| lease.tab == self.tab) => {
                out.push(TabEffect::SaveLease(None));
                self.broadcast(TabMessage::Bye, out);
            }
            Role::Leader => {}
            Role::Follower => {
                self.broadcast(TabMessage::Presence { tab: self.tab, is_here: false }, out);
            }
        }
    }

    fn relayed(&mut self, identity: Option<ExpectedIdentity>, delivery: Delivery, out: &mut Vec<TabEffect>) {
        if self.is_live {
            if identity == self.identity {
                out.push(TabEffect::Deliver(delivery));
            }
        } else if self.held.len() < RELAYED_FRAMES_MAX {
            self.held.push((identity, delivery));
        } else {
            out.push(TabEffect::Restart);
        }
    }

    /// Whether this tab's session is of another identity than that one.
    fn is_anothers(&self, identity: Option<ExpectedIdentity>) -> bool {
        identity.is_some() && self.identity.is_some() && identity != self.identity
    }

    fn renew(&mut self, now: u64, out: &mut Vec<TabEffect>) {
        if !self.is_alone {
            self.renewed_at = now;
            let lease = Lease { tab: self.tab, until: now.saturating_add(LEADER_LEASE_MS) };
            out.push(TabEffect::SaveLease(Some(lease)));
        }
    }

    fn broadcast(&self, message: TabMessage, out: &mut Vec<TabEffect>) {
        if !self.is_alone {
            out.push(TabEffect::Broadcast(message));
        }
    }

    fn say_here(&mut self, now: u64, out: &mut Vec<TabEffect>) {
        self.said_here_at = now;
        self.broadcast(TabMessage::Presence { tab: self.tab, is_here: !self.is_away }, out);
    }

    /// The person is away when at none of the tabs.
    fn report_presence(&mut self, now: u64, out: &mut Vec<TabEffect>) {
        self.here.retain(|_, said| now.saturating_sub(*said) < HERE_MS && *said <= now);
        let is_away = self.is_away && self.here.is_empty();
        if self.is_live && (self.report.update(is_away, now) || self.report.is_to_be_repeated(now)) {
            out.push(TabEffect::ReportPresence(is_away));
        }
    }
}

#[cfg(test)]
mod tests;
