//! The identity of this page's member: how the page learns it, joins, takes another name and signs out.
//!
//! A server that keeps its members in memory forgets them when it restarts. A page that remembers a
//! name therefore joins again under it, once. If that is refused, or the member is forgotten again
//! before a `welcome`, the page asks the person.
//!
//! If too many people join at once, the server says when to come back. The page then waits and joins by itself.
//!
//! A member who signed out is not joined again: signing out deletes the remembered name, for all tabs. A member
//! who becomes unknown during a session signed out in another tab.
//!
//! If the server knows nobody although the page has just joined again, the browser does not accept cookies.

mod request;

pub use request::{IdentityAnswer, IdentityRequest, read_member};

use crate::backoff::Backoff;
use crate::effect::Effect;
use crate::input::Unreachable;
use crate::jitter::Jitter;
use crate::limits::JOIN_WAIT_S;
use crate::name_refusal::NameRefusal;
use crate::timer::Timer;
use crate::view::IdentityView;
use shared::{ClientId, ErrorCode, Member};
use std::rc::Rc;

/// The identity, as far as it is known.
#[derive(Debug)]
pub(crate) struct Identity {
    view: IdentityView,
    /// The name to join again under.
    remembered_name: Option<String>,
    /// The id of the join. All requests until a `welcome` carry the same, so that an answer that was lost
    /// leaves no other member behind. None before the page's start.
    join_id: Option<ClientId>,
    /// Whether [`Effect::FetchIdentity`] awaits its answer.
    is_fetching: bool,
    /// The time of the next fetch after one that failed.
    retry_at: Option<u64>,
    /// The pending request about a name; there is at most one.
    naming: Option<Naming>,
    /// Whether the server turned out to have forgotten the member while that request was pending.
    was_forgotten: bool,
    /// Whether the one automatic join was used since the last `welcome`.
    has_rejoined: bool,
    /// Whether the page joined since the last `welcome`.
    has_joined: bool,
    is_signing_out: bool,
    backoff: Backoff,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Naming {
    /// The person joins.
    Join,
    /// The page joins again by itself.
    Rejoin,
    /// The person takes another name.
    Rename,
}

/// The consequence of a change of identity for the rest of the client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum IdentityOutcome {
    /// The change has no consequence for the rest of the client.
    Nothing,
    /// A new member: connect as this member now.
    Connect,
    /// The server knows the member: connect, unless a connection is wanted already.
    Resume,
    /// The member has another name.
    Renamed,
    /// The member signed out: end everything.
    Left,
}

impl Identity {
    pub(crate) fn new() -> Self {
        Identity {
            view: IdentityView::Unknown { failed: false },
            remembered_name: None,
            join_id: None,
            is_fetching: false,
            retry_at: None,
            naming: None,
            was_forgotten: false,
            has_rejoined: false,
            has_joined: false,
            is_signing_out: false,
            backoff: Backoff::default(),
        }
    }

    /// The identity as the page shows it.
    pub(crate) fn view(&self) -> &IdentityView {
        &self.view
    }

    /// The member of this page.
    pub(crate) fn me(&self) -> Option<&Member> {
        match &self.view {
            IdentityView::Somebody { me, .. } => Some(me),
            _ => None,
        }
    }

    /// Whether a member is signed in as far as the client knows, so that a connection may be
    /// opened.
    pub(crate) fn is_known(&self) -> bool {
        self.me().is_some()
            && !self.is_fetching
            && self.retry_at.is_none()
            && self.naming != Some(Naming::Rejoin)
    }

    /// The time of the next fetch, if one is scheduled.
    pub(crate) fn retry_at(&self) -> Option<u64> {
        self.retry_at
    }

    /// Begins with the name of the last visit.
    pub(crate) fn start(&mut self, name: Option<String>, join_id: ClientId, out: &mut Vec<Effect>) {
        if !self.is_fetching && matches!(self.view, IdentityView::Unknown { .. }) {
            self.remembered_name = name.filter(|name| !name.is_empty());
            self.join_id = Some(join_id);
            self.fetch(out);
        }
    }

