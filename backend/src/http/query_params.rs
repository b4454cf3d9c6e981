//! The query parameters of the transports over plain HTTP.

use crate::http::problem::ApiError;
use actix_web::{HttpRequest, http::StatusCode};
use hub::input::ExpectedIdentity;
use shared::{Cursor, ErrorCode, MemberId, RoomId, command::Hello};
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

    /// The identity that the client expects to have: `member` and `epoch`.
    ///
    /// # Errors
    ///
    /// 422 if one of them cannot be parsed.
    pub fn expected_identity(&self) -> Result<ExpectedIdentity, ApiError> {
        Ok(ExpectedIdentity { member: self.value("member")?.map(MemberId), epoch: self.value("epoch")? })
    }

    /// The `hello` of the session: cursor, room, build and reference. `Last-Event-ID` is newer than the
    /// cursor in the query, so it takes precedence.
    ///
    /// # Errors
    ///
    /// 422 if the cursor was not made by a server, or if the room is no number.
    pub fn hello(&self, request: &HttpRequest) -> Result<Hello, ApiError> {
        let again = request.headers().get(LAST_EVENT_ID).filter(|value| !value.is_empty());
        let cursor: Option<Cursor> = match again {
            Some(value) => {
                let value = value.to_str().unwrap_or_default();
                Some(value.parse().map_err(|_| unprocessable("The header `Last-Event-ID` cannot be read."))?)
            }
            None => self.value("cursor")?,
        };
        Ok(Hello {
            reference: self.value("ref")?.unwrap_or_default(),
            build: self.value("build")?.unwrap_or_default(),
            cursor,
            room: self.value("room")?.map(RoomId),
        })
    }
}

fn bad_field(name: &'static str) -> ApiError {
    unprocessable(&format!("`{name}` in the address cannot be read."))
}

fn unprocessable(detail: &str) -> ApiError {
    ApiError::new(StatusCode::UNPROCESSABLE_ENTITY, ErrorCode::BadField).with_detail(detail.to_owned())
}
