//! Checks Host, Origin and cross-site headers of a request before any route.
//!
//! - A `Host` that is not the house's own comes from a foreign page whose name was bound to this IP address
//!   (DNS rebinding): 421. The exceptions are `/healthz`, and an `Origin` that is the public URL's: a proxy may
//!   send any `Host`.
//! - Every upgrade and every method but GET and HEAD needs the right `Origin` if one is present: the Host's
//!   own, the public URL's or an allowed one, scheme and port included (RFC 6454). `null` is never right. A caller without an
//!   `Origin` is no browser, and its cookie does not count.
//! - Other GETs are refused with `Sec-Fetch-Site: cross-site`, except navigation by a link.

use crate::http::forwarded::Forwarded;
use crate::http::policy_refusal::{PolicyNotes, PolicyRefusal};
use crate::http::problem::ApiError;
use crate::metrics::{refusal_reason::RefusalReason, worker_counts::count_refusal};
use actix_web::{
    FromRequest, HttpMessage, HttpRequest,
    dev::Payload,
    http::{
        Method,
        header::{self, HeaderMap},
    },
};
use std::{
    future::{Ready, ready},
    net::{IpAddr, Ipv4Addr},
    sync::Arc,
};
use url::{Host, Url};

/// Hosts and origins of a house.
#[derive(Clone, Debug)]
pub struct HostPolicy {
    /// Name of the house's cookie.
    pub cookie: String,
    /// Public URL of the house, if it has one.
    pub public_url: Option<Url>,
    /// Other origins whose pages may send requests.
    pub allowed_origins: Vec<String>,
    /// Names of this machine, and further names of the house, in lower case.
    pub own_names: Vec<String>,
    /// Trusted proxies that each request has passed: they write `X-Forwarded-…` or `Forwarded`.
    pub proxy_hops: usize,
    /// Notes for the owner.
    pub notes: Arc<PolicyNotes>,
}

/// The caller of a request that was admitted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Caller {
    /// IP address of the peer, or of the client as a trusted proxy gives it.
    pub ip: IpAddr,
    /// Whether the request has an `Origin`. It was checked for every upgrade and every method but GET and
    /// HEAD.
    pub has_origin: bool,
    /// Whether the caller reaches the house over https.
    pub is_https: bool,
    /// Whether browsers treat the URL as trustworthy (W3C Secure Contexts §3.1): https, or this machine
    /// itself.
    pub is_trustworthy: bool,
}

impl FromRequest for Caller {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(request.extensions().get().copied().ok_or_else(ApiError::internal))
    }
}

impl HostPolicy {
    /// Admits a request by its head.
    ///
    /// # Errors
    ///
    /// The host is foreign, or the origin is.
    pub fn admit(
        &self,
        method: &Method,
        path: &str,
        headers: &HeaderMap,
        peer: Option<IpAddr>,
    ) -> Result<Caller, PolicyRefusal> {
        self.check(method, path, headers, peer).inspect_err(|refusal| {
            count_refusal(match refusal {
                PolicyRefusal::Host(_) => RefusalReason::Host,
                PolicyRefusal::Origin(_) => RefusalReason::Origin,
            });
            self.notes.refused(refusal);
        })
    }