    /// Takes the name that the browser remembers now. Another tab may have signed out or renamed the member.
    pub(crate) fn set_remembered_name(&mut self, name: Option<String>) {
        self.remembered_name = name.filter(|name| !name.is_empty());
    }

    /// Takes the answer to [`Effect::FetchIdentity`].
    pub(crate) fn apply_fetched(
        &mut self,
        answer: Result<Option<Member>, Unreachable>,
        now: u64,
        jitter: &mut Jitter,
        out: &mut Vec<Effect>,
    ) -> IdentityOutcome {
        if !std::mem::take(&mut self.is_fetching) {
            return IdentityOutcome::Nothing;
        }
        match answer {
            Ok(Some(me)) => {
                self.backoff = Backoff::default();
                self.become_member(me, out);
                IdentityOutcome::Resume
            }
            Ok(None) => {
                self.backoff = Backoff::default();
                self.rejoin_or_ask(out);
                IdentityOutcome::Nothing
            }
            Err(Unreachable) => {
                if let IdentityView::Unknown { failed } = &mut self.view {
                    *failed = true;
                }
                self.fetch_later(now, now, jitter, out);
                IdentityOutcome::Nothing
            }
        }
    }

    /// Takes the answer to [`Effect::Join`] or [`Effect::Rename`].
    pub(crate) fn apply_named(
        &mut self,
        answer: Result<Member, NameRefusal>,
        now: u64,
        jitter: &mut Jitter,
        out: &mut Vec<Effect>,
    ) -> IdentityOutcome {
        let Some(naming) = self.naming.take() else { return IdentityOutcome::Nothing };
        match (naming, answer) {
            (Naming::Join | Naming::Rejoin, Ok(me)) => {
                self.has_joined = true;
                self.become_member(me, out);
                return IdentityOutcome::Connect;
            }
            (Naming::Rename, Ok(renamed)) => {
                let is_me = self.me().is_some_and(|me| me.id == renamed.id);
                self.become_member(renamed, out);
                if std::mem::take(&mut self.was_forgotten) {
                    self.rejoin_or_ask(out);
                }
                // Another member may have joined in another tab, so that the cookie is that
                // member's. Then the present connection is not.
                return if is_me { IdentityOutcome::Renamed } else { IdentityOutcome::Connect };
            }
            // Another tab of this browser joined meanwhile.
            (Naming::Join | Naming::Rejoin, Err(refusal)) if refusal.code == ErrorCode::AlreadySignedIn => {
                self.fetch(out);
            }
            // The refusal is temporary, so try again later. A full house is shown to the person,
            // although it may have space later.
            (Naming::Rejoin, Err(refusal))
                if refusal.code.is_temporary() && refusal.code != ErrorCode::HouseFull =>
            {
                self.has_rejoined = false;
                let not_before =
                    refusal.retry_after_s.map_or(0, |_| now.saturating_add(join_wait_ms(&refusal)));
                self.fetch_later(not_before, now, jitter, out);
            }
            (Naming::Rejoin, Err(refusal)) => {
                let name = self.field_name();
                self.view = nobody(name, Some(refusal));
            }
            (Naming::Join, Err(refused)) => {
                let waits = refused.code == ErrorCode::TooManyRequests;
                let wait = waits.then(|| join_wait_ms(&refused)).map(|wait| now.saturating_add(wait));
                if let IdentityView::Nobody { busy, refusal, retry_at, .. } = &mut self.view {
                    (*busy, *refusal, *retry_at) = (wait.is_some(), Some(refused), wait);
                    out.extend(wait.map(|at| Effect::ScheduleTimer(Timer::Retry, at)));
                }
            }
            (Naming::Rename, Err(refused)) => {
                let unknown = refused.code == ErrorCode::SignInRequired;
                if let IdentityView::Somebody { busy, refusal, .. } = &mut self.view {
                    *busy = false;
                    *refusal = Some(refused);
                }
                if std::mem::take(&mut self.was_forgotten) {
                    self.rejoin_or_ask(out);
                } else if unknown {
                    self.fetch(out);
                }
            }
        }
        IdentityOutcome::Nothing
    }

