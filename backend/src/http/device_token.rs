//! The token of a device: 128 bits from the operating system. Only its browser knows it; the server keeps
//! the hash.

use crate::http::host_policy::{Caller, HostPolicy};
use actix_web::{
    HttpRequest,
    cookie::{Cookie, SameSite, time::Duration},
};
use hub::house::members::DeviceKey;
use sha2::{Digest, Sha256};

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
        Ok(Token(bytes.iter().map(|byte| format!("{byte:02x}")).collect()))
    }

    /// Hash of the token, which the server keeps.
    pub fn key(&self) -> DeviceKey {
        DeviceKey(Sha256::digest(self.0.as_bytes()).into())
    }

    /// The cookie that brings the token back.
    pub fn cookie(&self, policy: &HostPolicy, is_https: bool) -> Cookie<'static> {
        cookie(policy, self.0.clone(), Duration::days(DAYS), is_https)
    }
}

/// A cookie that makes the browser forget the token.
pub fn forget(policy: &HostPolicy, is_https: bool) -> Cookie<'static> {
    cookie(policy, String::new(), Duration::ZERO, is_https)
}

fn cookie(policy: &HostPolicy, value: String, age: Duration, is_https: bool) -> Cookie<'static> {
    Cookie::build(policy.cookie.clone(), value)
        .path("/")
        .http_only(true)
        .same_site(SameSite::Strict)
        .secure(is_https)
        .max_age(age)
        .finish()
}

/// The device of a request's cookie, if the request has an `Origin`, which the host policy has checked. A
/// caller without an `Origin` is no browser, and its cookie does not count.
pub fn trusted(request: &HttpRequest, policy: &HostPolicy, caller: &Caller) -> Option<DeviceKey> {
    from_cookie(request, policy).filter(|_| caller.has_origin)
}

/// The device of a request's cookie, whatever its origin.
pub fn from_cookie(request: &HttpRequest, policy: &HostPolicy) -> Option<DeviceKey> {
    let cookie = request.cookie(&policy.cookie)?;
    let token = cookie.value();
    let is_token = token.len() == 2 * TOKEN_BYTES && token.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_token.then(|| DeviceKey(Sha256::digest(token.as_bytes()).into()))
}
