//! People.

use crate::MemberId;
use serde::Serialize;

/// A member as others see one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Member {
    /// Stays when the name changes.
    pub id: MemberId,
    /// Unique in the house.
    pub name: String,
}

crate::read! {
    Member { id, name }
}
