//! The requests under `/api` about the member of this browser: identity, joining, renaming, signing out. The
//! bodies are those of `shared::api`.

use client::input::Unreachable;
use client::view::NameRefusal;
use gloo_net::http::{Request, Response};
use shared::api::{Me, NameRequest, Problem};
use shared::{ErrorCode, Member, json};
use web_sys::AbortSignal;

/// Milliseconds after which a request is aborted.
pub const REQUEST_MS: u32 = 10_000;

/// Requests the member of the browser's cookie (`GET /api/me`); `None` if the cookie belongs to nobody.
///
/// # Errors
/// [`Unreachable`] if no answer came, or one that is not the server's, such as a proxy's page.
pub async fn me() -> Result<Option<Member>, Unreachable> {
    let signal = AbortSignal::timeout_with_u32(REQUEST_MS);
    let request = Request::get("/api/me").abort_signal(Some(&signal));
    let answer = request.send().await.map_err(|_| Unreachable)?;
    Ok(read_me(&answer).await?.member)
}

/// Joins the house under a name (`POST /api/join`). The response sets the cookie.
///
/// # Errors
/// The refusal of the name, or one with [`ErrorCode::Internal`] if the server did not answer.
pub async fn join(name: String) -> Result<Member, NameRefusal> {
    named("/api/join", name).await
}

/// Changes the member's name (`POST /api/name`).
///
/// # Errors
/// The refusal of the name, as in [`join`].
pub async fn rename(name: String) -> Result<Member, NameRefusal> {
    named("/api/name", name).await
}

/// Signs this device out (`POST /api/sign-out`). Its cookie then belongs to nobody.
///
/// # Errors
/// [`Unreachable`] if no answer came, or one that is not the server's.
pub async fn sign_out() -> Result<(), Unreachable> {
    let answer = post("/api/sign-out", "{}").await?;
    read_me(&answer).await.map(drop)
}

async fn named(path: &str, name: String) -> Result<Member, NameRefusal> {
    let unreachable = || NameRefusal { code: ErrorCode::Internal, suggestion: None };
    let body = serde_json::to_string(&NameRequest { name }).map_err(|_| unreachable())?;
    let answer = post(path, &body).await.map_err(|_| unreachable())?;
    if answer.ok() {
        return read_me(&answer).await.ok().and_then(|me| me.member).ok_or_else(unreachable);
    }
    let text = answer.text().await.map_err(|_| unreachable())?;
    let problem: Problem = json::from_str(&text).map_err(|_| unreachable())?;
    Err(NameRefusal { code: problem.code, suggestion: problem.suggestion })
}

async fn post(path: &str, body: &str) -> Result<Response, Unreachable> {
    let signal = AbortSignal::timeout_with_u32(REQUEST_MS);
    let request = Request::post(path).header("content-type", "application/json").abort_signal(Some(&signal));
    request.body(body).map_err(|_| Unreachable)?.send().await.map_err(|_| Unreachable)
}

async fn read_me(answer: &Response) -> Result<Me, Unreachable> {
    if !answer.ok() {
        return Err(Unreachable);
    }
    let text = answer.text().await.map_err(|_| Unreachable)?;
    json::from_str(&text).map_err(|_| Unreachable)
}