    fn check(
        &self,
        method: &Method,
        path: &str,
        headers: &HeaderMap,
        peer: Option<IpAddr>,
    ) -> Result<Caller, PolicyRefusal> {
        if self.proxy_hops == 0 && self.public_url.is_some() && Forwarded::is_present(headers) {
            self.notes.untrusted_proxy();
        }
        let forwarded = Forwarded::new(headers, self.proxy_hops);
        let origin = text(headers, header::ORIGIN.as_str());
        let public = self.public_url.as_ref();
        let public =
            public.filter(|url| origin.is_some_and(|text| url.origin().ascii_serialization() == text));
        let own_url = match (public, self.own_url(headers, forwarded)) {
            (Some(url), _) => url.clone(),
            (None, Ok(url)) => url,
            (None, Err(_)) if path == "/healthz" => {
                Url::parse("http://localhost").map_err(|_| HOST_UNKNOWN)?
            }
            (None, Err(refusal)) => return Err(refusal),
        };

        let is_safe = method == Method::GET || method == Method::HEAD;
        let has_origin = headers.contains_key(header::ORIGIN);
        // Check the request itself, not its path: a route decodes `%63onn_ws` too.
        if !is_safe || headers.contains_key(header::UPGRADE) {
            let own_origin = own_url.origin().ascii_serialization();
            let is_right = |origin: &str| {
                origin == own_origin || self.allowed_origins.iter().any(|allowed| allowed == origin)
            };
            if has_origin && !origin.is_some_and(is_right) {
                return Err(PolicyRefusal::origin(origin));
            }
        } else if text(headers, "sec-fetch-site") == Some("cross-site")
            && text(headers, "sec-fetch-mode") != Some("navigate")
        {
            return Err(PolicyRefusal::origin(origin));
        }
        let ip = forwarded.ip().or(peer).unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED));
        let is_https = own_url.scheme() == "https";
        Ok(Caller { ip, has_origin, is_https, is_trustworthy: is_https || is_loopback(&own_url) })
    }

    /// The URL of the house that this request is for: scheme, host and port.
    fn own_url(&self, headers: &HeaderMap, forwarded: Forwarded<'_>) -> Result<Url, PolicyRefusal> {
        let host = forwarded.host().or_else(|| text(headers, header::HOST.as_str())).ok_or(HOST_UNKNOWN)?;
        let public = self.public_url.as_ref().filter(|url| {
            // The default port may be written or not.
            Url::parse(&format!("{}://{host}", url.scheme())).is_ok_and(|own| own.origin() == url.origin())
        });
        let scheme = public.map_or_else(|| forwarded.scheme().unwrap_or("http"), Url::scheme);
        let own_url = Url::parse(&format!("{scheme}://{host}")).ok().filter(|url| self.is_own_host(url));
        own_url.ok_or_else(|| PolicyRefusal::host(host))
    }

    /// Whether `url`, made from the Host header, holds nothing but a host of this house and a port.
    fn is_own_host(&self, url: &Url) -> bool {
        let is_bare = url.path() == "/"
            && url.query().is_none()
            && url.fragment().is_none()
            && url.username().is_empty()
            && url.password().is_none();
        is_bare
            && match url.host() {
                Some(Host::Ipv4(_) | Host::Ipv6(_)) => true,
                Some(Host::Domain(name)) => {
                    let name = name.trim_end_matches('.');
                    let public = self.public_url.as_ref().and_then(Url::host_str);
                    name == "localhost"
                        || public == Some(name)
                        || self.own_names.iter().any(|own| own == name)
                }
                None => false,
            }
    }
}

const HOST_UNKNOWN: PolicyRefusal = PolicyRefusal::Host(None);

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    }
}

