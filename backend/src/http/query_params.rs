//! How a client that reads over plain HTTP says where it stands.

use crate::http::problem::ApiError;
use actix_web::{HttpRequest, http::StatusCode};
use hub::input::ExpectedIdentity;
use shared::{Cursor, ErrorCode, MemberId, RoomId, command::Hello};
use std::{borrow::Cow, str::FromStr};

/// What an event stream gives back by itself when it reconnects (HTML, "Server-sent events").
const LAST_EVENT_ID: &str = "last-event-id";

/// The query of a request.
pub struct QueryParams<'r>(Vec<(Cow<'r, str>, Cow<'r, str>)>);

impl<'r> QueryParams<'r> {
    /// Of this request.
    pub fn of(request: &'r HttpRequest) -> Self {
        QueryParams(url::form_urlencoded::parse(request.query_string().as_bytes()).collect())
    }

    /// The value of this name, if it is there and not empty.
    ///
    /// # Errors
    /// 422: it is no such value.
    pub fn value<T: FromStr>(&self, name: &'static str) -> Result<Option<T>, ApiError> {
        let given = self.0.iter().find(|(key, value)| key == name && !value.is_empty());
        given.map(|(_, value)| value.parse().map_err(|_| bad_field(name))).transpose()
    }

    /// Whether this is asked for.
    ///
    /// # Errors
    /// 422: it is neither `0` nor `1`.
    pub fn flag(&self, name: &'static str) -> Result<bool, ApiError> {
        match self.value::<u8>(name)? {
            None | Some(0) => Ok(false),
            Some(1) => Ok(true),
            Some(_) => Err(bad_field(name)),
        }
    }

    /// Who the client takes itself for.
    ///
    /// # Errors
    /// 422: that is no member or no epoch.
    pub fn expected_identity(&self) -> Result<ExpectedIdentity, ApiError> {
        Ok(ExpectedIdentity { member: self.value("member")?.map(MemberId), epoch: self.value("epoch")? })
    }

    /// Where the client stands. What a browser gives back by itself is newer than the address.
    ///
    /// # Errors
    /// 422: the cursor is none that a server made, or the room is no number.
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
