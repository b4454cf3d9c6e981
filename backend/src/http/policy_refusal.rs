//! The refusal of a foreign host or origin. It names the flag that would allow it, with the value filled in: as a
//! page for browsers, as a problem for programs, and once in the log.

use crate::http::problem::ApiError;
use crate::http::{accept, message_page};
use crate::limits::{POLICY_NOTES_MAX, REPEAT_EVERY};
use actix_web::{
    HttpResponse, ResponseError,
    http::{
        StatusCode,
        header::{self, HeaderMap},
    },
};
use shared::ErrorCode;
use std::{
    collections::BTreeSet,
    sync::{Mutex, PoisonError},
    time::Instant,
};
use url::{Host, Url};

/// Reason why the host policy refuses a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PolicyRefusal {
    /// The house does not have this name; `None` if the request has no name that a flag could allow.
    Host(Option<String>),
    /// The house does not accept this origin; `None` if there is none that a flag could allow.
    Origin(Option<String>),
}

impl PolicyRefusal {
    /// The refusal of a host and port, as the request has it.
    pub(super) fn host(text: &str) -> Self {
        let url = Url::parse(&format!("http://{text}")).ok();
        let name = url.as_ref().and_then(|url| match url.host()? {
            Host::Domain(name) if is_plain(name) => Some(name.trim_end_matches('.').to_owned()),
            _ => None,
        });
        PolicyRefusal::Host(name)
    }

    /// The refusal of an origin, as the request has it.
    pub(super) fn origin(text: Option<&str>) -> Self {
        let origin = text.and_then(|text| Url::parse(text).ok()).filter(|url| {
            let is_web = matches!(url.scheme(), "http" | "https");
            is_web && text.is_some_and(|text| url.origin().ascii_serialization() == text)
        });
        PolicyRefusal::Origin(
            origin.map(|url| url.origin().ascii_serialization()).filter(|text| is_plain(text)),
        )
    }

    /// The response: a page if the client accepts HTML, otherwise a problem.
    pub fn respond(&self, headers: &HeaderMap) -> HttpResponse {
        if accept::includes(&accept::joined(headers, header::ACCEPT), "text/html") {
            let languages = accept::joined(headers, header::ACCEPT_LANGUAGE);
            let message = match self {
                PolicyRefusal::Host(name) => message_page::host_refused(name.as_deref()),
                PolicyRefusal::Origin(origin) => message_page::origin_refused(origin.as_deref()),
            };
            return message_page::respond(self.status(), &accept::by_quality(&languages), &message);
        }
        let error = ApiError::new(self.status(), self.code());
        let error = match self.advice() {
            Some(advice) => error.with_detail(advice),
            None => error,
        };
        error.with_header(header::VARY, "Accept").error_response()
    }

    fn status(&self) -> StatusCode {
        match self {
            PolicyRefusal::Host(_) => StatusCode::MISDIRECTED_REQUEST,
            PolicyRefusal::Origin(_) => StatusCode::FORBIDDEN,
        }
    }

    fn code(&self) -> ErrorCode {
        match self {
            PolicyRefusal::Host(_) => ErrorCode::HostRefused,
            PolicyRefusal::Origin(_) => ErrorCode::OriginRefused,
        }
    }

    /// Flags that would allow the request, in English.
    fn advice(&self) -> Option<String> {
        match self {
            PolicyRefusal::Host(name) => name.as_ref().map(|name| {
                format!("If the house has the name {name}, start it with --host {name}.")
            }),
            PolicyRefusal::Origin(origin) => origin.as_ref().map(|origin| {
                format!(
                    "If people open the house at {origin}, start it with --public-url {origin}. If only the pages \
                     there may connect, start it with --allow-origin {origin}."
                )
            }),
        }
    }
}

/// Whether a text has only characters of host names and origins, and a sensible length. So it can stand in a log
/// line, in a document and behind a flag.
fn is_plain(text: &str) -> bool {
    let is_allowed =
        |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | ':' | '/' | '[' | ']');
    !text.is_empty() && text.len() <= 260 && text.chars().all(is_allowed)
}

/// Notes for the owner, each once, and one a minute of each kind: a stranger must not fill the log.
#[derive(Debug, Default)]
pub struct PolicyNotes(Mutex<LoggedNotes>);

