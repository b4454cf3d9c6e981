//! HTTP API of the server (`shared::api`): writes requests and parses responses, also incomplete ones.

use std::io::{Read as _, Write as _};
use std::time::Duration;

use client::identity::{IdentityAnswer, IdentityRequest};
use client::input::Input;
use sha2::{Digest as _, Sha256};
use shared::{ClientId, Member};

use super::dial::{DialOptions, dial};
use super::failure::Failure;
use super::handshake::head_bytes;

/// Time limit of one response.
const ANSWER_MAX: Duration = Duration::from_secs(10);

/// Request about the member of a browser.
pub(crate) fn identity_request(ask: &IdentityRequest, port: u16, cookie: Option<&str>) -> String {
    request(ask.method(), ask.path(), port, cookie, &ask.body().unwrap_or_default())
}

/// Request `GET` of this path and query.
pub(crate) fn get(path: &str, port: u16, cookie: Option<&str>) -> String {
    request("GET", path, port, cookie, "")
}

/// Request that posts this JSON to a path and query, as the server's own page would send it.
pub(crate) fn post(path: &str, port: u16, cookie: Option<&str>, body: &str) -> String {
    request("POST", path, port, cookie, body)
}

fn request(method: &str, path: &str, port: u16, cookie: Option<&str>, body: &str) -> String {
    let host = format!("127.0.0.1:{port}");
    let mut text = format!("{method} {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n");
    if let Some(cookie) = cookie {
        text.push_str(&format!("Cookie: {cookie}\r\n"));
    }
    if method == "POST" {
        let bytes = body.len();
        text.push_str(&format!("Origin: http://{host}\r\nContent-Type: application/json\r\n"));
        text.push_str(&format!("Content-Length: {bytes}\r\n"));
    }
    text + "\r\n" + body
}

/// A response whose head is complete.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ApiResponse {
    /// HTTP status code.
    pub(crate) status: u16,
    /// Cookie that the response sets, as `name=value`. An empty value clears it.
    pub(crate) cookie: Option<String>,
    /// Body; `None` until all of it has arrived.
    pub(crate) body: Option<Vec<u8>>,
}

impl ApiResponse {
    /// Parses the bytes received so far. Returns `None` until the head is complete.
    pub(crate) fn parse(bytes: &[u8]) -> Option<Self> {
        let end = head_bytes(bytes)?;
        let head = String::from_utf8_lossy(&bytes[..end]);
        let mut lines = head.lines();
        let status = lines.next()?.split_whitespace().nth(1)?.parse().ok()?;
        let field = |wanted: &str| {
            let mut fields = head.lines().filter_map(|line| line.split_once(':'));
            fields.find(|(name, _)| name.eq_ignore_ascii_case(wanted)).map(|(_, value)| value.trim())
        };
        let length: usize = field("content-length").and_then(|text| text.parse().ok()).unwrap_or(0);
        let cookie = field("set-cookie").and_then(|text| text.split(';').next()).map(str::to_owned);
        let body = bytes.get(end..end + length).map(<[u8]>::to_vec);
        Some(Self { status, cookie, body })
    }

    /// Answer to a request about the member; `None` if the body is incomplete or no text.
    pub(crate) fn into_identity_answer(self) -> IdentityAnswer {
        Some((self.status, String::from_utf8(self.body?).ok()?))
    }
}

/// Signs the member with this cookie out.
///
/// # Errors
/// When the server does not answer, or refuses.
pub(crate) fn sign_out(port: u16, cookie: &str) -> Result<(), Failure> {
    let request = identity_request(&IdentityRequest::SignOut, port, Some(cookie));
    let response = send(port, &request).map_err(Failure::at("no answer to the sign-out"))?;
    match ApiResponse::parse(&response).map(|response| response.status) {
        Some(200) => Ok(()),
        status => Err(Failure::new(format!("cannot sign out: {status:?}"))),
    }
}

/// Sends a request on a socket of its own and reads until the server closes it.
fn send(port: u16, request: &str) -> std::io::Result<Vec<u8>> {
    let mut stream = dial(port, &DialOptions::default())?;
    stream.set_read_timeout(Some(ANSWER_MAX))?;
    stream.write_all(request.as_bytes())?;
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Joins the house under this name. Returns the new member's cookie, and the member.
///
/// # Errors
/// When the server does not answer, or refuses the name.
pub(crate) fn join(port: u16, name: &str) -> Result<(String, Member), Failure> {
    // Each name joins once, so it can make the id.
    let digest = Sha256::digest(name);
    let join_id = digest.first_chunk().copied().unwrap_or_default();
    let ask = IdentityRequest::Join(name.to_owned(), Some(ClientId(join_id)));
    let request = identity_request(&ask, port, None);
    let response = send(port, &request).map_err(Failure::at("no answer to the join request"))?;
    let response =
        ApiResponse::parse(&response).ok_or_else(|| Failure::new("malformed answer to the join request"))?;
    let status = response.status;
    match (response.cookie.clone(), ask.read_answer(response.into_identity_answer())) {
        (Some(cookie), Input::Named(Ok(member))) => Ok((cookie, member)),
        (_, input) => Err(Failure::new(format!("cannot join as {name}: {status} {input:?}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_response_is_parsed_as_far_as_it_has_arrived() {
        let text = b"HTTP/1.1 200 OK\r\nSet-Cookie: th_1=ab; HttpOnly\r\ncontent-length: 2\r\n\r\n{}";
        for length in 0..text.len() {
            let response = ApiResponse::parse(&text[..length]);
            match text.len() - length {
                1 | 2 => {
                    let response = response.unwrap();
                    assert_eq!((response.status, response.body), (200, None));
                    assert_eq!(response.cookie.as_deref(), Some("th_1=ab"));
                }
                _ => assert_eq!(response, None, "{length}"),
            }
        }
        assert_eq!(ApiResponse::parse(text).unwrap().body.as_deref(), Some(&b"{}"[..]));
    }

    #[test]
    fn a_post_request_states_its_content_length() {
        let join = IdentityRequest::Join("梅".to_owned(), Some(ClientId([0xab; 16])));
        let text = identity_request(&join, 7, Some("th_1=ab"));
        assert!(text.contains("Content-Length: 60\r\n"), "{text}");
        assert!(
            text.ends_with("\r\n\r\n{\"name\":\"梅\",\"join_key\":\"abababababababababababababababab\"}"),
            "{text}"
        );
        assert!(identity_request(&IdentityRequest::Me, 7, None).ends_with("Connection: close\r\n\r\n"));
    }
}