fn text<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers.get(name)?.to_str().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::http::header::{HeaderName, HeaderValue};

    fn policy(public_url: Option<&str>) -> HostPolicy {
        HostPolicy {
            cookie: "th_x".into(),
            public_url: public_url.map(|url| Url::parse(url).unwrap()),
            allowed_origins: vec!["https://friend.example".into()],
            own_names: vec!["teapot".into(), "teapot.local".into(), "nas.lan".into()],
            proxy_hops: 0,
            notes: Arc::default(),
        }
    }

    fn ask(policy: &HostPolicy, method: Method, pairs: &[(&str, &str)]) -> Result<Caller, u16> {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.append(HeaderName::try_from(*name).unwrap(), HeaderValue::from_str(value).unwrap());
        }
        let peer = Some(IpAddr::V4(Ipv4Addr::LOCALHOST));
        policy.admit(&method, "/", &headers, peer).map_err(|refused| match refused {
            PolicyRefusal::Host(_) => 421,
            PolicyRefusal::Origin(_) => 403,
        })
    }

    fn socket(policy: &HostPolicy, host: &str, origin: Option<&str>) -> Result<bool, u16> {
        let mut pairs = vec![("host", host), ("upgrade", "websocket")];
        pairs.extend(origin.map(|origin| ("origin", origin)));
        ask(policy, Method::GET, &pairs).map(|caller| caller.has_origin)
    }

    #[test]
    fn a_foreign_host_is_refused_with_421() {
        let policy = policy(None);
        for own in [
            "127.0.0.1:8888",
            "localhost:8888",
            "localhost",
            "[::1]:8888",
            "192.168.1.7:8888",
            "teapot:8888",
            "TEAPOT.local",
            "NAS.lan.:8888",
        ] {
            assert_eq!(socket(&policy, own, None), Ok(false), "{own}");
        }
        for foreign in [
            "evil.example:8888",
            "localhost.evil.example",
            "127.0.0.1.evil.example",
            "",
            "a/b",
            "user@localhost",
            "localhost:99999",
            "localhost?x",
            "127.0.0.1#x",
        ] {
            assert_eq!(socket(&policy, foreign, None), Err(421), "{foreign}");
        }
        assert_eq!(ask(&policy, Method::GET, &[]), Err(421), "no Host at all");
    }

    #[test]
    fn an_origin_must_equal_the_hosts_own() {
        let policy = policy(None);
        assert_eq!(socket(&policy, "127.0.0.1:8888", Some("http://127.0.0.1:8888")), Ok(true));
        assert_eq!(
            socket(&policy, "localhost:80", Some("http://localhost")),
            Ok(true),
            "the default port is not written"
        );
        assert_eq!(socket(&policy, "localhost:8888", Some("https://friend.example")), Ok(true));
        for wrong in [
            "http://evil.example",
            "null",
            "http://127.0.0.1:8889",
            "http://127.0.0.1",
            "https://127.0.0.1:8888",
            "http://localhost:8888",
            "http://127.0.0.1:8888.evil.example",
            "http://127.0.0.1:8888/",
            "",
            "http://friend.example",
            "https://friend.example:444",
        ] {
            assert_eq!(socket(&policy, "127.0.0.1:8888", Some(wrong)), Err(403), "{wrong}");
        }
    }

    #[test]
    fn posts_need_the_right_origin_like_websockets() {
        let policy = policy(None);
        let post = |origin| ask(&policy, Method::POST, &[("host", "localhost:8888"), ("origin", origin)]);
        assert!(post("http://localhost:8888").unwrap().has_origin);
        assert_eq!(post("http://evil.example"), Err(403));
        let bare = ask(&policy, Method::POST, &[("host", "localhost:8888")]).unwrap();
        assert!(!bare.has_origin);
    }

    #[test]
    fn cross_site_requests_are_refused_except_navigation() {
        let policy = policy(None);
        let get = |mode| {
            ask(
                &policy,
                Method::GET,
                &[("host", "localhost"), ("sec-fetch-site", "cross-site"), ("sec-fetch-mode", mode)],
            )
        };
        assert!(get("navigate").is_ok());
        assert_eq!(get("no-cors"), Err(403));
        assert_eq!(get("cors"), Err(403));
    }

    #[test]
    fn a_public_url_allows_its_host_and_origin() {
        let policy = policy(Some("https://tea.example"));
        assert_eq!(socket(&policy, "tea.example", Some("https://tea.example")), Ok(true));
        assert_eq!(socket(&policy, "tea.example:443", Some("https://tea.example")), Ok(true));
        assert_eq!(socket(&policy, "tea.example", Some("http://tea.example")), Err(403));
        assert!(ask(&policy, Method::GET, &[("host", "tea.example")]).unwrap().is_https);
        assert_eq!(socket(&policy, "cup.example", None), Err(421));
    }

    #[test]
    fn the_public_urls_origin_is_allowed_whatever_host_the_proxy_sends() {
        let policy = policy(Some("https://tea.example"));
        for host in ["127.0.0.1:8888", "localhost:8888", "teahouse_backend", "cup.example"] {
            let pairs = [("host", host), ("origin", "https://tea.example")];
            let caller = ask(&policy, Method::POST, &pairs).unwrap();
            assert!(caller.has_origin && caller.is_https, "{host}");
            assert_eq!(socket(&policy, host, Some("https://tea.example")), Ok(true), "{host}");
            for foreign in ["http://tea.example", "https://tea.example:444", "https://cup.example", "null"] {
                assert!(socket(&policy, host, Some(foreign)).is_err(), "{foreign} at {host}");
            }
        }
        assert_eq!(ask(&policy, Method::GET, &[("host", "cup.example")]), Err(421));
    }

    #[test]
    fn health_is_reported_whatever_the_host() {
        let headers = HeaderMap::new();
        let get = |path: &str| policy(None).admit(&Method::GET, path, &headers, None);
        assert!(get("/healthz").is_ok());
        for path in ["/", "/readyz", "/healthz/", "/api/me"] {
            assert_eq!(get(path), Err(PolicyRefusal::Host(None)), "{path}");
        }
    }

    #[test]
    fn only_loopback_is_trustworthy_over_http() {
        let trusts = |host| ask(&policy(None), Method::GET, &[("host", host)]).unwrap().is_trustworthy;
        assert!(trusts("localhost:8888") && trusts("127.0.0.1:8888") && trusts("[::1]:8888"));
        assert!(!trusts("192.168.1.7:8888") && !trusts("teapot:8888"));
    }

    #[test]
    fn forwarded_headers_count_only_from_a_trusted_proxy() {
        let mut policy = policy(None);
        let pairs = [
            ("host", "localhost"),
            ("x-forwarded-for", "6.6.6.6, 10.0.0.9"),
            ("x-forwarded-proto", "https"),
            ("origin", "https://localhost"),
        ];
        assert_eq!(ask(&policy, Method::POST, &pairs), Err(403));
        policy.proxy_hops = 1;
        let caller = ask(&policy, Method::POST, &pairs).unwrap();
        assert_eq!((caller.ip, caller.is_https), ("10.0.0.9".parse().unwrap(), true));
        policy.proxy_hops = 2;
        assert_eq!(ask(&policy, Method::POST, &pairs).unwrap().ip.to_string(), "6.6.6.6");
        let garbage = [("host", "localhost"), ("x-forwarded-for", "tea"), ("x-forwarded-proto", "tea")];
        let caller = ask(&policy, Method::GET, &garbage).unwrap();
        assert_eq!((caller.ip.to_string(), caller.is_https), ("127.0.0.1".to_owned(), false));
        let upgrade = [
            ("host", "localhost"),
            ("upgrade", "websocket"),
            ("x-forwarded-proto", "wss"),
            ("origin", "https://localhost"),
        ];
        assert!(ask(&policy, Method::GET, &upgrade).unwrap().is_https);
    }
}
