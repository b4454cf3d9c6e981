//! Members as frames name them.

use crate::MemberId;
use serde::Serialize;

/// Member as other members see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Member {
    /// Id, which stays when the name changes.
    pub id: MemberId,
    /// Name, unique in the house.
    pub name: String,
}

crate::read! {
    Member { id, name }
}
