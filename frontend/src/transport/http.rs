//! The requests under `/api` about the member of this browser. The client makes them and reads their answers.

use super::abort_handle::AbortHandle;
use client::identity::{IdentityAnswer, IdentityRequest, read_member};
use client::input::{Input, Unreachable};
use client::limits::IDENTITY_MS;
use client::view::NameRefusal;
use js_sys::Reflect;
use shared::Member;
use wasm_bindgen::JsValue;

/// Requests the member of the browser's cookie; `None` if the cookie belongs to nobody.
///
/// # Errors
/// [`Unreachable`] if there is no answer of the server.
pub async fn me() -> Result<Option<Member>, Unreachable> {
    read_member(fetch(&IdentityRequest::Me).await)
}

/// Makes a request about the member of this browser. Returns the client's input for its answer.
///
/// A browser without cookies joins nobody: the server would keep a member whom no request can name.
pub async fn request_identity(request: IdentityRequest) -> Input {
    if matches!(request, IdentityRequest::Join(..)) && !accepts_cookies() {
        return Input::Named(Err(NameRefusal::cookies_blocked()));
    }
    request.read_answer(fetch(&request).await)
}

/// Whether the browser accepts cookies of this page. A browser that does not tell is taken to accept them.
fn accepts_cookies() -> bool {
    let navigator = web_sys::window().map(|window| window.navigator());
    let enabled = navigator.and_then(|navigator| Reflect::get(&navigator, &"cookieEnabled".into()).ok());
    enabled != Some(JsValue::FALSE)
}

async fn fetch(request: &IdentityRequest) -> IdentityAnswer {
    let handle = AbortHandle::new(Some(IDENTITY_MS));
    let answer = handle.fetch(request.path(), request.body().as_deref()).await?;
    Some((answer.status(), answer.text().await.ok()?))
}
