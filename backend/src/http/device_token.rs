//! The token of a device: 128 bits from the operating system. Only its browser knows it; the server keeps
//! the hash.

use crate::hex;
use crate::http::app_state::AppState;
use crate::http::host_policy::{Caller, HostPolicy};
use crate::join_secret::JoinSecret;
use crate::limits::DEVICES_PER_REQUEST_MAX;
use crate::registry::IdentityRequest;
use actix_web::{
    HttpRequest,
    cookie::{Cookie, SameSite, time::Duration},
};
use hub::{house::members::DeviceKey, output::Answer};
use sha2::{Digest, Sha256};
use shared::ClientId;

/// Days that a browser keeps the cookie: the longest time that browsers allow.
const DAYS: i64 = 400;

/// Bytes of a token.
const TOKEN_BYTES: usize = 16;

/// A token as the cookie holds it: 32 hexadecimal digits.
pub struct Token(String);

impl Token {
    /// Draws a new token.
    ///
    /// # Errors
    ///
    /// The operating system gives no random bytes.
    pub fn new() -> Result<Self, getrandom::Error> {
        let mut bytes = [0; TOKEN_BYTES];
        getrandom::fill(&mut bytes)?;
        Ok(Token(hex::encode(&bytes)))
    }

    /// Makes the token of the device that joins with this request, so that a retry gets the same one. Without
    /// `secret`, which never leaves the server, a script of the page could not make it from the key.
    pub fn of_request(secret: &JoinSecret, join_key: ClientId) -> Self {
        // Both parts have a fixed length, so no two pairs are the same bytes.
        let hash = Sha256::new().chain_update(secret.0).chain_update(join_key.0).finalize();
        Token(hex::encode(hash.get(..TOKEN_BYTES).unwrap_or_default()))
    }

    /// Hash of the token, which the server keeps.
    pub fn key(&self) -> DeviceKey {
        DeviceKey(Sha256::digest(self.0.as_bytes()).into())
    }

    /// The cookie that brings the token back.
    pub fn cookie(&self, policy: &HostPolicy, is_https: bool) -> Cookie<'static> {
        cookie(name(policy, is_https), self.0.clone(), Duration::days(DAYS), is_https)
    }
}

/// Cookies that make the browser forget the token, under each name that it may have.
pub fn forget(policy: &HostPolicy, is_https: bool) -> Vec<Cookie<'static>> {
    let mut cookies = vec![cookie(policy.cookie.clone(), String::new(), Duration::ZERO, is_https)];
    if is_https {
        cookies.push(cookie(name(policy, true), String::new(), Duration::ZERO, true));
    }
    cookies
}

/// Cookies that move the token of this device to the name with the prefix, if the browser has it only under the
/// old one.
pub fn move_to_prefix(
    request: &HttpRequest,
    policy: &HostPolicy,
    device: DeviceKey,
    is_https: bool,
) -> Vec<Cookie<'static>> {
    let of_device = |cookie: &&Cookie<'static>| key(cookie.value()) == Some(device);
    let Ok(cookies) = request.cookies_raw() else { return Vec::new() };
    let has_moved = cookies.iter().any(|cookie| cookie.name() == name(policy, true) && of_device(&cookie));
    let Some(old) = cookies.iter().find(of_device).filter(|_| is_https && !has_moved) else {
        return Vec::new();
    };
    let new = Token(old.value().to_owned()).cookie(policy, true);
    vec![new, cookie(policy.cookie.clone(), String::new(), Duration::ZERO, true)]
}

/// Name of the cookie. On https it has a prefix with which browsers let no other host set it, such as a sibling
/// subdomain (RFC 6265bis §4.1.3.2).
fn name(policy: &HostPolicy, is_https: bool) -> String {
    let prefix = if is_https { "__Host-" } else { "" };
    format!("{prefix}{}", policy.cookie)
}

fn cookie(name: String, value: String, age: Duration, is_https: bool) -> Cookie<'static> {
    Cookie::build(name, value)
        .path("/")
        .http_only(true)
        .same_site(SameSite::Strict)
        .secure(is_https)
        .max_age(age)
        .finish()
}

/// The device of a request's cookie, if the request has an `Origin`, which the host policy has checked. A
/// caller without an `Origin` is no browser, and its cookie does not count.
pub async fn trusted(request: &HttpRequest, state: &AppState, caller: &Caller) -> Option<DeviceKey> {
    if caller.has_origin { from_cookie(request, state).await } else { None }
}

/// The device of a request's cookie, whatever its origin. A browser may send several cookies of one name, with
/// other paths or domains, and a stale one first. Then the device of a member counts.
pub async fn from_cookie(request: &HttpRequest, state: &AppState) -> Option<DeviceKey> {
    let devices = devices(request, &state.policy);
    if let [_, _, ..] = devices[..] {
        for device in &devices {
            if let Ok(Answer::Me(Some(_))) = state.ask(IdentityRequest::Me(*device)).await {
                return Some(*device);
            }
        }
    }
    devices.first().copied()
}

/// Whether a request has a cookie of a device.
pub fn has_cookie(request: &HttpRequest, policy: &HostPolicy) -> bool {
    !devices(request, policy).is_empty()
}

/// The devices that the request's cookies name, first those under the name with the prefix. The names are not
/// decoded: a sibling subdomain may set a cookie whose name only decodes to the prefix.
fn devices(request: &HttpRequest, policy: &HostPolicy) -> Vec<DeviceKey> {
    let Ok(cookies) = request.cookies_raw() else { return Vec::new() };
    let mut devices = Vec::new();
    for name in [name(policy, true), name(policy, false)] {
        for cookie in cookies.iter().filter(|cookie| cookie.name() == name) {
            devices.extend(key(cookie.value()).filter(|device| !devices.contains(device)));
        }
    }
    devices.truncate(DEVICES_PER_REQUEST_MAX);
    devices
}

fn key(token: &str) -> Option<DeviceKey> {
    hex::decode::<TOKEN_BYTES>(token).map(|_| DeviceKey(Sha256::digest(token.as_bytes()).into()))
}
