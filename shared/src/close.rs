//! Why a connection ended, and whether to come back.
//!
//! One table holds every ending: the close code of a connection that lasts, the refusal that tells the same of a
//! single request, and when a client comes back by itself. Server and client both read this table.

use crate::ErrorCode;
use std::ops::Range;

/// Span over which the server spreads the clients that come back after a restart, in milliseconds.
pub const RETRY_MS: Range<u64> = 250..3_000;

/// Value of `Retry-After` (RFC 9110 §10.2.3) on a refusal after which a client comes back, in seconds.
pub const RETRY_AFTER: &str = "1";

/// When a client comes back by itself after an ending.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Retry {
    /// Never: the same would only happen again.
    Never,
    /// After its own backoff.
    Backoff,
    /// After the time in the reason, which is within [`RETRY_MS`].
    Hint,
}

/// One row of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ending {
    /// Code that closes a connection that lasts.
    pub code: CloseCode,
    /// When the client comes back.
    pub retry: Retry,
    /// Status of a request that is refused in place of this close; 0 where no request is.
    pub status: u16,
    /// Problems that tell this ending of a request. The server sends the first.
    pub problems: &'static [ErrorCode],
}

macro_rules! endings {
    ($($(#[$doc:meta])* $name:ident = $number:literal, $retry:ident, $status:literal [$($problem:ident),*];)*) => {
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
            status: $status,
            problems: &[$(ErrorCode::$problem),*],
        }),*];
    };
}

endings! {
    /// The peer has what it came for.
    Normal = 1000, Backoff, 0 [];
    /// The page is being left.
    GoingAway = 1001, Backoff, 0 [];
    /// A frame broke RFC 6455.
    Protocol = 1002, Backoff, 0 [];
    /// A text was not UTF-8.
    InvalidData = 1007, Backoff, 0 [];
    /// A frame or message was over its limit.
    TooBig = 1009, Backoff, 0 [];
    /// A fault of the server's own.
    Internal = 1011, Backoff, 500 [Internal];
    /// The server restarts. The reason holds `retry-ms=<n>`: come back after so long.
    Restart = 1012, Hint, 503 [Restarting];
    /// The server cannot store just now.
    TryAgainLater = 1013, Backoff, 503 [StoreRefused, Full];
    /// The peer read too slowly and its queue was dropped: come back by cursor.
    Slow = 4008, Backoff, 0 [];
    /// Nothing was heard from the peer for [`crate::limits::SILENCE_MS`].
    Silent = 4009, Backoff, 0 [];
    /// No member is signed in on this connection (any more).
    SignedOut = 4401, Never, 401 [SignInRequired];
    /// `hello` did not come in time, or came twice.
    Hello = 4402, Backoff, 0 [];
    /// The member has as many connections open as one may have.
    Full = 4429, Backoff, 429 [TooManyRequests];
}

impl CloseCode {
    /// Number on the wire.
    pub fn number(self) -> u16 {
        self as u16
    }
}

impl Ending {
    /// The row of a close code; none for a code that this build does not know.
    pub fn of_code(code: u16) -> Option<&'static Ending> {
        ENDINGS.iter().find(|ending| ending.code.number() == code)
    }

    /// The row that a refused request stands for: its status, and the code of its problem (RFC 9457) if it carried
    /// one. None where the refusal concerns that request alone, or did not come from a house. Any 401 counts, whoever
    /// sent it: asking who one is costs little.
    pub fn of_refusal(status: u16, problem: Option<ErrorCode>) -> Option<&'static Ending> {
        let is_signed_out = |ending: &Ending| status == 401 && ending.status == 401;
        let tells = |ending: &Ending| problem.is_some_and(|problem| ending.problems.contains(&problem));
        ENDINGS.iter().find(|ending| is_signed_out(ending)).or_else(|| ENDINGS.iter().find(|it| tells(it)))
    }
}

/// Status and problem of a request whose session was closed with this code. Where the table has none of its own, the
/// request is to be sent again later.
pub fn refusal_of(code: u16) -> (u16, ErrorCode) {
    let own = Ending::of_code(code).and_then(|ending| Some((ending.status, *ending.problems.first()?)));
    own.unwrap_or((503, ErrorCode::StoreRefused))
}

/// Whether a client should come back by itself after its connection ended with
/// this code (1005 and 1006 are the browser's words for *none* and *abnormal*).
///
/// It should after everything but what would only happen again.
pub fn should_reconnect(code: u16) -> bool {
    Ending::of_code(code).is_none_or(|ending| ending.retry != Retry::Never)
}

/// The reason of a close with [`CloseCode::Restart`]: come back after so many milliseconds.
pub fn retry_reason(ms: u64) -> String {
    format!("retry-ms={ms}")
}

/// The reconnect hint in the reason of a close with [`CloseCode::Restart`], in milliseconds.
pub fn retry_ms(reason: &str) -> Option<u64> {
    reason.strip_prefix("retry-ms=")?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_signed_out_client_stays_away() {
        assert!(should_reconnect(1006));
        for ending in ENDINGS {
            let code = ending.code.number();
            assert_eq!(should_reconnect(code), ending.code != CloseCode::SignedOut, "{code}");
        }
    }

    #[test]
    fn the_hint_is_read_from_the_reason() {
        assert_eq!(retry_ms(&retry_reason(1500)), Some(1500));
        assert_eq!(retry_ms("retry-ms="), None);
        assert_eq!(retry_ms("later"), None);
    }

    #[test]
    fn codes_ascend_and_each_problem_tells_one_ending() {
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
    fn a_code_without_a_refusal_of_its_own_asks_to_try_again() {
        for code in [CloseCode::Slow.number(), CloseCode::Hello.number(), 4999] {
            assert_eq!(refusal_of(code), (503, ErrorCode::StoreRefused));
        }
    }

    #[test]
    fn a_refusal_that_no_house_sends_is_no_ending() {
        for (status, problem) in [(503, None), (502, None), (404, Some(ErrorCode::NotFound)), (200, None)] {
            assert_eq!(Ending::of_refusal(status, problem), None, "{status}");
        }
        let signed_out = Ending::of_refusal(401, None).unwrap();
        assert_eq!(signed_out.code, CloseCode::SignedOut, "from anybody");
        assert_eq!(Ending::of_refusal(401, Some(ErrorCode::Restarting)), Some(signed_out));
    }
}
