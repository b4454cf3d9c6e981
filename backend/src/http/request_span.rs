//! The time of one request on its connection: from its head to the end of its response.

use crate::connection::request_bytes::BodyLength;
use crate::connection::request_cycle::RequestCycle;
use actix_web::{
    body::{BodySize, BoxBody, MessageBody},
    dev::ServiceRequest,
    http::{
        Version,
        header::{self, HeaderMap},
    },
};
use bytes::Bytes;
use std::{
    pin::Pin,
    rc::Rc,
    task::{Context, Poll},
};

/// A request that is being served. While it lives, nothing of the next request passes to actix-http. Dropping it
/// ends the request.
pub struct RequestSpan(Option<Rc<RequestCycle>>);

impl RequestSpan {
    /// Begins the span of this request. A request that a test made without a socket has none.
    pub fn begin(request: &ServiceRequest) -> Self {
        let cycle = request.request().conn_data::<Rc<RequestCycle>>().cloned();
        if let Some(cycle) = &cycle {
            cycle.begin_request(body_length(request.version(), request.headers()));
        }
        RequestSpan(cycle)
    }
}

impl Drop for RequestSpan {
    fn drop(&mut self) {
        if let Some(cycle) = &self.0 {
            cycle.end_request();
        }
    }
}

/// Length of the request's body, as actix-http reads it. HTTP/1.0 has no chunks.
fn body_length(version: Version, headers: &HeaderMap) -> BodyLength {
    let coding = headers.get(header::TRANSFER_ENCODING).and_then(|coding| coding.to_str().ok());
    if version == Version::HTTP_11
        && coding.is_some_and(|coding| coding.trim().eq_ignore_ascii_case("chunked"))
    {
        return BodyLength::Chunked;
    }
    let length = headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok());
    BodyLength::Bytes(length.and_then(|length| length.trim().parse().ok()).unwrap_or(0))
}

/// The body of a response. Its end is the end of the request.
pub struct SpannedBody {
    body: BoxBody,
    _span: RequestSpan,
}

impl SpannedBody {
    /// A body that ends this span.
    pub fn new(body: BoxBody, span: RequestSpan) -> Self {
        SpannedBody { body, _span: span }
    }
}

impl MessageBody for SpannedBody {
    type Error = <BoxBody as MessageBody>::Error;

    fn size(&self) -> BodySize {
        self.body.size()
    }

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, Self::Error>>> {
        Pin::new(&mut self.body).poll_next(cx)
    }
}
