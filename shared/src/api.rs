//! Bodies of the HTTP requests under `/api` that create, rename and end an identity, and the body of a poll's answer.
//!
//! | request | body | answer |
//! |---|---|---|
//! | `GET /api/me` | – | [`Me`] |
//! | `POST /api/join` | [`JoinRequest`] | [`Me`], and a cookie |
//! | `POST /api/name` | [`NameRequest`] | [`Me`] |
//! | `POST /api/sign-out` | `{}` | [`Me`] without a member, the cookie cleared |
//!
//! A refusal has a [`Problem`] as its body.

use crate::{ClientId, Cursor, ErrorCode, Member};
use serde::{Deserialize, Serialize};

/// Member that the request's cookie belongs to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Me {
    /// Member who is signed in on this device; absent if there is none.
    pub member: Option<Member>,
    /// Build of the page that this server serves.
    pub build: String,
}

/// Name under which a person joins the house.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct JoinRequest {
    /// Name of 1 to [`crate::limits::NAME_CHARS_MAX`] characters, as the person typed it.
    pub name: String,
    /// Random key of the join; a retry carries the same and gets the same member. Unlike the `client_id` of a
    /// command it is a secret, as good as the cookie. Absent from pages of older builds, whose retries make
    /// another member.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub join_key: Option<ClientId>,
}

/// Name that a person wants to have.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NameRequest {
    /// Name of 1 to [`crate::limits::NAME_CHARS_MAX`] characters, as the person typed it.
    pub name: String,
}

/// Reason why a request was refused (RFC 9457, `application/problem+json`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// Kind of the problem as a URI, `urn:teahouse:error:<name>`; on the wire `type`.
    #[serde(rename = "type")]
    pub kind: String,
    /// HTTP status of the answer.
    pub status: u16,
    /// Advice in English: [`ErrorCode::advice`].
    pub title: String,
    /// Fault of this request in English, where it says more than the code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// Code of the refusal, as in [`crate::event::Refusal`].
    pub code: ErrorCode,
    /// True if the same request may succeed later.
    pub temporary: bool,
    /// Free name that resembles the taken one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub suggestion: Option<String>,
    /// Seconds after which the client should send the request again, as in `Retry-After`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_after: Option<u64>,
}

impl Problem {
    /// Makes the problem of `code` for an answer with this HTTP status.
    pub fn new(status: u16, code: ErrorCode) -> Self {
        Problem {
            kind: format!("urn:teahouse:error:{}", code.name()),
            status,
            title: code.advice().to_owned(),
            detail: None,
            code,
            temporary: code.is_temporary(),
            suggestion: None,
            retry_after: None,
        }
    }
}

/// Body of the answer to a poll, `{"events": […], "through": …, "cursor": …, "present": …, "again_ms": …}`, as its writer needs it:
/// first [`PollResponse::HEAD`], then the events with commas between them, then [`PollResponse::tail`] and `}`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PollResponse {
    /// Cursor for the next poll: everything up to it is in this answer or in earlier ones.
    pub through: Cursor,
    /// Revision of presence, which the client sends with the next poll.
    pub present: u64,
    /// Milliseconds until the next poll; 0 if the polls wait at the server.
    pub again_ms: u64,
}

impl PollResponse {
    /// Text before the first event.
    pub const HEAD: &str = r#"{"events":["#;

    /// Writes the text after the last event, without the last `}`. The counted bytes of a traced poll follow it.
    pub fn tail(&self) -> String {
        let PollResponse { through, present, again_ms } = self;
        let through = match through.mark {
            Some(_) => format!(r#""{}","cursor":"{through}""#, through.unmarked()),
            None => format!(r#""{through}""#),
        };
        format!(r#"],"through":{through},"present":{present},"again_ms":{again_ms}"#)
    }
}

crate::read! {
    Me { member, build }
    Problem { kind as "type", status, title, detail, code, temporary, suggestion, retry_after }
}
