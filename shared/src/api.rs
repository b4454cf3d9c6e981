//! The bodies of the HTTP interface under `/api`: who one is. What is said
//! goes through the connection.
//!
//! | request | body | answer |
//! |---|---|---|
//! | `GET /api/me` | – | [`Me`] |
//! | `POST /api/join` | [`Name`] | [`Me`], and a cookie |
//! | `POST /api/name` | [`Name`] | [`Me`] |
//! | `POST /api/sign-out` | `{}` | [`Me`] without a member, the cookie cleared |
//!
//! A refusal is a [`Problem`].

use crate::{ErrorCode, Member};
use serde::{Deserialize, Serialize};

/// Who the cookie stands for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Me {
    /// Nobody yet, if absent.
    pub member: Option<Member>,
    /// The build of the page that this server serves.
    pub build: String,
}

/// A name that somebody asks for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NameRequest {
    /// 1 to [`crate::limits::NAME_CHARS_MAX`] characters.
    pub name: String,
}

/// Why a request was refused (RFC 9457, `application/problem+json`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// `urn:teahouse:error:<name>`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The HTTP status.
    pub status: u16,
    /// What to do about it, in English.
    pub title: String,
    /// What was wrong with this request, in English, where more can be said than the number does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// The number, as in frames.
    pub code: ErrorCode,
    /// Whether the same request may succeed later.
    pub temporary: bool,
    /// A free name like the one that is taken.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub suggestion: Option<String>,
}

impl Problem {
    /// The problem for this code, answered with this HTTP status.
    pub fn new(status: u16, code: ErrorCode) -> Self {
        Problem {
            kind: format!("urn:teahouse:error:{}", code.name()),
            status,
            title: code.advice().to_owned(),
            detail: None,
            code,
            temporary: code.is_temporary(),
            suggestion: None,
        }
    }
}

crate::read! {
    Me { member, build }
    Problem { kind as "type", status, title, detail, code, temporary, suggestion }
}
