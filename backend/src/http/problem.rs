//! Errors over HTTP, as RFC 9457 problems. This is the only `ResponseError` of the server.

use crate::connection::address_limits::OverLimit;
use actix_web::{
    HttpResponse, ResponseError,
    http::{
        StatusCode,
        header::{self, HeaderName, HeaderValue},
    },
};
use hub::input::ExpectedIdentity;
use shared::close::{RETRY_AFTER_S, refusal_of, should_reconnect, status_of};
use shared::{ErrorCode, api::Problem};
use std::fmt;

/// A refused request: status, error code and advice.
#[derive(Debug)]
pub struct ApiError {
    status: StatusCode,
    code: ErrorCode,
    detail: Option<String>,
    suggestion: Option<String>,
    retry_after: Option<u64>,
    headers: Vec<(HeaderName, HeaderValue)>,
}

impl ApiError {
    /// An error with this status and code.
    pub fn new(status: StatusCode, code: ErrorCode) -> Self {
        ApiError { status, code, detail: None, suggestion: None, retry_after: None, headers: Vec::new() }
    }

    /// A failure of the server itself: 500.
    pub fn internal() -> Self {
        ApiError::new(StatusCode::INTERNAL_SERVER_ERROR, ErrorCode::Internal)
    }

    /// Adds a header.
    #[must_use]
    pub fn with_header(mut self, name: HeaderName, value: &'static str) -> Self {
        self.headers.push((name, HeaderValue::from_static(value)));
        self
    }

    /// Adds the reason. The client gets it as it is, so it must not hold text of the request.
    #[must_use]
    pub fn with_detail(mut self, detail: String) -> Self {
        self.detail = Some(detail);
        self
    }

    /// Adds the reason why the cookie of a refused request did not count: it came without an `Origin`, or
    /// belongs to another identity than the query names. Errors other than 401 stay unchanged.
    #[must_use]
    pub fn with_cookie_detail(self, has_cookie: bool, is_counted: bool, names: &ExpectedIdentity) -> Self {
        if self.status != StatusCode::UNAUTHORIZED || !has_cookie {
            return self;
        }
        if !is_counted {
            return self
                .with_detail("The cookie is ignored without an `Origin` header of this house.".to_owned());
        }
        if names.member.is_some() || names.epoch.is_some() {
            return self
                .with_detail("The cookie does not match `member` and `epoch` in the address.".to_owned());
        }
        self
    }

    /// Adds the seconds after which the client should send the request again.
    #[must_use]
    pub fn with_retry_after(mut self, seconds: u64) -> Self {
        self.retry_after = Some(seconds);
        self.headers.push((header::RETRY_AFTER, HeaderValue::from(seconds)));
        self
    }

    /// Adds a name that is free.
    #[must_use]
    pub fn with_suggestion(mut self, suggestion: Option<String>) -> Self {
        self.suggestion = suggestion;
        self
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.status.as_u16(), self.code.name())
    }
}

impl ResponseError for ApiError {
    fn status_code(&self) -> StatusCode {
        self.status
    }

    fn error_response(&self) -> HttpResponse {
        let mut problem = Problem::new(self.status.as_u16(), self.code);
        problem.detail.clone_from(&self.detail);
        problem.suggestion.clone_from(&self.suggestion);
        problem.retry_after = self.retry_after;
        let mut response = HttpResponse::build(self.status);
        response.insert_header((header::CONTENT_TYPE, "application/problem+json"));
        response.insert_header((header::CACHE_CONTROL, "no-store"));
        for header in &self.headers {
            response.insert_header(header.clone());
        }
        response.body(serde_json::to_vec(&problem).unwrap_or_default())
    }
}

impl From<OverLimit> for ApiError {
    fn from(over: OverLimit) -> Self {
        ApiError::new(StatusCode::TOO_MANY_REQUESTS, ErrorCode::TooManyRequests)
            .with_retry_after(over.retry_after_s)
    }
}

/// The error of a refusal by the hub.
pub fn from_refusal(code: ErrorCode) -> ApiError {
    with_status(status_of(code), code)
}

/// The error that stands for a close code.
pub fn from_close_code(code: u16) -> ApiError {
    let (status, error) = refusal_of(code);
    let error = with_status(status, error);
    if should_reconnect(code) { error.with_retry_after(RETRY_AFTER_S) } else { error }
}

fn with_status(status: u16, code: ErrorCode) -> ApiError {
    // The tables of `shared::close` hold only valid statuses.
    ApiError::new(StatusCode::from_u16(status).unwrap_or(StatusCode::SERVICE_UNAVAILABLE), code)
}
