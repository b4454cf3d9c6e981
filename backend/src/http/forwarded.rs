//! What trusted proxies say of a request: `X-Forwarded-For`, `-Proto` and `-Host`, or `Forwarded` (RFC 7239).
//!
//! Each proxy appends an entry, so the last ones are ours and everything before them may be forged. With N
//! trusted proxies the entry of the outermost is the Nth from the end. If a request has both kinds of headers,
//! only the `X-Forwarded-` ones count.

use actix_web::http::header::{self, HeaderMap};
use std::net::{IpAddr, SocketAddr};

/// The headers of one request, as this many proxies have written them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Forwarded<'h> {
    headers: &'h HeaderMap,
    hops: usize,
}

impl<'h> Forwarded<'h> {
    /// The headers of a request that passed `hops` trusted proxies. With 0 they have no effect.
    pub(super) fn new(headers: &'h HeaderMap, hops: usize) -> Self {
        Forwarded { headers, hops }
    }

    /// Whether any such header is there, trusted or not.
    pub(super) fn is_present(headers: &HeaderMap) -> bool {
        headers.contains_key("x-forwarded-for") || headers.contains_key(header::FORWARDED)
    }

    /// IP address of the client; `None` if the proxies give none that can be read.
    pub(super) fn ip(self) -> Option<IpAddr> {
        parse_ip(self.entry("x-forwarded-for", "for")?)
    }

    /// Scheme under which the client reaches the outermost proxy; `None` for an unknown one.
    pub(super) fn scheme(self) -> Option<&'static str> {
        let scheme = self.entry("x-forwarded-proto", "proto")?;
        let is = |names: [&str; 2]| names.iter().any(|name| scheme.eq_ignore_ascii_case(name));
        if is(["https", "wss"]) { Some("https") } else { is(["http", "ws"]).then_some("http") }
    }

    /// Host that the client has asked for.
    pub(super) fn host(self) -> Option<&'h str> {
        self.entry("x-forwarded-host", "host")
    }

    fn entry(self, name: &str, parameter: &str) -> Option<&'h str> {
        if self.hops == 0 {
            return None;
        }
        let value = if NAMES.iter().any(|name| self.headers.contains_key(*name)) {
            // These headers know no quotes: a client could hide the proxy's commas in one.
            let lines = self.headers.get_all(name);
            let entries = lines.flat_map(|line| line.as_bytes().split(|byte| *byte == b','));
            nth_from_end(
                entries.map(|entry| std::str::from_utf8(entry).unwrap_or("").trim()).collect(),
                self.hops,
            )
        } else {
            let lines: Vec<&str> = self.lines("forwarded").collect();
            if lines.iter().any(|line| line.matches('"').count() % 2 == 1) {
                // A quote without an end would hide the proxy's commas.
                return None;
            }
            let element = nth_from_end(split(lines.into_iter(), ','), self.hops)?;
            split(std::iter::once(element), ';').into_iter().find_map(|pair| {
                let (key, value) = pair.split_once('=')?;
                key.trim().eq_ignore_ascii_case(parameter).then_some(value)
            })
        };
        let value = value?.trim();
        let unquoted = value.strip_prefix('"').and_then(|value| value.strip_suffix('"'));
        Some(unquoted.unwrap_or(value)).filter(|value| !value.is_empty())
    }

    fn lines(self, name: &str) -> impl Iterator<Item = &'h str> + use<'h> {
        self.headers.get_all(name).filter_map(|value| value.to_str().ok())
    }
}

/// Headers that replace `Forwarded`. If one of them is there, `Forwarded` is not read: the proxy does not write it.
const NAMES: [&str; 3] = ["x-forwarded-for", "x-forwarded-proto", "x-forwarded-host"];

/// Splits lines at this character, except within quotes.
fn split<'h>(lines: impl Iterator<Item = &'h str>, at: char) -> Vec<&'h str> {
    let mut is_quoted = false;
    lines
        .flat_map(|line| {
            is_quoted = false;
            line.split(move |c| {
                is_quoted ^= c == '"';
                c == at && !is_quoted
            })
        })
        .map(str::trim)
        .collect()
}

/// The entry that the outermost trusted proxy has written. If there are fewer, all are ours.
fn nth_from_end(entries: Vec<&str>, hops: usize) -> Option<&str> {
    entries.get(entries.len().saturating_sub(hops)).copied()
}

