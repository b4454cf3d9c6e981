//! Leader election: [`LeaderElection::new`] chooses the role of a tab at the start of a session, and
//! [`LeaderElection::tick`] notices that the lease has expired.
//!
//! A browser opens at most six connections to a host (HTTP/1.1). Therefore one tab, the leader, reads for
//! all tabs of the browser, and relays each frame to the others over a channel. The leader holds a lease in
//! the browser's storage. If the lease has expired, a follower asks which tab leads. If no tab answers, the
//! follower starts a new session and takes the lease. A follower also measures by its monotonic clock how long
//! the lease stays the same, because the wall clock may be set back. A leader that was suspended until after the
//! end of its lease reads the stored one before it relays, because another tab may have relayed newer frames.
//!
//! A follower must not miss a frame that was relayed before it listened. Therefore it listens first, and then
//! requests the missed events itself; relayed frames continue from there. When a leader starts to read, its
//! followers start new sessions for the same reason.
//!
//! The answer to the follower's request and the relayed frames may come from two servers of which the second has an
//! older copy of the log. So before a relayed frame passes a position of the answer, the follower asks the server
//! whether the log has both ([`OwnPositions`]).

use super::own_positions::{OwnPositions, position_of};
use super::reported_presence::ReportedPresence;
use super::{Lease, SessionIdentity, Tab, TabMessage};
use crate::limits::{HERE_EVERY_MS, HERE_MS, LEADER_LEASE_MS, LEADER_RENEW_MS, RELAYED_FRAMES_MAX};
use crate::sorted::Map;
use shared::event::EventFrame;
use shared::{Cursor, Now};

/// A part of what was read, by this tab or by the leader.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// An event of the server, in the order of reading.
    Event(EventFrame),
    /// Cursor up to which all events were delivered.
    Through(Cursor),
}

/// An order of the election to its session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TabEffect {
    /// Store this lease in the browser's storage; `None` deletes the stored one.
    SaveLease(Option<Lease>),
    /// Send this message to the other tabs.
    Broadcast(TabMessage),
    /// Pass this delivery to the client.
    Deliver(Delivery),
    /// End this session, so that the client begins a new one.
    Restart,
    /// Report to the server whether the person is away from all tabs.
    ReportPresence(bool),
    /// Ask the server whether its log has this position of the leader and these of the follower. If it has, call
    /// [`LeaderElection::mark_proved`]; otherwise end the session.
    Prove(Cursor, Vec<Cursor>),
}

/// Role of a tab in the election.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// The tab reads from the server, for itself and the others.
    Leader,
    /// The leader relays frames to the tab.
    Follower,
}

/// One tab's side of the election, for one session.
#[derive(Clone, Debug)]
pub struct LeaderElection {
    tab: Tab,
    role: Role,
    /// Whether the tab cannot reach other tabs: the browser has no channel, or no storage for a lease.
    is_alone: bool,
    /// Member and epoch of the session, from its `welcome` on. Relayed frames of another identity are
    /// dropped.
    identity: Option<SessionIdentity>,
    is_live: bool,
    /// Deliveries relayed to a follower before its own session was live, or while it proves its positions, each with
    /// its identity. The answer to the follower's request may not contain them.
    held: Vec<(Option<SessionIdentity>, Delivery)>,
    /// Positions that this tab's requests told.
    pub(crate) own_positions: OwnPositions,
    /// Whether the server is asked for the positions of this follower.
    is_proving: bool,
    is_away: bool,
    /// Followers at which the person is, with the time of their last message about that.
    here: Map<Tab, u64>,
    report: ReportedPresence,
    /// Time of the last announcement by the monotonic clock.
    announced_at: Option<u64>,
    renewed_at: Now,
    /// Lease as this tab last read it, and the time of its last change by the monotonic clock.
    seen: (Option<Lease>, u64),
    /// Whether this follower has asked which tab leads and has no answer yet.
    is_asking: bool,
}

impl LeaderElection {
    /// Creates the election of a tab without others: it leads, holds no lease and sends no message.
    pub fn alone(tab: Tab) -> Self {
        LeaderElection {
            tab,
            role: Role::Leader,
            is_alone: true,
            identity: None,
            is_live: false,
            held: Vec::new(),
            own_positions: OwnPositions::default(),
            is_proving: false,
            is_away: false,
            here: Map::new(),
            report: ReportedPresence::default(),
            announced_at: None,
            renewed_at: Now::default(),
            seen: (None, 0),
            is_asking: false,
        }
    }

    /// Creates the election of a tab that begins a session while `lease` is stored. The tab follows if
    /// another tab holds the lease; otherwise it takes the lease and leads.
    pub fn new(tab: Tab, lease: Option<Lease>, now: Now, out: &mut Vec<TabEffect>) -> Self {
        let is_led = lease.is_some_and(|lease| lease.tab != tab && lease.holds(now.wall));
        let role = if is_led { Role::Follower } else { Role::Leader };
        let seen = (lease, now.mono);
        let mut election = LeaderElection { role, is_alone: false, seen, ..LeaderElection::alone(tab) };
        if role == Role::Leader {
            election.renew(now, out);
        }
        election
    }

