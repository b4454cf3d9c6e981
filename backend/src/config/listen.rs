//! The address to listen on, as it was set: it may stand for several sockets.

use std::{
    fmt,
    net::{IpAddr, SocketAddr},
};

/// Host to listen on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ListenHost {
    /// This machine only, on IPv4 and on IPv6.
    Loopback,
    /// Every interface, on IPv4 and on IPv6.
    All,
    /// One IP address.
    Ip(IpAddr),
    /// Every IP address of this host name.
    Name(String),
}

/// Host and port to listen on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListenAddress {
    /// Host to listen on.
    pub host: ListenHost,
    /// TCP port; 0 for any free one.
    pub port: u16,
}

impl ListenAddress {
    /// Parses an IP address or a host name with a port.
    ///
    /// # Errors
    ///
    /// The text is neither.
    pub fn parse(text: &str) -> Result<Self, String> {
        if let Ok(address) = text.parse::<SocketAddr>() {
            return Ok(ListenAddress { host: ListenHost::Ip(address.ip()), port: address.port() });
        }
        let parsed = text.rsplit_once(':').and_then(|(name, port)| {
            let is_name = !name.is_empty()
                && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_'))
                && !name.chars().all(|c| c.is_ascii_digit() || c == '.');
            Some((is_name.then_some(name)?, port.parse().ok()?))
        });
        let (name, port) = parsed.ok_or_else(|| {
            format!("{text:?} is not an address with a port, such as 127.0.0.1:8888 or localhost:8888")
        })?;
        // RFC 6761: this name means loopback, whatever a resolver says.
        let is_loopback = name.trim_end_matches('.').eq_ignore_ascii_case("localhost");
        let host = if is_loopback { ListenHost::Loopback } else { ListenHost::Name(name.to_owned()) };
        Ok(ListenAddress { host, port })
    }
}

impl fmt::Display for ListenAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.host {
            ListenHost::Loopback => write!(f, "localhost:{}", self.port),
            ListenHost::All => write!(f, "port {} of every interface", self.port),
            ListenHost::Ip(ip) => write!(f, "{}", SocketAddr::new(*ip, self.port)),
            ListenHost::Name(name) => write!(f, "{name}:{}", self.port),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_or_a_name_with_a_port_is_parsed() {
        for (text, host) in [
            ("127.0.0.1:80", ListenHost::Ip("127.0.0.1".parse().unwrap())),
            ("[::1]:80", ListenHost::Ip("::1".parse().unwrap())),
            ("localhost:80", ListenHost::Loopback),
            ("LocalHost.:80", ListenHost::Loopback),
            ("tea.example:80", ListenHost::Name("tea.example".to_owned())),
        ] {
            let address = ListenAddress::parse(text).unwrap();
            assert_eq!(address, ListenAddress { host, port: 80 }, "{text}");
        }
    }

    #[test]
    fn a_text_without_a_host_or_a_port_is_refused() {
        for text in [
            "8888",
            ":8888",
            "localhost",
            "localhost:",
            "localhost:99999",
            "::1:80",
            "300.0.0.1:80",
            "a b:80",
        ] {
            assert!(ListenAddress::parse(text).unwrap_err().contains("is not an address"), "{text}");
        }
    }
}
