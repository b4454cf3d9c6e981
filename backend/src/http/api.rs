//! `/api`: who one is. The bodies are [`shared::api`]'s.

use crate::http::device_token::{self, Token};
use crate::http::host_policy::Caller;
use crate::http::problem::Refused;
use crate::limits::{ADDRESSES_MAX, BODY_BYTES_MAX, BODY_TIMEOUT, NAMINGS};
use crate::registry::Question;
use crate::routes::Parts;
use actix_web::{
    HttpRequest, HttpResponse,
    cookie::Cookie,
    http::{StatusCode, header},
    web,
};
use bytes::Bytes;
use hub::{
    input::ExpectedIdentity,
    output::Answer,
    rate::{Bucket, Rate},
};
use serde::de::DeserializeOwned;
use shared::{
    ErrorCode, Member,
    api::{Me, NameRequest},
};
use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Mutex, PoisonError},
};

/// `GET /api/me`.
pub async fn me(request: HttpRequest) -> Result<HttpResponse, Refused> {
    let parts = Parts::of(&request);
    let member = match device_token::of(&request, &parts.house) {
        Some(device) => expect_me(parts.ask(Question::Me(device)).await?)?,
        None => None,
    };
    Ok(answer(&parts, member, None))
}

/// `POST /api/join`.
pub async fn join(
    request: HttpRequest,
    payload: web::Payload,
    caller: Caller,
) -> Result<HttpResponse, Refused> {
    let parts = Parts::of(&request);
    let NameRequest { name } = read(&request, payload).await?;
    if let Some(device) = device_token::counted(&request, &parts.house, &caller)
        && expect_me(parts.ask(Question::Me(device)).await?)?.is_some()
    {
        return Err(Refused::new(StatusCode::CONFLICT, ErrorCode::AlreadySignedIn));
    }
    parts.addresses.take(caller.address, parts.namings)?;
    let token = Token::new().map_err(|_| Refused::internal())?;
    let member = expect_me(parts.ask(Question::Join(name, token.key())).await?)?;
    Ok(answer(&parts, member, Some(token.cookie(&parts.house, caller.is_https))))
}

/// `POST /api/name`.
pub async fn rename(
    request: HttpRequest,
    payload: web::Payload,
    caller: Caller,
) -> Result<HttpResponse, Refused> {
    let parts = Parts::of(&request);
    let NameRequest { name } = read(&request, payload).await?;
    let device = device_token::counted(&request, &parts.house, &caller).ok_or_else(|| {
        let has_cookie = device_token::of(&request, &parts.house).is_some();
        let refused = Refused::new(StatusCode::UNAUTHORIZED, ErrorCode::SignInRequired);
        refused.since_cookie(has_cookie, caller.has_origin, &ExpectedIdentity::default())
    })?;
    parts.addresses.take(caller.address, parts.namings)?;
    let member = expect_me(parts.ask(Question::Rename(name, device)).await?)?;
    Ok(answer(&parts, member, None))
}

/// `POST /api/sign-out`.
pub async fn sign_out(
    request: HttpRequest,
    payload: web::Payload,
    caller: Caller,
) -> Result<HttpResponse, Refused> {
    let parts = Parts::of(&request);
    let serde::de::IgnoredAny = read(&request, payload).await?;
    if let Some(device) = device_token::counted(&request, &parts.house, &caller) {
        expect_me(parts.ask(Question::SignOut(device)).await?)?;
    }
    Ok(answer(&parts, None, Some(device_token::forget(&parts.house, caller.is_https))))
}

fn answer(parts: &Parts, member: Option<Member>, cookie: Option<Cookie<'static>>) -> HttpResponse {
    let mut response = HttpResponse::Ok();
    response.insert_header((header::CACHE_CONTROL, "no-store"));
    if let Some(cookie) = cookie {
        response.cookie(cookie);
    }
    response.json(Me { member, build: parts.build.clone() })
}

fn expect_me(answer: Answer) -> Result<Option<Member>, Refused> {
    match answer {
        Answer::Me(member) => Ok(member),
        Answer::Refused(code, suggestion) => Err(Refused::new(status(code), code).suggesting(suggestion)),
    }
}