    /// Requests to join under this name.
    pub(crate) fn join(&mut self, name: String, out: &mut Vec<Effect>) {
        if matches!(self.view, IdentityView::Nobody { busy: false, .. }) && self.naming.is_none() {
            self.send_join(name, out);
        }
    }

    fn send_join(&mut self, name: String, out: &mut Vec<Effect>) {
        let field = Rc::from(name.as_str());
        self.view = IdentityView::Nobody { name: field, busy: true, refusal: None, retry_at: None };
        self.naming = Some(Naming::Join);
        out.push(Effect::Join { name, client_id: self.join_id });
    }

    /// Requests another name.
    pub(crate) fn rename(&mut self, name: String, out: &mut Vec<Effect>) {
        if let IdentityView::Somebody { busy: busy @ false, refusal, .. } = &mut self.view {
            *busy = true;
            *refusal = None;
            self.naming = Some(Naming::Rename);
            out.push(Effect::Rename { name });
        }
    }

    /// Requests to sign out.
    pub(crate) fn sign_out(&mut self, out: &mut Vec<Effect>) {
        if let IdentityView::Somebody { busy: busy @ false, .. } = &mut self.view {
            *busy = true;
            self.is_signing_out = true;
            self.is_fetching = false;
            self.cancel_retry(out);
            out.push(Effect::SignOut);
        }
    }

    /// Takes the answer to [`Effect::SignOut`].
    pub(crate) fn apply_signed_out(
        &mut self,
        answer: Result<(), Unreachable>,
        out: &mut Vec<Effect>,
    ) -> IdentityOutcome {
        if !std::mem::take(&mut self.is_signing_out) {
            return IdentityOutcome::Nothing;
        }
        match answer {
            Ok(()) => {
                out.push(Effect::RememberName(None));
                *self = Identity { join_id: self.next_join_id(), ..Identity::new() };
                self.view = nobody(Rc::from(""), None);
                IdentityOutcome::Left
            }
            Err(Unreachable) => {
                if let IdentityView::Somebody { busy, refusal, .. } = &mut self.view {
                    *busy = false;
                    let code = ErrorCode::Internal;
                    *refusal = Some(NameRefusal { code, suggestion: None, retry_after_s: None });
                }
                IdentityOutcome::Resume
            }
        }
    }

    /// Checks the identity because a connection was refused for lack of one. `was_live` is true if
    /// that happened during a session.
    pub(crate) fn doubt(&mut self, was_live: bool, out: &mut Vec<Effect>) {
        self.has_rejoined |= was_live;
        if self.me().is_some() && !self.is_signing_out && !self.is_fetching {
            self.fetch(out);
        }
    }

    /// Takes the member of a new session.
    pub(crate) fn confirm(&mut self, you: &Member, out: &mut Vec<Effect>) {
        (self.has_rejoined, self.has_joined) = (false, false);
        self.join_id = self.next_join_id();
        if let IdentityView::Somebody { me, .. } = &mut self.view {
            me.clone_from(you);
            self.remember_name(&you.name, out);
        }
    }

    /// The id for the next member of this page. Members who had one id would share a device.
    fn next_join_id(&self) -> Option<ClientId> {
        let next = |ClientId(id)| u128::from_be_bytes(id).wrapping_add(1);
        self.join_id.map(next).map(|id| ClientId(id.to_be_bytes()))
    }

