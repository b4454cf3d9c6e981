//! Why a connection ended, and whether to come back.

/// A WebSocket close code as this protocol uses it (RFC 6455 §7.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u16)]
pub enum CloseCode {
    /// The peer has what it came for.
    Normal = 1000,
    /// The page is being left.
    GoingAway = 1001,
    /// A frame broke RFC 6455.
    Protocol = 1002,
    /// A text was not UTF-8.
    InvalidData = 1007,
    /// A frame or message was over its limit.
    TooBig = 1009,
    /// A fault of the server's own.
    Internal = 1011,
    /// The server restarts. The reason holds `retry-ms=<n>`: come back after so long.
    Restart = 1012,
    /// The server cannot store just now.
    TryAgainLater = 1013,
    /// The peer read too slowly and its queue was dropped: come back by cursor.
    Slow = 4008,
    /// Nothing was heard from the peer for [`crate::limits::SILENCE_MS`].
    Silent = 4009,
    /// No member is signed in on this connection (any more).
    SignedOut = 4401,
    /// `hello` did not come in time, or came twice.
    Hello = 4402,
    /// The member has as many connections open as one may have.
    Full = 4429,
}

impl CloseCode {
    /// The number on the wire.
    pub fn number(self) -> u16 {
        self as u16
    }
}

/// Whether a client should come back by itself after its connection ended with
/// this code (1005 and 1006 are the browser's words for *none* and *abnormal*).
///
/// It should after everything but what would only happen again.
pub fn should_reconnect(code: u16) -> bool {
    code != CloseCode::SignedOut.number()
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
        assert!(should_reconnect(CloseCode::Slow.number()));
        assert!(!should_reconnect(CloseCode::SignedOut.number()));
    }

    #[test]
    fn the_hint_is_read_from_the_reason() {
        assert_eq!(retry_ms("retry-ms=1500"), Some(1500));
        assert_eq!(retry_ms("retry-ms="), None);
        assert_eq!(retry_ms("later"), None);
    }
}
