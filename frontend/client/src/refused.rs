//! What a request that was refused says about the connection that is made of such requests.

use shared::{CloseCode, ErrorCode};

/// How a connection ends one of whose requests was answered with this `status`, and with a problem
/// (RFC 9457) of this `code`, if it was one: a close code and its reason, as a WebSocket of the same
/// server would have ended. None where it is no word about the connection, or not a house that speaks;
/// but 401 is taken from anybody: to ask who one is costs little. `random` spreads those that a
/// restarting server turns away at once.
pub fn ending(status: u16, code: Option<ErrorCode>, random: u64) -> Option<(CloseCode, String)> {
    let nothing = String::new();
    match code {
        _ if status == 401 => Some((CloseCode::SignedOut, nothing)),
        Some(ErrorCode::Restarting) => {
            Some((CloseCode::Restart, format!("retry-ms={}", RETRY_MS.start + random % RETRY_MS_SPAN)))
        }
        Some(ErrorCode::StoreRefused | ErrorCode::Full) => Some((CloseCode::TryAgainLater, nothing)),
        Some(ErrorCode::Internal) => Some((CloseCode::Internal, nothing)),
        Some(ErrorCode::TooManyRequests) => Some((CloseCode::Full, nothing)),
        _ => None,
    }
}

/// Milliseconds after which one that was turned away comes back: as the server tells the others.
const RETRY_MS: std::ops::Range<u64> = 250..3_000;
const RETRY_MS_SPAN: u64 = RETRY_MS.end - RETRY_MS.start;

#[cfg(test)]
mod tests {
    use super::*;
    use shared::close::{retry_ms, should_reconnect};

    #[test]
    fn what_a_house_refuses_is_what_it_closes_a_socket_with() {
        let code = |status, code| ending(status, code, 0).map(|(code, _)| code.number());
        assert_eq!(code(401, Some(ErrorCode::SignInRequired)), Some(4401));
        assert!(!should_reconnect(code(401, None).unwrap()));
        assert_eq!(code(503, Some(ErrorCode::Restarting)), Some(1012));
        assert_eq!(code(503, Some(ErrorCode::StoreRefused)), Some(1013));
        assert_eq!(code(503, Some(ErrorCode::Full)), Some(1013));
        assert_eq!(code(500, Some(ErrorCode::Internal)), Some(1011));
        assert_eq!(code(429, Some(ErrorCode::TooManyRequests)), Some(4429));
    }

    #[test]
    fn what_no_house_says_is_none() {
        for (status, code) in [(503, None), (502, None), (404, Some(ErrorCode::NotFound)), (200, None)] {
            assert_eq!(ending(status, code, 7), None, "{status}");
        }
    }

    #[test]
    fn they_come_back_spread_and_in_time() {
        for random in [0, 1, 2_749, 2_750, u64::MAX] {
            let (_, reason) = ending(503, Some(ErrorCode::Restarting), random).unwrap();
            assert!(RETRY_MS.contains(&retry_ms(&reason).unwrap()), "{reason}");
        }
    }
}
