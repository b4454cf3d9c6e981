//! The refusal of a name, as the server answers it and the page shows it.

use shared::ErrorCode;

/// Why a name was refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NameRefusal {
    /// The number; [`ErrorCode::Internal`] where the server could not be reached.
    pub code: ErrorCode,
    /// A free name like it.
    pub suggestion: Option<String>,
}
