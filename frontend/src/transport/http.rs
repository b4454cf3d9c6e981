//! The requests under `/api` about the member of this browser. The client makes them and reads their answers.

use super::abort_handle::AbortHandle;
use client::identity::{IdentityAnswer, IdentityRequest, read_member};
use client::input::{Input, Unreachable};
use client::limits::IDENTITY_MS;
use shared::Member;

/// Requests the member of the browser's cookie; `None` if the cookie belongs to nobody.
///
/// # Errors
/// [`Unreachable`] if there is no answer of the server.
pub async fn me() -> Result<Option<Member>, Unreachable> {
    read_member(fetch(&IdentityRequest::Me).await)
}

/// Makes a request about the member of this browser. Returns the client's input for its answer.
pub async fn request_identity(request: IdentityRequest) -> Input {
    request.read_answer(fetch(&request).await)
}

async fn fetch(request: &IdentityRequest) -> IdentityAnswer {
    let handle = AbortHandle::new(Some(IDENTITY_MS));
    let answer = handle.fetch(request.path(), request.body().as_deref()).await?;
    Some((answer.status(), answer.text().await.ok()?))
}
