//! The time of one request on its connection: from its head to the end of its response.

use crate::connection::http_deadline::HttpDeadline;
use actix_web::{
    body::{BodySize, BoxBody, MessageBody},
    dev::ServiceRequest,
    http::header::{self, HeaderMap},
};
use bytes::Bytes;
use std::{
    pin::Pin,
    rc::Rc,
    task::{Context, Poll},
};

/// A request that is being served. While it lives, its connection has no deadline for the next head. Dropping
/// it ends the request.
pub struct RequestSpan(Option<Rc<HttpDeadline>>);

impl RequestSpan {
    /// Begins the span of this request. A request that a test made without a socket has none.
    pub fn begin(request: &ServiceRequest) -> Self {
        let deadline = request.request().conn_data::<Rc<HttpDeadline>>().cloned();
        if let Some(deadline) = &deadline {
            deadline.begin_request(body_bytes(request.headers()));
        }
        RequestSpan(deadline)
    }
}

impl Drop for RequestSpan {
    fn drop(&mut self) {
        if let Some(deadline) = &self.0 {
            deadline.end_request();
        }
    }
}

/// Bytes of the request's body; `None` if its head does not say.
fn body_bytes(headers: &HeaderMap) -> Option<u64> {
    if headers.contains_key(header::TRANSFER_ENCODING) {
        return None;
    }
    let Some(length) = headers.get(header::CONTENT_LENGTH) else { return Some(0) };
    length.to_str().ok()?.trim().parse().ok()
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
