//! Why a connection ended, and whether the client reconnects.
//!
//! One table holds every ending: the close code of a lasting connection, the refusal of a single request that means
//! the same, and when a client reconnects by itself. Server and client both read this table.

use crate::ErrorCode;
use std::ops::Range;

/// Span over which the server spreads the clients that reconnect after a restart, in milliseconds.
pub const RETRY_MS: Range<u64> = 250..3_000;

/// Value of `Retry-After` (RFC 9110 §10.2.3) on a refusal after which a client tries again, in seconds.
pub const RETRY_AFTER_S: u64 = 1;

/// When a client reconnects by itself after an ending.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retry {
    /// Never: a new attempt would fail in the same way.
    Never,
    /// After the client's own backoff.
    Backoff,
    /// After the time in the close reason, which is within [`RETRY_MS`].
    Hint,
}

/// One way for a session to end: a row of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ending {
    /// Code that closes a lasting connection.
    pub code: CloseCode,
    /// When the client reconnects.
    pub retry: Retry,
    /// Whether only a house or its page closes with this code. Intermediaries close with the other codes.
    pub is_own: bool,
    /// Status of a request that is refused for the same reason; 0 if there is none.
    pub status: u16,
    /// Problems of a refused request that mean this ending. The server sends the first.
    pub problems: &'static [ErrorCode],
}

