//! `/api`: the member of a device. [`shared::api`] defines the bodies.

use crate::connection::address_limits::Act;
use crate::http::app_state::AppState;
use crate::http::device_token::{self, Token};
use crate::http::host_policy::Caller;
use crate::http::json_body::read_json;
use crate::http::problem::{ApiError, from_refusal};
use crate::registry::IdentityRequest;
use actix_web::{HttpRequest, HttpResponse, cookie::Cookie, http::header, web};
use hub::{input::ExpectedIdentity, output::Answer};
use shared::{
    ErrorCode, Member,
    api::{Me, NameRequest},
};

/// `GET /api/me`: the member of the request's device.
pub async fn me(request: HttpRequest) -> Result<HttpResponse, ApiError> {
    let state = AppState::of(&request);
    let member = match device_token::from_cookie(&request, &state.policy) {
        Some(device) => expect_me(state.ask(IdentityRequest::Me(device)).await?)?,
        None => None,
    };
    Ok(me_response(&state, member, None))
}

/// `POST /api/join`: makes a new member and a cookie for it.
pub async fn join(
    request: HttpRequest,
    payload: web::Payload,
    caller: Caller,
) -> Result<HttpResponse, ApiError> {
    let state = AppState::of(&request);
    let NameRequest { name } = read_json(&request, payload).await?;
    if let Some(device) = device_token::trusted(&request, &state.policy, &caller)
        && expect_me(state.ask(IdentityRequest::Me(device)).await?)?.is_some()
    {
        return Err(from_refusal(ErrorCode::AlreadySignedIn));
    }
    let token = Token::new().map_err(|_| ApiError::internal())?;
    let member = change_name(&state, &caller, Act::Join, IdentityRequest::Join(name, token.key())).await?;
    Ok(me_response(&state, member, Some(token.cookie(&state.policy, caller.is_https))))
}

/// `POST /api/name`: renames the member.
pub async fn rename(
    request: HttpRequest,
    payload: web::Payload,
    caller: Caller,
) -> Result<HttpResponse, ApiError> {
    let state = AppState::of(&request);
    let NameRequest { name } = read_json(&request, payload).await?;
    let device = device_token::trusted(&request, &state.policy, &caller).ok_or_else(|| {
        let has_cookie = device_token::from_cookie(&request, &state.policy).is_some();
        let error = from_refusal(ErrorCode::SignInRequired);
        error.with_cookie_detail(has_cookie, caller.has_origin, &ExpectedIdentity::default())
    })?;
    let member = change_name(&state, &caller, Act::Rename, IdentityRequest::Rename(name, device)).await?;
    Ok(me_response(&state, member, None))
}

/// `POST /api/sign-out`: ends the membership and the cookie.
pub async fn sign_out(
    request: HttpRequest,
    payload: web::Payload,
    caller: Caller,
) -> Result<HttpResponse, ApiError> {
    let state = AppState::of(&request);
    let serde::de::IgnoredAny = read_json(&request, payload).await?;
    if let Some(device) = device_token::trusted(&request, &state.policy, &caller) {
        expect_me(state.ask(IdentityRequest::SignOut(device)).await?)?;
    }
    Ok(me_response(&state, None, Some(device_token::forget(&state.policy, caller.is_https))))
}

/// Asks for a name within the limits of the caller's address. A refused name costs only an attempt.
async fn change_name(
    state: &AppState,
    caller: &Caller,
    act: Act,
    request: IdentityRequest,
) -> Result<Option<Member>, ApiError> {
    state.address_limits.act(caller.ip, Act::NameAttempt)?;
    state.address_limits.act(caller.ip, act)?;
    let answer = expect_me(state.ask(request).await?);
    if answer.is_err() {
        state.address_limits.take_back(caller.ip, act);
    }
    answer
}

fn me_response(state: &AppState, member: Option<Member>, cookie: Option<Cookie<'static>>) -> HttpResponse {
    let mut response = HttpResponse::Ok();
    response.insert_header((header::CACHE_CONTROL, "no-store"));
    if let Some(cookie) = cookie {
        response.cookie(cookie);
    }
    response.json(Me { member, build: state.build.clone() })
}

fn expect_me(answer: Answer) -> Result<Option<Member>, ApiError> {
    match answer {
        Answer::Me(member) => Ok(member),
        Answer::Refused(code, suggestion) => Err(from_refusal(code).with_suggestion(suggestion)),
    }
}
