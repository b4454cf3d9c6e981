//! The HTTP interface under `/api` (`shared::api`): who one is.

use client::input::Unreachable;
use client::view::NameRefusal;
use gloo_net::http::{Request, Response};
use shared::api::{Me, NameRequest, Problem};
use shared::{ErrorCode, Member, json};
use web_sys::AbortSignal;

/// Milliseconds after which a request is given up.
pub const REQUEST_MS: u32 = 10_000;

/// `GET /api/me`: who the cookie stands for, if anyone.
///
/// # Errors
/// [`Unreachable`] where the server did not answer, or not in its own words.
pub async fn me() -> Result<Option<Member>, Unreachable> {
    let signal = AbortSignal::timeout_with_u32(REQUEST_MS);
    let request = Request::get("/api/me").abort_signal(Some(&signal));
    let answer = request.send().await.map_err(|_| Unreachable)?;
    Ok(read_me(&answer).await?.member)
}

/// `POST /api/join`: becomes a member of this name.
///
/// # Errors
/// Why the name was refused; [`ErrorCode::Internal`] where the server did not answer.
pub async fn join(name: String) -> Result<Member, NameRefusal> {
    named("/api/join", name).await
}

/// `POST /api/name`: takes another name.
///
/// # Errors
/// As [`join`].
pub async fn rename(name: String) -> Result<Member, NameRefusal> {
    named("/api/name", name).await
}

/// `POST /api/sign-out`: this device stands for nobody any more.
///
/// # Errors
/// [`Unreachable`] where the server did not answer.
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
