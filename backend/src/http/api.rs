//! `/api`: the member of a device. [`shared::api`] defines the bodies.

use crate::connection::address_limits::Act;
use crate::http::app_state::AppState;
use crate::http::device_token::{self, Token};
use crate::http::host_policy::Caller;
use crate::http::json_body::read_json;
use crate::http::problem::{ApiError, from_refusal};
use crate::metrics::{refusal_reason::RefusalReason, worker_counts::count_refusal};
use crate::registry::IdentityRequest;
use actix_web::{HttpRequest, HttpResponse, cookie::Cookie, http::header, web};
use hub::{input::ExpectedIdentity, output::Answer};
use shared::{
    ErrorCode, Member,
    api::{JoinRequest, Me, NameRequest},
};

/// `GET /api/me`: the member of the request's device.
///
/// A cookie without the prefix of https moves to the name with it.
pub async fn me(request: HttpRequest, caller: Caller) -> Result<HttpResponse, ApiError> {
    let state = AppState::of(&request);
    let Some(device) = device_token::from_cookie(&request, &state).await else {
        return Ok(me_response(&state, None, Vec::new()));
    };
    let member = expect_me(state.ask(IdentityRequest::Me(device)).await?)?;
    let cookies = match &member {
        Some(_) => device_token::move_to_prefix(&request, &state.policy, device, caller.is_https),
        None => Vec::new(),
    };
    Ok(me_response(&state, member, cookies))
}

/// `POST /api/join`: makes a new member and a cookie for it. A retry with the same `join_key` gets the same
/// member, under the name of the retry.
pub async fn join(
    request: HttpRequest,
    payload: web::Payload,
    caller: Caller,
) -> Result<HttpResponse, ApiError> {
    let state = AppState::of(&request);
    let JoinRequest { name, join_key } = read_json(&request, payload).await?;
    let token = match join_key {
        Some(join_key) => Token::of_request(&state.join_secret, join_key),
        None => Token::new().map_err(|_| ApiError::internal())?,
    };
    // The browser may have got the cookie of the answer that the page has not.
    if let Some(device) = device_token::trusted(&request, &state, &caller).await
        && device != token.key()
        && expect_me(state.ask(IdentityRequest::Me(device)).await?)?.is_some()
    {
        return Err(from_refusal(ErrorCode::AlreadySignedIn));
    }
    let member = change_name(&state, &caller, Act::Join, IdentityRequest::Join(name, token.key())).await?;
    Ok(me_response(&state, member, vec![token.cookie(&state.policy, caller.is_https)]))
}

/// `POST /api/name`: renames the member.
pub async fn rename(
    request: HttpRequest,
    payload: web::Payload,
    caller: Caller,
) -> Result<HttpResponse, ApiError> {
    let state = AppState::of(&request);
    let NameRequest { name } = read_json(&request, payload).await?;
    let device = device_token::trusted(&request, &state, &caller).await.ok_or_else(|| {
        let has_cookie = device_token::has_cookie(&request, &state.policy);
        let error = from_refusal(ErrorCode::SignInRequired);
        error.with_cookie_detail(has_cookie, caller.has_origin, &ExpectedIdentity::default())
    })?;
    let member = change_name(&state, &caller, Act::Rename, IdentityRequest::Rename(name, device)).await?;
    Ok(me_response(&state, member, Vec::new()))
}

/// `POST /api/sign-out`: ends the membership and the cookie.
pub async fn sign_out(
    request: HttpRequest,
    payload: web::Payload,
    caller: Caller,
) -> Result<HttpResponse, ApiError> {
    let state = AppState::of(&request);
    let serde::de::IgnoredAny = read_json(&request, payload).await?;
    if let Some(device) = device_token::trusted(&request, &state, &caller).await {
        expect_me(state.ask(IdentityRequest::SignOut(device)).await?)?;
    }
    Ok(me_response(&state, None, device_token::forget(&state.policy, caller.is_https)))
}

/// Asks for a name within the limits of the caller's address. A refused name, and a retry, cost only an attempt.
async fn change_name(
    state: &AppState,
    caller: &Caller,
    act: Act,
    request: IdentityRequest,
) -> Result<Option<Member>, ApiError> {
    state.address_limits.act(caller.ip, Act::NameAttempt)?;
    let charge = state.address_limits.charge(caller.ip, act)?;
    let answer = state.registry.ask_charged(request, Some(charge)).await;
    expect_me(answer.map_err(|_| ApiError::internal())?)
}

fn me_response(state: &AppState, member: Option<Member>, cookies: Vec<Cookie<'static>>) -> HttpResponse {
    let mut response = HttpResponse::Ok();
    response.insert_header((header::CACHE_CONTROL, "no-store"));
    for cookie in cookies {
        response.cookie(cookie);
    }
    response.json(Me { member, build: state.build.clone() })
}

fn expect_me(answer: Answer) -> Result<Option<Member>, ApiError> {
    match answer {
        Answer::Me(member) => Ok(member),
        Answer::Refused(code, suggestion) => {
            RefusalReason::of_error(code).into_iter().for_each(count_refusal);
            Err(from_refusal(code).with_suggestion(suggestion))
        }
    }
}