/// The status of a refusal by the hub.
pub fn status(code: ErrorCode) -> StatusCode {
    match code {
        ErrorCode::Unparsable => StatusCode::BAD_REQUEST,
        ErrorCode::RoomUnknown => StatusCode::NOT_FOUND,
        ErrorCode::TooManyRequests => StatusCode::TOO_MANY_REQUESTS,
        ErrorCode::NameTaken => StatusCode::CONFLICT,
        ErrorCode::SignInRequired => StatusCode::UNAUTHORIZED,
        ErrorCode::HouseFull | ErrorCode::StoreRefused | ErrorCode::Full => StatusCode::SERVICE_UNAVAILABLE,
        _ => StatusCode::UNPROCESSABLE_ENTITY,
    }
}

/// Reads a JSON body within its limits.
async fn read<T: DeserializeOwned>(request: &HttpRequest, payload: web::Payload) -> Result<T, Refused> {
    let body = read_bytes(request, payload, BODY_BYTES_MAX).await?;
    serde_json::from_slice(&body).map_err(|error| match error.classify() {
        serde_json::error::Category::Data => {
            Refused::new(StatusCode::UNPROCESSABLE_ENTITY, ErrorCode::BadField)
        }
        _ => Refused::new(StatusCode::BAD_REQUEST, ErrorCode::Unparsable),
    })
}

/// Reads a body that says it is JSON, of at most so many bytes.
///
/// # Errors
/// 415, 413, 408; 400 where it does not come whole.
pub async fn read_bytes(
    request: &HttpRequest,
    payload: web::Payload,
    bytes_max: usize,
) -> Result<Bytes, Refused> {
    // Only this type: a form or a text could be posted by any site without being asked.
    let kind =
        request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = kind.split(';').next().unwrap_or_default().trim();
    if !essence.eq_ignore_ascii_case("application/json") {
        return Err(Refused::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, ErrorCode::WrongMediaType));
    }
    let body = tokio::time::timeout(BODY_TIMEOUT, payload.to_bytes_limited(bytes_max)).await;
    let body = body.map_err(|_| Refused::new(StatusCode::REQUEST_TIMEOUT, ErrorCode::BodyTimeout))?;
    let body = body.map_err(|_| {
        Refused::new(StatusCode::PAYLOAD_TOO_LARGE, ErrorCode::BodyTooLarge)
            .since(format!("The body may have at most {bytes_max} bytes."))
    })?;
    body.map_err(|_| Refused::new(StatusCode::BAD_REQUEST, ErrorCode::Unparsable))
}

/// How often each address may ask for a name: a name is kept until its member
/// leaves, so one address could take them all.
#[derive(Debug, Default)]
pub struct Addresses(Mutex<HashMap<IpAddr, Bucket>>);

impl Addresses {
    /// Counts one request.
    ///
    /// # Errors
    /// 429 while the address is over its rate.
    pub fn take(&self, address: IpAddr, rate: Rate) -> Result<(), Refused> {
        let now = crate::fanout::now_ms();
        let address = household(address);
        // Nothing panics while it is held; if something ever did, the counts would still do.
        let mut buckets = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if buckets.len() >= ADDRESSES_MAX {
            buckets.retain(|_, bucket| !bucket.is_full(rate, now));
        }
        let is_full = buckets.len() >= ADDRESSES_MAX && !buckets.contains_key(&address);
        if is_full
            || !buckets.entry(address).or_insert_with(|| Bucket::full(rate, now)).try_take(rate, 1, now)
        {
            let refused = Refused::new(StatusCode::TOO_MANY_REQUESTS, ErrorCode::TooManyRequests);
            return Err(refused.with(header::RETRY_AFTER, "5"));
        }
        Ok(())
    }
}

/// An IPv6 address stands for its /64: one household has all of them to choose from.
fn household(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => IpAddr::V6((v6.to_bits() >> 64 << 64).into()),
        v4 => v4,
    }
}

/// The rate for namings under these limits.
pub fn namings(is_limited: bool) -> Rate {
    if is_limited { NAMINGS } else { Rate::NONE }
}
