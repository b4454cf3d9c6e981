//! The refusal of a name, as the server answers it and the page shows it.

use shared::ErrorCode;

/// The error code if the browser accepts no cookies. The server never uses this number.
pub const COOKIES_BLOCKED: ErrorCode = ErrorCode::Other(1);

/// The reason why a name was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NameRefusal {
    /// The error code; [`ErrorCode::Internal`] if the server could not be reached.
    pub code: ErrorCode,
    /// A similar name that is free.
    pub suggestion: Option<String>,
    /// Seconds after which the server asks to send the name again.
    pub retry_after_s: Option<u64>,
}

impl NameRefusal {
    /// The refusal of a join by a browser that accepts no cookies, so that the server would not know the member.
    pub fn cookies_blocked() -> Self {
        NameRefusal { code: COOKIES_BLOCKED, suggestion: None, retry_after_s: None }
    }
}
