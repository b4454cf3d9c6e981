//! Checks of the calls on a WebSocket (WHATWG WebSockets §3.1), so that a mistake is explained
//! before the browser throws.

use crate::limits::INSPECT_SEND_BYTES_MAX;
use crate::ready_state::ReadyState;
use shared::websocket::frame::can_be_passed_to_close;

/// The greatest length of a close reason in bytes: 125 of a control frame, less two of the code.
pub const REASON_BYTES_MAX: usize = 123;

/// The reason why a text is not sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SendFault {
    /// `send` throws while `readyState` is 0.
    Connecting,
    /// `send` does nothing while `readyState` is 2 or 3.
    Ended,
    /// The text is longer than the inspector sends.
    TooLong,
}

/// The reason why `close` is not called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CloseFault {
    /// The code is not a whole number.
    NotANumber,
    /// The code is below or above all codes.
    OutOfRange,
    /// A page may not use this code.
    NotAllowed(u16),
    /// A reason needs a code.
    ReasonAlone,
    /// The reason has this many bytes, which are too many.
    ReasonTooLong(usize),
}

impl CloseFault {
    /// Whether the fault is in the code rather than in the reason.
    pub fn is_of_code(self) -> bool {
        matches!(self, CloseFault::NotANumber | CloseFault::OutOfRange | CloseFault::NotAllowed(_))
    }
}

/// Checks that this text may be sent now.
///
/// # Errors
///
/// [`SendFault`], the reason why not.
pub fn check_send(state: ReadyState, text: &str) -> Result<(), SendFault> {
    match state {
        ReadyState::Connecting => Err(SendFault::Connecting),
        ReadyState::Closing | ReadyState::Closed => Err(SendFault::Ended),
        ReadyState::Open if text.len() > INSPECT_SEND_BYTES_MAX => Err(SendFault::TooLong),
        ReadyState::Open => Ok(()),
    }
}

/// Returns the code of `close(code, reason)`; `None` if the field is empty.
///
/// # Errors
///
/// [`CloseFault`], the reason why a browser would throw.
pub fn check_close(code: &str, reason: &str) -> Result<Option<u16>, CloseFault> {
    let code = match code.trim() {
        "" if !reason.is_empty() => return Err(CloseFault::ReasonAlone),
        "" => None,
        number => Some(number.parse().map_err(|_| not_a_code(number))?),
    };
    match code {
        Some(code) if !can_be_passed_to_close(code) => Err(CloseFault::NotAllowed(code)),
        _ if reason.len() > REASON_BYTES_MAX => Err(CloseFault::ReasonTooLong(reason.len())),
        code => Ok(code),
    }
}

/// The reason why this is not a code, however long it is.
fn not_a_code(number: &str) -> CloseFault {
    let digits = number.strip_prefix(['-', '+']).unwrap_or(number);
    if !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()) {
        CloseFault::OutOfRange
    } else {
        CloseFault::NotANumber
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_close_that_would_throw_is_refused_with_the_reason() {
        for (code, expected) in [
            ("", Ok(None)),
            (" 1000 ", Ok(Some(1000))),
            ("3000", Ok(Some(3000))),
            ("4999", Ok(Some(4999))),
            ("1001", Err(CloseFault::NotAllowed(1001))),
            ("2999", Err(CloseFault::NotAllowed(2999))),
            ("5000", Err(CloseFault::NotAllowed(5000))),
            ("65535", Err(CloseFault::NotAllowed(65_535))),
            ("65536", Err(CloseFault::OutOfRange)),
            ("99999999999999999999", Err(CloseFault::OutOfRange)),
            ("-1", Err(CloseFault::OutOfRange)),
            ("-", Err(CloseFault::NotANumber)),
            ("--1", Err(CloseFault::NotANumber)),
            ("1e3", Err(CloseFault::NotANumber)),
            ("1000.0", Err(CloseFault::NotANumber)),
            ("bye", Err(CloseFault::NotANumber)),
        ] {
            assert_eq!(check_close(code, ""), expected, "{code}");
        }
        for (length, is_right) in [(122, true), (123, true), (124, false)] {
            assert_eq!(check_close("3001", &"x".repeat(length)).is_ok(), is_right, "{length}");
        }
        assert_eq!(check_close("3001", &"茶".repeat(42)), Err(CloseFault::ReasonTooLong(126)));
        assert_eq!(check_close("", "bye"), Err(CloseFault::ReasonAlone));
    }

    #[test]
    fn a_text_is_sent_only_when_the_connection_is_open() {
        use ReadyState::{Closed, Closing, Connecting, Open};
        let ended = Err(SendFault::Ended);
        for (state, expected) in
            [(Connecting, Err(SendFault::Connecting)), (Open, Ok(())), (Closing, ended), (Closed, ended)]
        {
            assert_eq!(check_send(state, ""), expected);
        }
        for (length, expected) in [
            (INSPECT_SEND_BYTES_MAX - 1, Ok(())),
            (INSPECT_SEND_BYTES_MAX, Ok(())),
            (INSPECT_SEND_BYTES_MAX + 1, Err(SendFault::TooLong)),
        ] {
            assert_eq!(check_send(Open, &"x".repeat(length)), expected);
        }
    }
}