macro_rules! endings {
    ($($(#[$doc:meta])* $name:ident = $number:literal, $retry:ident, $is_own:literal, $status:literal [$($problem:ident),*];)*) => {
        /// A WebSocket close code as this protocol uses it (RFC 6455 §7.4).
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[repr(u16)]
        pub enum CloseCode {
            $($(#[$doc])* $name = $number,)*
        }

        /// Every ending that this build knows, in the order of the codes.
        pub const ENDINGS: &[Ending] = &[$(Ending {
            code: CloseCode::$name,
            retry: Retry::$retry,
            is_own: $is_own,
            status: $status,
            problems: &[$(ErrorCode::$problem),*],
        }),*];
    };
}

endings! {
    /// The peer is done.
    Normal = 1000, Backoff, false, 0 [];
    /// The person leaves the page.
    GoingAway = 1001, Backoff, true, 0 [];
    /// A frame broke RFC 6455.
    Protocol = 1002, Backoff, false, 0 [];
    /// A text was not UTF-8.
    InvalidData = 1007, Backoff, false, 0 [];
    /// A frame or message was over its limit.
    TooBig = 1009, Backoff, false, 0 [];
    /// The server has a fault of its own.
    Internal = 1011, Backoff, true, 500 [Internal];
    /// The server restarts. The reason holds `retry-ms=<n>`: reconnect after so many milliseconds.
    Restart = 1012, Hint, true, 503 [Restarting];
    /// The server cannot store anything now.
    TryAgainLater = 1013, Backoff, true, 503 [StoreRefused, Full];
    /// The peer read too slowly and its queue was dropped: reconnect by cursor.
    Slow = 4008, Backoff, true, 0 [];
    /// No frame of the peer arrived for [`crate::limits::SILENCE_MS`].
    Silent = 4009, Backoff, true, 0 [];
    /// No member is signed in on this connection, or no longer.
    SignedOut = 4401, Never, true, 401 [SignInRequired];
    /// The client's `hello` did not arrive in time, or arrived twice.
    Hello = 4402, Backoff, true, 0 [];
    /// A message was not whole in time.
    MessageTimeout = 4408, Backoff, true, 0 [];
    /// The member has the greatest allowed number of sessions.
    Full = 4429, Backoff, true, 429 [TooManyRequests];
}

impl CloseCode {
    /// Returns the number on the wire.
    pub fn number(self) -> u16 {
        self as u16
    }
}

impl Ending {
    /// Finds the row of a close code; none for a code that this build does not know.
    pub fn of_code(code: u16) -> Option<&'static Ending> {
        ENDINGS.iter().find(|ending| ending.code.number() == code)
    }

    /// Finds the ending of a refused request by its status, and by the code of its problem (RFC 9457) if it has one.
    /// Returns none if the refusal concerns only this request, or is not from a house. Every 401 ends the session,
    /// also one from a proxy: the client then asks `/api/me`.
    pub fn of_refusal(status: u16, problem: Option<ErrorCode>) -> Option<&'static Ending> {
        let is_signed_out = |ending: &Ending| status == 401 && ending.status == 401;
        ENDINGS.iter().find(|ending| is_signed_out(ending)).or_else(|| Ending::of_problem(problem?))
    }

    /// Finds the ending that a problem means; none if the problem concerns only one request.
    pub fn of_problem(problem: ErrorCode) -> Option<&'static Ending> {
        ENDINGS.iter().find(|ending| ending.problems.contains(&problem))
    }
}

/// Returns the status of a request that the hub refuses with this problem. The endings give it; this function has
/// the statuses of the problems that end no session.
pub fn status_of(problem: ErrorCode) -> u16 {
    match (Ending::of_problem(problem), problem) {
        (Some(ending), _) => ending.status,
        (_, ErrorCode::Unparsable) => 400,
        (_, ErrorCode::RoomUnknown) => 404,
        (_, ErrorCode::NameTaken | ErrorCode::AlreadySignedIn) => 409,
        (_, ErrorCode::HouseFull) => 503,
        _ => 422,
    }
}

/// Returns status and problem of a request whose session was closed with this code. If the table has none, they ask
/// the client to send the request again later.
pub fn refusal_of(code: u16) -> (u16, ErrorCode) {
    let own = Ending::of_code(code).and_then(|ending| Some((ending.status, *ending.problems.first()?)));
    own.unwrap_or((503, ErrorCode::StoreRefused))
}

/// Returns true if a client should reconnect by itself after this close code. Codes without an ending count too: a
/// browser reports 1005 for a close without a code, and 1006 for a lost connection.
pub fn should_reconnect(code: u16) -> bool {
    Ending::of_code(code).is_none_or(|ending| ending.retry != Retry::Never)
}

/// Returns true if a house or its page closed the connection with this code, and no intermediary. Codes from 4000 are
/// for the use of applications (RFC 6455 §7.4.2), so those of a newer build count too.
pub fn is_own_close(code: u16) -> bool {
    Ending::of_code(code).map_or(code >= 4_000, |ending| ending.is_own)
}

/// Returns true if the request that was refused with this problem may succeed later, so that the refusal carries
/// [`RETRY_AFTER_S`].
pub fn has_retry_after(problem: ErrorCode) -> bool {
    Ending::of_problem(problem).is_some_and(|ending| ending.retry != Retry::Never)
}

/// The reason of a close with [`CloseCode::Restart`]: reconnect after so many milliseconds.
pub fn retry_reason(ms: u64) -> String {
    format!("retry-ms={ms}")
}

/// Parses the reason of a close with [`CloseCode::Restart`] into milliseconds; `None` if it has another form.
pub fn retry_ms(reason: &str) -> Option<u64> {
    reason.strip_prefix("retry-ms=")?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_signed_out_client_does_not_reconnect() {
        assert!(should_reconnect(1006));
        for ending in ENDINGS {
            let code = ending.code.number();
            assert_eq!(should_reconnect(code), ending.code != CloseCode::SignedOut, "{code}");
        }
    }

    #[test]
    fn only_codes_of_this_protocol_are_own() {
        for (code, is_own) in [
            (1000, false),
            (1001, true),
            (1002, false),
            (1005, false),
            (1006, false),
            (1007, false),
            (1009, false),
            (1011, true),
            (1012, true),
            (1013, true),
            (3999, false),
            (4000, true),
            (4008, true),
            (4999, true),
        ] {
            assert_eq!(is_own_close(code), is_own, "{code}");
        }
    }

    #[test]
    fn a_refusal_after_which_a_client_reconnects_says_when() {
        for (problem, expected) in [
            (ErrorCode::TooManyRequests, true),
            (ErrorCode::StoreRefused, true),
            (ErrorCode::Internal, true),
            (ErrorCode::SignInRequired, false),
            (ErrorCode::RoomUnknown, false),
            (ErrorCode::HouseFull, false),
        ] {
            assert_eq!(has_retry_after(problem), expected, "{problem:?}");
        }
    }

    #[test]
    fn the_hint_is_read_from_the_reason() {
        assert_eq!(retry_ms(&retry_reason(1500)), Some(1500));
        assert_eq!(retry_ms("retry-ms="), None);
        assert_eq!(retry_ms("later"), None);
    }

    #[test]
    fn codes_ascend_and_each_problem_belongs_to_one_ending() {
        assert!(ENDINGS.windows(2).all(|pair| pair[0].code.number() < pair[1].code.number()));
        let problems: Vec<_> = ENDINGS.iter().flat_map(|ending| ending.problems).collect();
        for (at, problem) in problems.iter().enumerate() {
            assert!(!problems[..at].contains(problem), "{problem:?}");
        }
    }

    #[test]
    fn a_refused_request_reads_back_as_the_code_it_stands_for() {
        for ending in ENDINGS.iter().filter(|ending| !ending.problems.is_empty()) {
            let (status, problem) = refusal_of(ending.code.number());
            assert_eq!(Ending::of_refusal(status, Some(problem)), Some(ending));
        }
        assert_eq!(Ending::of_refusal(503, Some(ErrorCode::Full)).unwrap().code, CloseCode::TryAgainLater);
    }

    #[test]
    fn a_problem_has_the_status_of_its_ending() {
        for ending in ENDINGS {
            for problem in ending.problems {
                assert_eq!(status_of(*problem), ending.status, "{problem:?}");
            }
        }
        for (problem, status) in [
            (ErrorCode::Unparsable, 400),
            (ErrorCode::RoomUnknown, 404),
            (ErrorCode::NameTaken, 409),
            (ErrorCode::AlreadySignedIn, 409),
            (ErrorCode::HouseFull, 503),
            (ErrorCode::TextTooLong, 422),
            (ErrorCode::Other(9), 422),
        ] {
            assert_eq!((status_of(problem), Ending::of_problem(problem)), (status, None), "{problem:?}");
        }
    }

    #[test]
    fn a_code_without_a_refusal_of_its_own_asks_to_try_again() {
        for code in [CloseCode::Slow.number(), CloseCode::Hello.number(), 4999] {
            assert_eq!(refusal_of(code), (503, ErrorCode::StoreRefused));
        }
    }

    #[test]
    fn an_unknown_refusal_is_no_ending() {
        for (status, problem) in [(503, None), (502, None), (404, Some(ErrorCode::NotFound)), (200, None)] {
            assert_eq!(Ending::of_refusal(status, problem), None, "{status}");
        }
        let signed_out = Ending::of_refusal(401, None).unwrap();
        assert_eq!(signed_out.code, CloseCode::SignedOut, "from anybody");
        assert_eq!(Ending::of_refusal(401, Some(ErrorCode::Restarting)), Some(signed_out));
    }
}