#[derive(Debug, Default)]
struct LoggedNotes {
    texts: BTreeSet<String>,
    /// Time of the last note of each kind.
    last: [Option<Instant>; 3],
}

/// Kind of a note.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum NoteKind {
    Host,
    Origin,
    UntrustedProxy,
}

impl PolicyNotes {
    /// Logs a refusal, if it is new and names a flag.
    pub fn refused(&self, refusal: &PolicyRefusal) {
        let Some(advice) = refusal.advice() else { return };
        let kind = match refusal {
            PolicyRefusal::Host(_) => NoteKind::Host,
            PolicyRefusal::Origin(_) => NoteKind::Origin,
        };
        if self.is_due(kind, &advice, Instant::now()) {
            tracing::warn!("refused a request ({}): {advice}", refusal.code().name());
        }
    }

    /// Logs that a proxy forwards addresses that are not trusted.
    pub fn untrusted_proxy(&self) {
        if self.is_due(NoteKind::UntrustedProxy, "--trust-proxy", Instant::now()) {
            tracing::warn!(
                "a proxy forwards the addresses of visitors, but is not trusted: all visitors share the limits of \
                 one address; start the house with --trust-proxy on"
            );
        }
    }

    /// Whether this note should be logged at this time. One that comes too soon is logged when it comes again.
    fn is_due(&self, kind: NoteKind, note: &str, now: Instant) -> bool {
        let mut notes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let LoggedNotes { texts, last } = &mut *notes;
        let Some(last) = last.get_mut(kind as usize) else { return false };
        let is_time = last.is_none_or(|last| now.saturating_duration_since(last) >= REPEAT_EVERY);
        let is_due = is_time && texts.len() < POLICY_NOTES_MAX && texts.insert(note.to_owned());
        if is_due {
            *last = Some(now);
        }
        is_due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_names_only_what_a_flag_can_allow() {
        for (text, expected) in [
            ("nas.lan:8888", Some("nas.lan")),
            ("TEAPOT.tailnet-1.ts.net", Some("teapot.tailnet-1.ts.net")),
            ("tea_house", Some("tea_house")),
            ("203.0.113.1", None),
            ("", None),
            ("a b", None),
            ("evil.example/<script>", Some("evil.example")),
        ] {
            assert_eq!(PolicyRefusal::host(text), PolicyRefusal::Host(expected.map(str::to_owned)), "{text}");
        }
        for (text, expected) in [
            (Some("https://tea.example"), Some("https://tea.example")),
            (Some("http://192.168.1.7:81"), Some("http://192.168.1.7:81")),
            (Some("null"), None),
            (Some("https://tea.example/"), None),
            (Some("ftp://tea.example"), None),
            (Some("https://tea.example\"><b>"), None),
            (None, None),
        ] {
            let expected = PolicyRefusal::Origin(expected.map(str::to_owned));
            assert_eq!(PolicyRefusal::origin(text), expected, "{text:?}");
        }
    }

    #[test]
    fn each_note_is_logged_once_and_their_number_is_bounded() {
        let start = Instant::now();
        for (count, expected) in [
            (POLICY_NOTES_MAX - 1, POLICY_NOTES_MAX - 1),
            (POLICY_NOTES_MAX, POLICY_NOTES_MAX),
            (POLICY_NOTES_MAX + 1, POLICY_NOTES_MAX),
        ] {
            let notes = PolicyNotes::default();
            let minutes = (0_u32..).map(|minute| start + minute * REPEAT_EVERY);
            let is_due = |(number, now)| notes.is_due(NoteKind::Host, &format!("{}", number / 2), now);
            let logged = (0..2 * count).zip(minutes).filter(|note| is_due(*note)).count();
            assert_eq!(logged, expected);
        }
    }

    #[test]
    fn each_kind_of_note_is_logged_at_most_once_a_minute() {
        let (notes, start, ms) =
            (PolicyNotes::default(), Instant::now(), std::time::Duration::from_millis(1));
        assert!(notes.is_due(NoteKind::Host, "a", start));
        assert!(!notes.is_due(NoteKind::Host, "b", start + REPEAT_EVERY - ms));
        assert!(notes.is_due(NoteKind::Origin, "c", start), "another kind");
        assert!(notes.is_due(NoteKind::Host, "b", start + REPEAT_EVERY), "the note comes again");
        assert!(!notes.is_due(NoteKind::Host, "d", start + REPEAT_EVERY + ms));
    }
}
