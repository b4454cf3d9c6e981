//! Requests of a comparison outside the connections that it compares.

use crate::transport::abort_handle::AbortHandle;
use client::http_session::{Request, Traffic};
use client::inspect::comparison::run::Response;

/// Makes a request and reads its response to the end; `None` if no response came in time.
pub(super) async fn fetch(request: &Request) -> Option<Response> {
    // Keep the handle until the body has been read: dropping it aborts the request.
    let handle = AbortHandle::new(request.timeout_ms());
    let answer = handle.fetch(&request.path(), request.body().as_deref()).await?;
    let header = |name: &str| answer.headers().get(name)?.parse().ok();
    let traffic = match (header("teahouse-traced-up"), header("teahouse-traced-down")) {
        (Some(up), Some(down)) => Some(Traffic { up, down }),
        _ => None,
    };
    Some(Response { status: answer.status(), body: answer.text().await.ok(), traffic })
}