/// Parses an address with or without a port: `192.0.2.1:80`, `[2001:db8::1]:443`, `[2001:db8::1]`.
fn parse_ip(text: &str) -> Option<IpAddr> {
    let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    bare.parse().ok().or_else(|| text.parse::<SocketAddr>().ok().map(|address| address.ip()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::http::header::{HeaderName, HeaderValue};

    fn headers(pairs: &[(&str, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(HeaderName::try_from(*name).unwrap(), HeaderValue::from_str(value).unwrap());
        }
        headers
    }

    fn ip(pairs: &[(&str, &str)], hops: usize) -> Option<String> {
        Forwarded::new(&headers(pairs), hops).ip().map(|ip| ip.to_string())
    }

    #[test]
    fn a_quote_of_the_client_hides_no_comma_of_a_proxy() {
        let forged = [("x-forwarded-for", "6.6.6.6, \", 192.0.2.4, 192.0.2.2")];
        assert_eq!(ip(&forged, 2).as_deref(), Some("192.0.2.4"));
        assert_eq!(ip(&[("forwarded", "for=\"6.6.6.6, for=192.0.2.4")], 1), None);
    }

    #[test]
    fn forwarded_is_not_read_when_the_proxy_writes_the_other_headers() {
        let headers = headers(&[("x-forwarded-for", "192.0.2.4"), ("forwarded", "host=evil.example")]);
        assert_eq!(Forwarded::new(&headers, 1).host(), None);
    }

    #[test]
    fn an_address_is_read_with_or_without_a_port() {
        for (text, expected) in [
            ("203.0.113.1", Some("203.0.113.1")),
            ("203.0.113.1:517", Some("203.0.113.1")),
            ("2001:db8::7", Some("2001:db8::7")),
            ("[2001:db8::7]", Some("2001:db8::7")),
            ("[2001:db8::7]:443", Some("2001:db8::7")),
            ("unknown", None),
            ("_hidden", None),
            ("203.0.113.1:x", None),
            ("203.0.113.999", None),
            ("[2001:db8::7", None),
            ("", None),
        ] {
            let expected = expected.map(str::to_owned);
            assert_eq!(ip(&[("x-forwarded-for", text)], 1), expected, "{text}");
            assert_eq!(ip(&[("forwarded", &format!("for=\"{text}\"")[..])], 1), expected, "{text}");
        }
        assert_eq!(ip(&[("forwarded", "For=203.0.113.1;proto=http")], 1).unwrap(), "203.0.113.1");
    }

    #[test]
    fn the_entry_of_the_outermost_trusted_proxy_counts() {
        let pairs = [("x-forwarded-for", "6.6.6.6, 203.0.113.1"), ("x-forwarded-for", "10.0.0.2")];
        for (hops, expected) in [
            (0, None),
            (1, Some("10.0.0.2")),
            (2, Some("203.0.113.1")),
            (3, Some("6.6.6.6")),
            (9, Some("6.6.6.6")),
        ] {
            assert_eq!(ip(&pairs, hops), expected.map(str::to_owned), "{hops}");
        }
        let rfc =
            [("forwarded", "for=6.6.6.6;by=\"a,b\", for=\"[2001:db8::7]:4711\";proto=https, for=10.0.0.2")];
        assert_eq!(ip(&rfc, 1).unwrap(), "10.0.0.2");
        assert_eq!(ip(&rfc, 2).unwrap(), "2001:db8::7");
        // A proxy that writes one kind of header passes the other on as the client sent it.
        let both = [("forwarded", "for=6.6.6.6"), ("x-forwarded-for", "203.0.113.1")];
        assert_eq!(ip(&both, 1).unwrap(), "203.0.113.1");
    }

    #[test]
    fn every_spelling_of_a_scheme_is_understood() {
        for (text, expected) in [
            ("https", Some("https")),
            ("HTTPS", Some("https")),
            ("wss", Some("https")),
            ("http", Some("http")),
            ("Ws", Some("http")),
            ("gopher", None),
            ("http, wss", Some("https")),
        ] {
            let headers = headers(&[("x-forwarded-proto", text)]);
            assert_eq!(Forwarded::new(&headers, 1).scheme(), expected, "{text}");
        }
        let headers = headers(&[("forwarded", "proto=https;host=tea.example:444")]);
        let forwarded = Forwarded::new(&headers, 1);
        assert_eq!((forwarded.scheme(), forwarded.host()), (Some("https"), Some("tea.example:444")));
    }
}
