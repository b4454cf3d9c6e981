//! `/api`: who one is. The bodies are [`shared::api`]'s.

use crate::http::app_state::AppState;
use crate::http::device_token::{self, Token};
use crate::http::host_policy::Caller;
use crate::http::json_body::read_json;
use crate::http::problem::{Refused, status};
use crate::registry::Question;
use actix_web::{
    HttpRequest, HttpResponse,
    cookie::Cookie,
    http::{StatusCode, header},
    web,
};
use hub::{input::ExpectedIdentity, output::Answer};
use shared::{
    ErrorCode, Member,
    api::{Me, NameRequest},
};

/// `GET /api/me`.
pub async fn me(request: HttpRequest) -> Result<HttpResponse, Refused> {
    let state = AppState::of(&request);
    let member = match device_token::of(&request, &state.policy) {
        Some(device) => expect_me(state.ask(Question::Me(device)).await?)?,
        None => None,
    };
    Ok(answer(&state, member, None))
}

/// `POST /api/join`.
pub async fn join(
    request: HttpRequest,
    payload: web::Payload,
    caller: Caller,
) -> Result<HttpResponse, Refused> {
    let state = AppState::of(&request);
    let NameRequest { name } = read_json(&request, payload).await?;
    if let Some(device) = device_token::counted(&request, &state.policy, &caller)
        && expect_me(state.ask(Question::Me(device)).await?)?.is_some()
    {
        return Err(Refused::new(StatusCode::CONFLICT, ErrorCode::AlreadySignedIn));
    }
    state.ip_rates.take(caller.address, state.naming_rate)?;
    let token = Token::new().map_err(|_| Refused::internal())?;
    let member = expect_me(state.ask(Question::Join(name, token.key())).await?)?;
    Ok(answer(&state, member, Some(token.cookie(&state.policy, caller.is_https))))
}

/// `POST /api/name`.
pub async fn rename(
    request: HttpRequest,
    payload: web::Payload,
    caller: Caller,
) -> Result<HttpResponse, Refused> {
    let state = AppState::of(&request);
    let NameRequest { name } = read_json(&request, payload).await?;
    let device = device_token::counted(&request, &state.policy, &caller).ok_or_else(|| {
        let has_cookie = device_token::of(&request, &state.policy).is_some();
        let refused = Refused::new(StatusCode::UNAUTHORIZED, ErrorCode::SignInRequired);
        refused.since_cookie(has_cookie, caller.has_origin, &ExpectedIdentity::default())
    })?;
    state.ip_rates.take(caller.address, state.naming_rate)?;
    let member = expect_me(state.ask(Question::Rename(name, device)).await?)?;
    Ok(answer(&state, member, None))
}

/// `POST /api/sign-out`.
pub async fn sign_out(
    request: HttpRequest,
    payload: web::Payload,
    caller: Caller,
) -> Result<HttpResponse, Refused> {
    let state = AppState::of(&request);
    let serde::de::IgnoredAny = read_json(&request, payload).await?;
    if let Some(device) = device_token::counted(&request, &state.policy, &caller) {
        expect_me(state.ask(Question::SignOut(device)).await?)?;
    }
    Ok(answer(&state, None, Some(device_token::forget(&state.policy, caller.is_https))))
}

fn answer(state: &AppState, member: Option<Member>, cookie: Option<Cookie<'static>>) -> HttpResponse {
    let mut response = HttpResponse::Ok();
    response.insert_header((header::CACHE_CONTROL, "no-store"));
    if let Some(cookie) = cookie {
        response.cookie(cookie);
    }
    response.json(Me { member, build: state.build.clone() })
}

fn expect_me(answer: Answer) -> Result<Option<Member>, Refused> {
    match answer {
        Answer::Me(member) => Ok(member),
        Answer::Refused(code, suggestion) => Err(Refused::new(status(code), code).suggesting(suggestion)),
    }
}
