//! The heads of a handshake, without the values of headers that may hold secrets.

use actix_web::{
    HttpRequest, HttpResponse,
    http::header::{HeaderMap, HeaderValue},
};
use shared::event::trace::{Handshake, HeaderField, RequestHead, ResponseHead};
use std::collections::HashMap;

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

/// Both heads, and the bytes that they count in the trace. `sent_names` are the request's header names as
/// the client sent them, if they are known. The response's head is as actix-http will write it.
pub(super) fn handshake(
    request: &HttpRequest,
    sent_names: Option<&[String]>,
    response: &HttpResponse,
) -> (Handshake, usize) {
    let head = request.head();
    let headers = sent_names.and_then(|names| in_sent_order(&head.headers, names));
    let request = RequestHead {
        method: head.method.to_string(),
        target: head.uri.to_string(),
        version: format!("{:?}", head.version),
        headers: headers.unwrap_or_else(|| by_name(&head.headers)),
    };
    // actix-http writes this header first for every response that upgrades, then the map in the order of its
    // iteration.
    let upgrade = header("connection", &HeaderValue::from_static("upgrade"));
    let others = response.headers().iter().map(|(name, value)| header(name.as_str(), value));
    let headers = std::iter::once(upgrade).chain(others).collect();
    let response = ResponseHead { status: response.status().as_u16(), headers };
    let line = request.method.len() + request.target.len() + request.version.len();
    let all = request.headers.iter().chain(&response.headers);
    let bytes = all.map(|header| header.name.len() + header.value.as_ref().map_or(0, String::len)).sum();
    (Handshake { request, response }, line.saturating_add(bytes))
}

/// The headers in the order of `names`. `None` if these are not the names of all headers of the map, each as
/// often as it is there: then they are the names of another request.
fn in_sent_order(headers: &HeaderMap, names: &[String]) -> Option<Vec<HeaderField>> {
    if names.len() != headers.len() {
        return None;
    }
    // The map keeps the values of one name in the order in which they were sent.
    let mut seen = HashMap::<String, usize>::new();
    let in_order = names.iter().map(|sent| {
        let name = sent.to_ascii_lowercase();
        let count = seen.entry(name.clone()).or_default();
        let value = headers.get_all(&name).nth(*count)?;
        *count += 1;
        let sent_name = (name != *sent).then(|| sent.clone());
        Some(HeaderField { sent_name, ..header(&name, value) })
    });
    in_order.collect()
}

fn by_name(headers: &HeaderMap) -> Vec<HeaderField> {
    let mut headers: Vec<_> = headers.iter().map(|(name, value)| header(name.as_str(), value)).collect();
    // The sort is stable, so lines of one name keep their order.
    headers.sort_by(|one, other| one.name.cmp(&other.name));
    headers
}

fn header(name: &str, value: &HeaderValue) -> HeaderField {
    let public = value.to_str().ok().filter(|_| is_public(name));
    HeaderField {
        name: name.to_owned(),
        sent_name: None,
        value: public.map(str::to_owned),
        length: value.len() as u64,
    }
}

fn is_public(name: &str) -> bool {
    PUBLIC_HEADERS.contains(&name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::http::header::HeaderName;

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
        let expected = HeaderField { name: "via".into(), sent_name: None, value: None, length: 4 };
        assert_eq!(header("via", &value), expected);
    }

    /// A map of these headers, whose values are their places.
    fn map(names: &[&str]) -> HeaderMap {
        let mut map = HeaderMap::new();
        for (at, name) in names.iter().enumerate() {
            map.append(HeaderName::try_from(*name).unwrap(), HeaderValue::from(at));
        }
        map
    }

    #[test]
    fn headers_of_one_name_keep_each_its_place() {
        let names = ["X-Forwarded-For", "Host", "x-forwarded-for", "Via", "X-FORWARDED-FOR"];
        let fields = in_sent_order(&map(&names), &names.map(str::to_owned)).unwrap();
        for (at, (field, sent)) in fields.iter().zip(names).enumerate() {
            assert_eq!(field.name, sent.to_ascii_lowercase());
            assert_eq!(field.sent_name.as_deref().unwrap_or(&field.name), sent);
            assert_eq!(field.sent_name.is_none(), sent == "x-forwarded-for");
            assert_eq!(field.value, Some(at.to_string()));
        }
    }

    #[test]
    fn names_of_another_request_give_no_order() {
        let headers = map(&["host", "via", "via"]);
        for names in [
            &["host", "via"][..],
            &["host", "host", "via"],
            &["host", "via", "via", "via"],
            &["host", "via", "x"],
            &["host", "via", "not a name"],
            &[],
        ] {
            let names: Vec<_> = names.iter().map(|name| (*name).to_owned()).collect();
            assert_eq!(in_sent_order(&headers, &names), None, "{names:?}");
        }
        let sorted: Vec<_> = by_name(&headers).into_iter().map(|field| (field.name, field.value)).collect();
        let expected =
            [("host", "0"), ("via", "1"), ("via", "2")].map(|(name, at)| (name.into(), Some(at.into())));
        assert_eq!(sorted, expected);
    }
}
