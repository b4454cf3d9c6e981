//! Who we are: asked of the server, joined, renamed, signed out.
//!
//! A server whose members live in memory forgets them when it restarts. So who
//! has a remembered name joins again under it by itself, once: if that is
//! refused, or is forgotten again before a `welcome`, the person is asked.
//! Nobody comes back who wanted to go: signing out forgets the name, and a
//! member who is unknown in the middle of a session signed out on another page.

use crate::backoff::Backoff;
use crate::effect::Effect;
use crate::input::Unreachable;
use crate::jitter::Jitter;
use crate::name_refusal::NameRefusal;
use crate::timer::Timer;
use crate::view::IdentityView as Who;
use shared::{ErrorCode, Member};
use std::rc::Rc;

/// Who we are, as far as it is known.
#[derive(Debug)]
pub(crate) struct Identity {
    who: Who,
    /// The name to come back under.
    remembered: Option<String>,
    /// An `AskMe` is out.
    asking: bool,
    /// When to ask again, after one that failed.
    ask_at: Option<u64>,
    /// The one request about a name that is out.
    naming: Option<Naming>,
    /// The server was found to have forgotten us while that request was out.
    forgotten: bool,
    /// The one joining by ourselves is spent, until the next `welcome`.
    rejoined: bool,
    signing_out: bool,
    backoff: Backoff,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Naming {
    /// The person joins.
    Join,
    /// We join again by ourselves.
    Rejoin,
    /// The person takes another name.
    Rename,
}

/// What a change of identity asks of the rest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum IdentityOutcome {
    /// Nothing.
    Nothing,
    /// A new member: connect as such, now.
    Connect,
    /// The server knows us: connect, unless connected.
    Resume,
    /// The same member under another name.
    Renamed,
    /// Signed out: end everything.
    Left,
}

impl Identity {
    pub(crate) fn new() -> Self {
        Identity {
            who: Who::Unknown { failed: false },
            remembered: None,
            asking: false,
            ask_at: None,
            naming: None,
            forgotten: false,
            rejoined: false,
            signing_out: false,
            backoff: Backoff::default(),
        }
    }

    /// As the page shows it.
    pub(crate) fn who(&self) -> &Who {
        &self.who
    }

    /// The member of this page.
    pub(crate) fn me(&self) -> Option<&Member> {
        match &self.who {
            Who::Somebody { me, .. } => Some(me),
            _ => None,
        }
    }

    /// Whether somebody is signed in, as far as is known: a connection may be had.
    pub(crate) fn is_clear(&self) -> bool {
        self.me().is_some() && !self.asking && self.ask_at.is_none() && self.naming != Some(Naming::Rejoin)
    }

    /// When the server is asked again.
    pub(crate) fn ask_at(&self) -> Option<u64> {
        self.ask_at
    }

    /// The page is there.
    pub(crate) fn started(&mut self, name: Option<String>, out: &mut Vec<Effect>) {
        if !self.asking && matches!(self.who, Who::Unknown { .. }) {
            self.remembered = name.filter(|name| !name.is_empty());
            self.ask(out);
        }
    }

