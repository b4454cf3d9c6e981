//! The heads of a handshake, without the values of headers that may hold secrets.

use actix_web::{
    HttpRequest, HttpResponse,
    http::header::{HeaderName, HeaderValue},
};
use shared::event::trace::{Handshake, HeaderField, RequestHead, ResponseHead};

/// Headers whose values are reported: those of the handshake, those that proxies write, and those that all
/// browsers send alike. Of every other header, such as a cookie or a token, only the length is reported.
const PUBLIC_HEADERS: [&str; 26] = [
    "host",
    "upgrade",
    "connection",
    "origin",
    "sec-websocket-key",
    "sec-websocket-version",
    "sec-websocket-protocol",
    "sec-websocket-extensions",
    "sec-websocket-accept",
    "user-agent",
    "via",
    "forwarded",
    "x-forwarded-for",
    "x-forwarded-host",
    "x-forwarded-port",
    "x-forwarded-proto",
    "accept",
    "accept-encoding",
    "accept-language",
    "sec-fetch-dest",
    "sec-fetch-mode",
    "sec-fetch-site",
    "sec-fetch-user",
    "cache-control",
    "pragma",
    "date",
];

/// Both heads, and the bytes that they count in the trace. The response's head is as actix-http will write
/// it.
pub(super) fn handshake(request: &HttpRequest, response: &HttpResponse) -> (Handshake, usize) {
    let head = request.head();
    let request = RequestHead {
        method: head.method.to_string(),
        target: head.uri.to_string(),
        version: format!("{:?}", head.version),
        headers: header_fields(head.headers.iter()),
    };
    let mut headers = header_fields(response.headers().iter());
    // actix-http writes this header for every response that upgrades.
    let upgrade = HeaderValue::from_static("upgrade");
    headers.push(header("connection", &upgrade));
    sort(&mut headers);
    let response = ResponseHead { status: response.status().as_u16(), headers };
    let line = request.method.len() + request.target.len() + request.version.len();
    let all = request.headers.iter().chain(&response.headers);
    let bytes = all.map(|header| header.name.len() + header.value.as_ref().map_or(0, String::len)).sum();
    (Handshake { request, response }, line.saturating_add(bytes))
}

fn header_fields<'a>(headers: impl Iterator<Item = (&'a HeaderName, &'a HeaderValue)>) -> Vec<HeaderField> {
    let mut headers = headers.map(|(name, value)| header(name.as_str(), value)).collect::<Vec<_>>();
    sort(&mut headers);
    headers
}

fn sort(headers: &mut [HeaderField]) {
    // The map has no order. The sort is stable, so lines of one name keep theirs.
    headers.sort_by(|one, other| one.name.cmp(&other.name));
}

fn header(name: &str, value: &HeaderValue) -> HeaderField {
    let public = value.to_str().ok().filter(|_| is_public(name));
    HeaderField { name: name.to_owned(), value: public.map(str::to_owned), length: value.len() as u64 }
}

fn is_public(name: &str) -> bool {
    PUBLIC_HEADERS.contains(&name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_listed_headers_are_public() {
        for name in
            ["host", "sec-websocket-key", "x-forwarded-for", "accept", "accept-language", "sec-fetch-site"]
        {
            assert!(is_public(name), "{name}");
        }
        for name in [
            "cookie",
            "authorization",
            "proxy-authorization",
            "set-cookie",
            "x-forwarded",
            // A proxy that signs people in passes their token and their address in these.
            "x-forwarded-access-token",
            "x-forwarded-email",
            "x-api-key",
            "referer",
        ] {
            assert!(!is_public(name), "{name}");
        }
    }

    #[test]
    fn a_header_value_that_is_no_text_has_only_a_length() {
        let value = HeaderValue::from_bytes(b"caf\xe9").unwrap();
        assert_eq!(header("via", &value), HeaderField { name: "via".into(), value: None, length: 4 });
    }
}
