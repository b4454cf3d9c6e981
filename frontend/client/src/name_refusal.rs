//! The refusal of a name, as the server answers it and the page shows it.

use shared::ErrorCode;

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