    /// Takes another name of a member. It may be this member, renamed in another tab.
    pub(crate) fn set_name(&mut self, member: &Member, out: &mut Vec<Effect>) {
        if let IdentityView::Somebody { me, .. } = &mut self.view
            && me.id == member.id
        {
            me.name.clone_from(&member.name);
            self.remember_name(&member.name, out);
        }
    }

    /// Sends the join that waits for its time. Returns false if none does.
    pub(crate) fn retry_join(&mut self, out: &mut Vec<Effect>) -> bool {
        let IdentityView::Nobody { name, retry_at: Some(_), .. } = &self.view else { return false };
        let name = name.to_string();
        self.send_join(name, out);
        true
    }

    /// Fetches the identity now if a fetch is scheduled. Returns false if none is.
    pub(crate) fn fetch_now(&mut self, out: &mut Vec<Effect>) -> bool {
        let was_waiting = self.retry_at.is_some();
        if was_waiting {
            self.fetch(out);
        }
        was_waiting
    }

    fn fetch(&mut self, out: &mut Vec<Effect>) {
        self.cancel_retry(out);
        self.is_fetching = true;
        out.push(Effect::FetchIdentity);
    }

    fn fetch_later(&mut self, not_before: u64, now: u64, jitter: &mut Jitter, out: &mut Vec<Effect>) {
        let at = now.saturating_add(self.backoff.next_wait(now, jitter)).max(not_before);
        self.retry_at = Some(at);
        out.push(Effect::ScheduleTimer(Timer::Retry, at));
    }

    fn cancel_retry(&mut self, out: &mut Vec<Effect>) {
        if self.retry_at.take().is_some() {
            out.push(Effect::CancelTimer(Timer::Retry));
        }
    }

    fn become_member(&mut self, me: Member, out: &mut Vec<Effect>) {
        self.remember_name(&me.name, out);
        self.view = IdentityView::Somebody { me, busy: false, refusal: None };
    }

    fn remember_name(&mut self, name: &str, out: &mut Vec<Effect>) {
        if self.remembered_name.as_deref() != Some(name) {
            self.remembered_name = Some(name.to_owned());
            out.push(Effect::RememberName(Some(name.to_owned())));
        }
    }

    /// Joins again under the remembered name, or asks the person for a name.
    fn rejoin_or_ask(&mut self, out: &mut Vec<Effect>) {
        if self.naming.is_some() {
            // Wait for the answer to the pending request: two answers could not be told apart.
            self.was_forgotten = true;
            return;
        }
        match (&mut self.view, &self.remembered_name) {
            (IdentityView::Nobody { busy, retry_at, .. }, _) => *busy = retry_at.is_some(),
            (view, Some(name)) if !self.has_rejoined => {
                match view {
                    // Keep showing the member: joining again takes an instant.
                    IdentityView::Somebody { busy, .. } => *busy = true,
                    _ => *view = IdentityView::Unknown { failed: false },
                }
                self.has_rejoined = true;
                self.naming = Some(Naming::Rejoin);
                out.push(Effect::Join { name: name.clone(), client_id: self.join_id });
            }
            _ => {
                let refusal = std::mem::take(&mut self.has_joined).then(NameRefusal::cookies_blocked);
                self.view = nobody(self.field_name(), refusal);
            }
        }
    }

    fn field_name(&self) -> Rc<str> {
        Rc::from(self.remembered_name.as_deref().unwrap_or_default())
    }
}

fn nobody(name: Rc<str>, refusal: Option<NameRefusal>) -> IdentityView {
    IdentityView::Nobody { name, busy: false, refusal, retry_at: None }
}

/// Milliseconds until a refused join is sent again: as the server says, within [`JOIN_WAIT_S`].
fn join_wait_ms(refusal: &NameRefusal) -> u64 {
    let (least, most) = (*JOIN_WAIT_S.start(), *JOIN_WAIT_S.end());
    refusal.retry_after_s.unwrap_or(least).clamp(least, most) * 1_000
}

#[cfg(test)]
mod tests;
