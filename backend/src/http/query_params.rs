//! The query parameters of the transports over plain HTTP.

use crate::http::problem::ApiError;
use actix_web::{HttpRequest, http::StatusCode};
use hub::input::ExpectedIdentity;
use shared::{Cursor, ErrorCode, MemberId, RoomId, command::Hello, limits::HELD_MAX};
use std::{borrow::Cow, str::FromStr};

/// Header that an event stream sends by itself when it reconnects (HTML, "Server-sent events").
const LAST_EVENT_ID: &str = "last-event-id";

/// The query parameters of a request, decoded.
pub struct QueryParams<'r>(Vec<(Cow<'r, str>, Cow<'r, str>)>);

impl<'r> QueryParams<'r> {
    /// Decodes the query of this request.
    pub fn of(request: &'r HttpRequest) -> Self {
        QueryParams(url::form_urlencoded::parse(request.query_string().as_bytes()).collect())
    }

    /// The value of this parameter, if it is present and not empty.
    ///
    /// # Errors
    ///
    /// 422 if the value cannot be parsed.
    pub fn value<T: FromStr>(&self, name: &'static str) -> Result<Option<T>, ApiError> {
        let given = self.0.iter().find(|(key, value)| key == name && !value.is_empty());
        given.map(|(_, value)| value.parse().map_err(|_| bad_field(name))).transpose()
    }

    /// Whether this parameter is `1`.
    ///
    /// # Errors
    ///
    /// 422 if it is neither `0` nor `1`.
    pub fn flag(&self, name: &'static str) -> Result<bool, ApiError> {
        match self.value::<u8>(name)? {
            None | Some(0) => Ok(false),
            Some(1) => Ok(true),
            Some(_) => Err(bad_field(name)),
        }
    }

    /// The id of the last event, of a client that reconnects by itself: a header, or a parameter where a client
    /// cannot set headers.
    fn last_event_id(&self, request: &HttpRequest) -> Result<Option<String>, ApiError> {
        match request.headers().get(LAST_EVENT_ID).filter(|id| !id.is_empty()) {
            Some(id) => Ok(Some(id.to_str().unwrap_or_default().to_owned())),
            None => self.value("lastEventId"),
        }
    }

    /// The cursors of `held`, with commas between them.
    fn held(&self) -> Result<Vec<Cursor>, ApiError> {
        let text: String = self.value("held")?.unwrap_or_default();
        let cursors = text.split(',').filter(|cursor| !cursor.is_empty()).take(HELD_MAX);
        cursors.map(|cursor| cursor.parse().map_err(|_| bad_field("held"))).collect()
    }

    /// The identity that the client expects to have: `member` and `epoch`.
    ///
    /// # Errors
    ///
    /// 422 if one of them cannot be parsed.
    pub fn expected_identity(&self) -> Result<ExpectedIdentity, ApiError> {
        Ok(ExpectedIdentity { member: self.value("member")?.map(MemberId), epoch: self.value("epoch")? })
    }

    /// The `hello` of the session: cursor, room, build and reference. An id of a client that reconnects is newer
    /// than the cursor in the query, so it takes precedence.
    ///
    /// # Errors
    ///
    /// 422 if the cursor was not made by a server, or if the room is no number.
    pub fn hello(&self, request: &HttpRequest) -> Result<Hello, ApiError> {
        let cursor = match self.last_event_id(request)? {
            // Such a client reconnects by itself without end. An id that is no cursor begins a new session, as if
            // the log were another one.
            Some(id) => id.parse().ok(),
            None => self.value("cursor")?,
        };
        Ok(Hello {
            reference: self.value("ref")?.unwrap_or_default(),
            build: self.value("build")?.unwrap_or_default(),
            cursor,
            held: self.held()?,
            room: self.value("room")?.map(RoomId),
        })
    }
}

fn bad_field(name: &'static str) -> ApiError {
    let detail = format!("`{name}` in the address cannot be read.");
    ApiError::new(StatusCode::UNPROCESSABLE_ENTITY, ErrorCode::BadField).with_detail(detail)
}