    /// The server said who we are.
    pub(crate) fn told(
        &mut self,
        answer: Result<Option<Member>, Unreachable>,
        now: u64,
        jitter: &mut Jitter,
        out: &mut Vec<Effect>,
    ) -> IdentityOutcome {
        if !std::mem::take(&mut self.asking) {
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
                self.is_forgotten(out);
                IdentityOutcome::Nothing
            }
            Err(Unreachable) => {
                if let Who::Unknown { failed } = &mut self.who {
                    *failed = true;
                }
                self.ask_later(now, jitter, out);
                IdentityOutcome::Nothing
            }
        }
    }

    /// The server answered a request about a name.
    pub(crate) fn named(
        &mut self,
        answer: Result<Member, NameRefusal>,
        now: u64,
        jitter: &mut Jitter,
        out: &mut Vec<Effect>,
    ) -> IdentityOutcome {
        let Some(naming) = self.naming.take() else { return IdentityOutcome::Nothing };
        match (naming, answer) {
            (Naming::Join | Naming::Rejoin, Ok(me)) => {
                self.become_member(me, out);
                return IdentityOutcome::Connect;
            }
            (Naming::Rename, Ok(renamed)) => {
                let is_me = self.me().is_some_and(|me| me.id == renamed.id);
                self.become_member(renamed, out);
                if std::mem::take(&mut self.forgotten) {
                    self.is_forgotten(out);
                }
                // The cookie may be of another member by now, who joined on
                // another page: then so are we, and the connection is not.
                return if is_me { IdentityOutcome::Renamed } else { IdentityOutcome::Connect };
            }
            // Another page of this browser joined meanwhile.
            (Naming::Join | Naming::Rejoin, Err(refusal)) if refusal.code == ErrorCode::AlreadySignedIn => {
                self.ask(out);
            }
            // Not refused, only not to be had just now: begin again later.
            // (A house that is full is told, though it may have a place later.)
            (Naming::Rejoin, Err(refusal))
                if refusal.code.is_temporary() && refusal.code != ErrorCode::HouseFull =>
            {
                self.rejoined = false;
                self.ask_later(now, jitter, out);
            }
            (Naming::Rejoin, Err(refusal)) => {
                let name = self.field_name();
                self.who = Who::Nobody { name, busy: false, refusal: Some(refusal) };
            }
            (Naming::Join, Err(refused)) => {
                if let Who::Nobody { busy, refusal, .. } = &mut self.who {
                    *busy = false;
                    *refusal = Some(refused);
                }
            }
            (Naming::Rename, Err(refused)) => {
                let unknown = refused.code == ErrorCode::SignInRequired;
                if let Who::Somebody { busy, refusal, .. } = &mut self.who {
                    *busy = false;
                    *refusal = Some(refused);
                }
                if std::mem::take(&mut self.forgotten) {
                    self.is_forgotten(out);
                } else if unknown {
                    self.ask(out);
                }
            }
        }
        IdentityOutcome::Nothing
    }

    /// The person asks for this name.
    pub(crate) fn join(&mut self, name: String, out: &mut Vec<Effect>) {
        if matches!(self.who, Who::Nobody { busy: false, .. }) && self.naming.is_none() {
            self.who = Who::Nobody { name: Rc::from(name.as_str()), busy: true, refusal: None };
            self.naming = Some(Naming::Join);
            out.push(Effect::Join { name });
        }
    }

    /// The person asks for another name.
    pub(crate) fn rename(&mut self, name: String, out: &mut Vec<Effect>) {
        if let Who::Somebody { busy: busy @ false, refusal, .. } = &mut self.who {
            *busy = true;
            *refusal = None;
            self.naming = Some(Naming::Rename);
            out.push(Effect::Rename { name });
        }
    }

    /// The person leaves.
    pub(crate) fn sign_out(&mut self, out: &mut Vec<Effect>) {
        if let Who::Somebody { busy: busy @ false, .. } = &mut self.who {
            *busy = true;
            self.signing_out = true;
            self.asking = false;
            self.stop_waiting(out);
            out.push(Effect::SignOut);
        }
    }

    /// The server answered the signing out.
    pub(crate) fn signed_out(
        &mut self,
        answer: Result<(), Unreachable>,
        out: &mut Vec<Effect>,
    ) -> IdentityOutcome {
        if !std::mem::take(&mut self.signing_out) {
            return IdentityOutcome::Nothing;
        }
        match answer {
            Ok(()) => {
                out.push(Effect::RememberName(None));
                *self = Identity::new();
                self.who = Who::Nobody { name: Rc::from(""), busy: false, refusal: None };
                IdentityOutcome::Left
            }
            Err(Unreachable) => {
                if let Who::Somebody { busy, refusal, .. } = &mut self.who {
                    *busy = false;
                    *refusal = Some(NameRefusal { code: ErrorCode::Internal, suggestion: None });
                }
                IdentityOutcome::Resume
            }
        }
    }

    /// A connection was refused because no member is signed in on it; `was_live`
    /// if that came in the middle of a session.
    pub(crate) fn doubted(&mut self, was_live: bool, out: &mut Vec<Effect>) {
        self.rejoined |= was_live;
        if self.me().is_some() && !self.signing_out && !self.asking {
            self.ask(out);
        }
    }

    /// A session began as `you`.
    pub(crate) fn welcomed(&mut self, you: &Member, out: &mut Vec<Effect>) {
        self.rejoined = false;
        if let Who::Somebody { me, .. } = &mut self.who {
            me.clone_from(you);
            self.remember(&you.name, out);
        }
    }

    /// A member has another name; it may be ours, given on another page.
    pub(crate) fn renamed(&mut self, member: &Member, out: &mut Vec<Effect>) {
        if let Who::Somebody { me, .. } = &mut self.who
            && me.id == member.id
        {
            me.name.clone_from(&member.name);
            self.remember(&member.name, out);
        }
    }

    /// The wait is over, or is to be: asks now. False if nothing waited.
    pub(crate) fn ask_now(&mut self, out: &mut Vec<Effect>) -> bool {
        let waits = self.ask_at.is_some();
        if waits {
            self.ask(out);
        }
        waits
    }

    fn ask(&mut self, out: &mut Vec<Effect>) {
        self.stop_waiting(out);
        self.asking = true;
        out.push(Effect::FetchIdentity);
    }

    fn ask_later(&mut self, now: u64, jitter: &mut Jitter, out: &mut Vec<Effect>) {
        let at = now.saturating_add(self.backoff.wait(now, jitter));
        self.ask_at = Some(at);
        out.push(Effect::ScheduleTimer(Timer::Retry, at));
    }

    fn stop_waiting(&mut self, out: &mut Vec<Effect>) {
        if self.ask_at.take().is_some() {
            out.push(Effect::CancelTimer(Timer::Retry));
        }
    }

    fn become_member(&mut self, me: Member, out: &mut Vec<Effect>) {
        self.remember(&me.name, out);
        self.who = Who::Somebody { me, busy: false, refusal: None };
    }

    fn remember(&mut self, name: &str, out: &mut Vec<Effect>) {
        if self.remembered.as_deref() != Some(name) {
            self.remembered = Some(name.to_owned());
            out.push(Effect::RememberName(Some(name.to_owned())));
        }
    }

    /// The server knows nobody here.
    fn is_forgotten(&mut self, out: &mut Vec<Effect>) {
        if self.naming.is_some() {
            // Its answer comes first: two would not be told apart.
            self.forgotten = true;
            return;
        }
        match (&mut self.who, &self.remembered) {
            (Who::Nobody { busy, .. }, _) => *busy = false,
            (who, Some(name)) if !self.rejoined => {
                match who {
                    // Who was somebody stays so in sight: this takes an instant.
                    Who::Somebody { busy, .. } => *busy = true,
                    _ => *who = Who::Unknown { failed: false },
                }
                self.rejoined = true;
                self.naming = Some(Naming::Rejoin);
                out.push(Effect::Join { name: name.clone() });
            }
            _ => {
                let name = self.field_name();
                self.who = Who::Nobody { name, busy: false, refusal: None };
            }
        }
    }

    fn field_name(&self) -> Rc<str> {
        Rc::from(self.remembered.as_deref().unwrap_or_default())
    }
}

#[cfg(test)]
mod tests;