    /// Current role of this tab; it never changes within a session.
    pub fn role(&self) -> Role {
        self.role
    }

    /// Whether the tab cannot reach other tabs.
    pub fn is_alone(&self) -> bool {
        self.is_alone
    }

    /// Whether the last report to the server said that the person is at none of the tabs.
    pub fn is_away(&self) -> bool {
        self.report.is_away()
    }

    /// Whether the last renewal of this leader's lease has expired by either clock, so that another tab may
    /// lead. Then the leader must read the lease before it relays or answers anything.
    pub fn is_overdue(&self, now: Now) -> bool {
        let is_renewed = now.mono.saturating_sub(self.renewed_at.mono) < LEADER_LEASE_MS;
        let is_valid = is_renewed && self.renewed_lease().holds(now.wall);
        self.role == Role::Leader && !self.is_alone && !is_valid
    }

    /// Whether `lease`, as it is stored now, shows that another tab leads.
    pub fn is_replaced(&self, lease: Option<Lease>, now: Now) -> bool {
        lease.is_some_and(|lease| lease.tab != self.tab && lease.holds(now.wall))
    }

    /// Member and epoch of the session; `None` before its `welcome`.
    pub fn identity(&self) -> Option<SessionIdentity> {
        self.identity
    }

    /// Records the identity that a `welcome` named. Returns false if the session had one already.
    pub fn welcomed(&mut self, identity: SessionIdentity) -> bool {
        self.identity.replace(identity).is_none()
    }

    /// Records that this tab has read everything that it had missed. From here on, a leader relays, and a
    /// follower delivers relayed frames.
    pub fn mark_live(&mut self, now: Now, out: &mut Vec<TabEffect>) {
        if std::mem::replace(&mut self.is_live, true) {
            return;
        }
        match self.role {
            Role::Leader => {
                self.broadcast(TabMessage::Live, out);
                self.broadcast(TabMessage::Leads(self.tab), out);
                // Report the presence that was recorded before the session could carry a report.
                self.report_presence(now, out);
            }
            Role::Follower => {
                // Ask for the leader: one with another identity restarts, instead of relaying frames that are
                // dropped.
                self.broadcast(TabMessage::WhoLeads, out);
                self.deliver_held(out);
            }
        }
    }

    /// Records that the log has the positions of [`TabEffect::Prove`].
    pub fn mark_proved(&mut self, out: &mut Vec<TabEffect>) {
        self.is_proving = false;
        self.deliver_held(out);
    }

    fn deliver_held(&mut self, out: &mut Vec<TabEffect>) {
        for (identity, delivery) in std::mem::take(&mut self.held) {
            self.receive_relayed(identity, delivery, out);
        }
    }

    /// Delivers an event that this tab read, and relays its `text` to the other tabs.
    pub fn event(&mut self, frame: EventFrame, text: &str, out: &mut Vec<TabEffect>) {
        if self.role == Role::Leader && self.is_live {
            self.broadcast(TabMessage::Frame(text.to_owned()), out);
            if let Some(identity) = self.identity {
                self.report.record_announcement(&frame.event, identity.member);
            }
        }
        out.push(TabEffect::Deliver(Delivery::Event(frame)));
    }

    /// Delivers the cursor up to which this tab has read everything, and relays it.
    pub fn through(&mut self, cursor: Cursor, out: &mut Vec<TabEffect>) {
        if self.role == Role::Leader && self.is_live {
            if cursor.mark.is_some() {
                self.broadcast(TabMessage::Marked(cursor), out);
            }
            self.broadcast(TabMessage::Through(cursor.unmarked()), out);
        }
        if self.role == Role::Follower {
            self.own_positions.add(cursor);
        }
        out.push(TabEffect::Deliver(Delivery::Through(cursor)));
    }

    /// Handles a message of another tab, whose session has this identity.
    pub fn receive_message(
        &mut self,
        identity: Option<SessionIdentity>,
        message: TabMessage,
        now: Now,
        out: &mut Vec<TabEffect>,
    ) {
        match (message, self.role) {
            (TabMessage::Frame(text), Role::Follower) => {
                let frame = EventFrame::parse_or_unknown(&text);
                self.receive_relayed(identity, Delivery::Event(frame), out);
            }
            (TabMessage::Through(cursor) | TabMessage::Marked(cursor), Role::Follower) => {
                self.receive_relayed(identity, Delivery::Through(cursor), out);
            }
            (TabMessage::Live | TabMessage::Bye, Role::Follower) => out.push(TabEffect::Restart),
            (TabMessage::Leads(_), Role::Follower) => self.is_asking = false,
            // Of two leaders, the one with the smaller number restarts.
            (TabMessage::Leads(other), Role::Leader) if other > self.tab => out.push(TabEffect::Restart),
            // The browser's cookie belongs to another member since this session began. Restart to use it too.
            (TabMessage::WhoLeads, Role::Leader) if self.is_anothers(identity) => {
                out.push(TabEffect::Restart)
            }
            (TabMessage::Leads(_) | TabMessage::WhoLeads, Role::Leader) => {
                self.renew(now, out);
                self.broadcast(TabMessage::Leads(self.tab), out);
            }
            (TabMessage::Presence { tab, is_here }, Role::Leader) => {
                if is_here {
                    self.here.insert(tab, now.mono);
                } else {
                    self.here.remove(&tab);
                }
                self.report_presence(now, out);
            }
            _ => {}
        }
    }

