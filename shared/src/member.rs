//! People.

use crate::MemberId;
use serde::{Deserialize, Serialize};

/// A member as others see one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    /// Stays when the name changes.
    pub id: MemberId,
    /// Unique in the house.
    pub name: String,
}
