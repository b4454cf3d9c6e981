//! Runs around every route: it checks the host policy, sets the headers of every response, and tells the socket
//! where a request begins and its response ends.

use crate::connection::address_limits::{AddressGuard, Kind, OverLimit};
use crate::http::app_state::AppState;
use crate::http::byte_count::ByteCounter;
use crate::http::host_policy::Caller;
use crate::http::problem::ApiError;
use crate::http::request_span::{RequestSpan, SpannedBody};
use crate::limits::REFUSAL_DELAY;
use actix_http::ConnectionType;
use actix_web::{
    Error, HttpMessage, HttpRequest, ResponseError,
    body::{BodySize, BoxBody, MessageBody as _},
    dev::{ServiceRequest, ServiceResponse},
    http::{
        StatusCode, Version,
        header::{self, HeaderName, HeaderValue},
    },
    middleware::Next,
};
use std::rc::Rc;

/// Admits a request by the host policy, and sets the headers of its response.
pub async fn admit(request: ServiceRequest, next: Next<BoxBody>) -> Result<ServiceResponse<BoxBody>, Error> {
    let state = AppState::of(request.request());
    // If the route fails without a response, the span ends here.
    let span = RequestSpan::begin(&request);
    let peer = request.peer_addr().map(|address| address.ip());
    let admitted = if is_refused(request.request()) {
        Err(ApiError::from(OverLimit::TOO_MANY_OPEN).error_response())
    } else {
        let admitted = state.policy.admit(request.method(), request.path(), request.headers(), peer);
        admitted.map_err(|refusal| refusal.respond(request.headers()))
    };
    let mut response = match admitted {
        Ok(caller) => {
            request.extensions_mut().insert(caller);
            next.call(request).await?
        }
        Err(response) => request.into_response(response),
    };
    if response.status() == StatusCode::TOO_MANY_REQUESTS {
        let caller: Option<Caller> = response.request().extensions().get().copied();
        if let Some(ip) = caller.map(|caller| caller.ip).or(peer) {
            // The next request of this connection waits too.
            if let Some(_waiting) = state.address_limits.delay_refusal(ip) {
                tokio::time::sleep(REFUSAL_DELAY).await;
            }
        }
    }
    if response.status() != StatusCode::SWITCHING_PROTOCOLS {
        harden(&mut response, &state);
        let is_refused = is_refused(response.request());
        // A client of HTTP/1.0 knows no chunks (RFC 9112 §6.1): the end of the connection ends the body.
        let has_no_chunks = response.request().version() < Version::HTTP_11
            && response.response().body().size() == BodySize::Stream;
        let head = response.response_mut().head_mut();
        if has_no_chunks {
            head.no_chunking(true);
        }
        if has_no_chunks || is_refused {
            head.set_connection_type(ConnectionType::Close);
        }
        ByteCounter::count_head(&mut response);
    }
    Ok(response.map_body(|_, body| SpannedBody::new(body, span).boxed()))
}

/// Whether the connection of this request is beyond the limit of its IP address.
fn is_refused(request: &HttpRequest) -> bool {
    request.conn_data::<Rc<AddressGuard>>().is_some_and(|guard| guard.kind() == Kind::Refused)
}

fn harden(response: &mut ServiceResponse<BoxBody>, state: &AppState) {
    let caller: Option<Caller> = response.request().extensions().get().copied();
    let is_trustworthy = caller.is_some_and(|caller| caller.is_trustworthy);
    let headers = response.headers_mut();
    // A document with a stricter policy has set it already.
    if !headers.contains_key(header::CONTENT_SECURITY_POLICY)
        && let Ok(policy) = HeaderValue::from_str(state.page.policy())
    {
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    for (name, value) in [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "same-origin"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
        (HeaderName::from_static("permissions-policy"), "camera=(), microphone=(), geolocation=()"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    // At other addresses browsers ignore the header, and print a warning.
    if is_trustworthy {
        let name = HeaderName::from_static("cross-origin-opener-policy");
        headers.insert(name, HeaderValue::from_static("same-origin"));
    }
    if state.policy.public_url.as_ref().is_some_and(|url| url.scheme() == "https") {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, HeaderValue::from_static("max-age=31536000"));
    }
}