    /// Records whether the person is away from this tab. A leader reports it to the server, a follower to the
    /// leader.
    pub fn set_away(&mut self, is_away: bool, now: Now, out: &mut Vec<TabEffect>) {
        self.is_away = is_away;
        match self.role {
            Role::Leader => self.report_presence(now, out),
            Role::Follower => self.announce_presence(now, out),
        }
    }

    /// Checks the stored lease: a leader renews its own, and a follower notices that the leader's has
    /// expired. Called every [`ELECTION_TICK_MS`](crate::limits::ELECTION_TICK_MS).
    pub fn tick(&mut self, lease: Option<Lease>, now: Now, out: &mut Vec<TabEffect>) {
        if lease != self.seen.0 {
            self.seen = (lease, now.mono);
        }
        // If the wall clock is set back, a lease that nobody renews holds for longer. The monotonic clock ends it.
        let is_renewed = now.mono.saturating_sub(self.seen.1) < LEADER_LEASE_MS;
        let others = lease.filter(|lease| is_renewed && lease.tab != self.tab && lease.holds(now.wall));
        match (self.role, others) {
            // Another tab took the lease while this one was suspended.
            (Role::Leader, Some(_)) => out.push(TabEffect::Restart),
            (Role::Follower, None) if self.is_asking => {
                // By the wall clock the lease may still be valid. Then the next session would follow it again.
                out.extend([TabEffect::SaveLease(None), TabEffect::Restart]);
            }
            (Role::Follower, None) => {
                self.is_asking = true;
                self.broadcast(TabMessage::WhoLeads, out);
            }
            (Role::Leader, None) => {
                if now.mono.saturating_sub(self.renewed_at.mono) >= LEADER_RENEW_MS {
                    self.renew(now, out);
                }
                self.report_presence(now, out);
            }
            (Role::Follower, Some(_)) => {
                self.is_asking = false;
                let is_time = self.announced_at.is_none_or(|at| now.mono.saturating_sub(at) >= HERE_EVERY_MS);
                if !self.is_away && is_time {
                    self.announce_presence(now, out);
                }
            }
        }
    }

    /// Ends this tab's part in the election. A leader deletes its stored lease and tells the followers that
    /// it ends.
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

    fn receive_relayed(
        &mut self,
        identity: Option<SessionIdentity>,
        delivery: Delivery,
        out: &mut Vec<TabEffect>,
    ) {
        if !self.is_live || self.is_proving {
            if self.held.len() < RELAYED_FRAMES_MAX {
                self.held.push((identity, delivery));
            } else {
                out.push(TabEffect::Restart);
            }
            return;
        }
        if identity != self.identity {
            return;
        }
        let read = match &delivery {
            Delivery::Through(cursor) => Some(*cursor),
            Delivery::Event(frame) => identity.and_then(|identity| position_of(frame, identity.epoch)),
        };
        match read.filter(|read| self.own_positions.note_read(*read)) {
            None => out.push(TabEffect::Deliver(delivery)),
            Some(read) => {
                self.is_proving = true;
                self.held.push((identity, delivery));
                out.push(TabEffect::Prove(read, self.own_positions.take()));
            }
        }
    }

    /// Whether `identity` and this session's identity are both known and differ.
    fn is_anothers(&self, identity: Option<SessionIdentity>) -> bool {
        identity.is_some() && self.identity.is_some() && identity != self.identity
    }

    fn renew(&mut self, now: Now, out: &mut Vec<TabEffect>) {
        if !self.is_alone {
            self.renewed_at = now;
            out.push(TabEffect::SaveLease(Some(self.renewed_lease())));
        }
    }

    /// Lease as this leader saved it last.
    fn renewed_lease(&self) -> Lease {
        Lease { tab: self.tab, until: self.renewed_at.after(LEADER_LEASE_MS).wall }
    }

    fn broadcast(&self, message: TabMessage, out: &mut Vec<TabEffect>) {
        if !self.is_alone {
            out.push(TabEffect::Broadcast(message));
        }
    }

    fn announce_presence(&mut self, now: Now, out: &mut Vec<TabEffect>) {
        self.announced_at = Some(now.mono);
        self.broadcast(TabMessage::Presence { tab: self.tab, is_here: !self.is_away }, out);
    }

    /// Reports a change of presence to the server. The person is away when at none of the tabs.
    fn report_presence(&mut self, now: Now, out: &mut Vec<TabEffect>) {
        self.here.retain(|_, announced_at| now.mono.saturating_sub(*announced_at) < HERE_MS);
        let is_away = self.is_away && self.here.is_empty();
        if self.is_live && (self.report.update(is_away, now.mono) || self.report.is_to_be_repeated(now.mono))
        {
            out.push(TabEffect::ReportPresence(is_away));
        }
    }
}

#[cfg(test)]
mod tests;
