//! The sockets that the server listens on: one socket for each IP address, and a sentence for each reason why one cannot be
//! opened.

use crate::config::{ListenAddress, ListenHost};
use crate::limits::BACKLOG;
use std::{
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, ToSocketAddrs as _},
};

/// A listener could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum ListenError {
    /// The system refuses to listen on this address.
    #[error("cannot listen on {address}: {}", reason(address, source, flag))]
    Refused {
        /// Flag that sets the address.
        flag: &'static str,
        /// Address of the socket.
        address: SocketAddr,
        /// Error of the system.
        source: io::Error,
    },
    /// A host name cannot be resolved.
    #[error("cannot listen on {name}: this host name has no IP address ({source}); name one with {flag}")]
    Unresolved {
        /// Flag that sets the host name.
        flag: &'static str,
        /// The host name.
        name: String,
        /// Error of the resolver.
        source: io::Error,
    },
}

/// Opens a listener for each IP address of a host, at least one. Of a host with addresses of both families,
/// IPv6 is left out if this machine does not have it. The backlog holds a crowd that reconnects at once. `flag` is the
/// one that sets the address.
///
/// # Errors
///
/// [`ListenError`], for the first address that cannot be used.
pub fn open(listen: &ListenAddress, flag: &'static str) -> Result<Vec<TcpListener>, ListenError> {
    let mut listeners: Vec<TcpListener> = Vec::new();
    // The other sockets get the port that the system gives to the first one.
    let mut port = listen.port;
    for ip in resolve(listen, flag)? {
        let address = SocketAddr::new(ip, port);
        match open_one(address, !matches!(listen.host, ListenHost::Ip(_))) {
            Ok(listener) => {
                port = listener.local_addr().map_or(port, |local| local.port());
                listeners.push(listener);
            }
            Err(error) if ip.is_ipv6() && !listeners.is_empty() && is_without_ipv6(&error) => {}
            Err(source) => return Err(ListenError::Refused { flag, address, source }),
        }
    }
    Ok(listeners)
}

/// Returns the IP addresses of a host, those of IPv4 first.
fn resolve(listen: &ListenAddress, flag: &'static str) -> Result<Vec<IpAddr>, ListenError> {
    Ok(match &listen.host {
        ListenHost::Ip(ip) => vec![*ip],
        ListenHost::Loopback => vec![Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()],
        ListenHost::All => vec![Ipv4Addr::UNSPECIFIED.into(), Ipv6Addr::UNSPECIFIED.into()],
        ListenHost::Name(name) => {
            let unresolved = |source| ListenError::Unresolved { flag, name: name.clone(), source };
            let found = (name.as_str(), listen.port).to_socket_addrs().map_err(unresolved)?;
            let mut ips: Vec<IpAddr> = found.map(|address| address.ip()).collect();
            ips.sort_unstable();
            ips.dedup();
            if ips.is_empty() {
                return Err(unresolved(io::ErrorKind::NotFound.into()));
            }
            ips
        }
    })
}

fn open_one(address: SocketAddr, is_one_of_two: bool) -> io::Result<TcpListener> {
    let socket = socket2::Socket::new(socket2::Domain::for_address(address), socket2::Type::STREAM, None)?;
    // A server that restarts must not wait for its old connections. On Windows the option means something
    // else.
    #[cfg(not(windows))]
    socket.set_reuse_address(true)?;
    // The IPv4 socket has the port already.
    if address.is_ipv6() && is_one_of_two {
        socket.set_only_v6(true)?;
    }
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    Ok(socket.into())
}

fn is_without_ipv6(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::AddrNotAvailable || is_unsupported(error)
}

/// Whether the system does not know the address family.
fn is_unsupported(error: &io::Error) -> bool {
    #[cfg(unix)]
    let code = Some(rustix::io::Errno::AFNOSUPPORT.raw_os_error());
    // WSAEAFNOSUPPORT.
    #[cfg(not(unix))]
    let code = Some(10_047);
    error.raw_os_error() == code
}

fn reason(address: &SocketAddr, error: &io::Error, flag: &str) -> String {
    let ip = address.ip();
    let lan = if flag == "--listen" { ", or use --lan" } else { "" };
    match error.kind() {
        io::ErrorKind::AddrInUse => format!(
            "another program uses port {}; stop it, or choose another port with {flag}",
            address.port()
        ),
        io::ErrorKind::PermissionDenied if address.port() < 1024 => format!(
            "this user may not use port {}, because it is below 1024; choose a higher port with {flag}",
            address.port()
        ),
        io::ErrorKind::PermissionDenied => {
            format!("this system does not let this user listen there; choose another port with {flag}")
        }
        _ if ip.is_ipv6() && (ip.is_loopback() || is_unsupported(error)) && is_without_ipv6(error) => {
            format!("this machine has no IPv6; choose an IPv4 address with {flag}")
        }
        io::ErrorKind::AddrNotAvailable => {
            format!("{ip} is not an address of this machine; choose another with {flag}{lan}")
        }
        _ => format!("{error}; choose another address or port with {flag}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sentence(text: &str) -> String {
        open(&ListenAddress::parse(text).unwrap(), "--listen").unwrap_err().to_string()
    }

    #[test]
    fn loopback_has_a_socket_for_each_family() {
        let listeners = open(&ListenAddress { host: ListenHost::Loopback, port: 0 }, "--listen").unwrap();
        let addresses: Vec<_> = listeners.iter().map(|listener| listener.local_addr().unwrap()).collect();
        assert_eq!(addresses[0].ip(), Ipv4Addr::LOCALHOST);
        // A machine without IPv6 has one socket only.
        if std::net::TcpListener::bind("[::1]:0").is_ok() {
            assert_eq!(addresses[1], SocketAddr::new(Ipv6Addr::LOCALHOST.into(), addresses[0].port()));
        }
    }

    #[test]
    fn every_interface_is_open_on_both_families() {
        let listeners = open(&ListenAddress { host: ListenHost::All, port: 0 }, "--listen").unwrap();
        let port = listeners[0].local_addr().unwrap().port();
        assert!(std::net::TcpStream::connect(("127.0.0.1", port)).is_ok());
        if std::net::TcpListener::bind("[::1]:0").is_ok() {
            assert!(std::net::TcpStream::connect(("::1", port)).is_ok());
        }
    }

    #[test]
    fn each_failure_has_its_own_sentence() {
        let taken = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = taken.local_addr().unwrap().to_string();
        assert!(sentence(&address).contains("another program uses port"), "{}", sentence(&address));
        // Reserved for documentation (RFC 5737), so no machine has it.
        assert!(sentence("192.0.2.1:0").contains("192.0.2.1 is not an address of this machine"));
        assert!(sentence("none.invalid:0").contains("none.invalid: this host name has no IP address"));
        let refused = |text: &str, error: io::Error| reason(&text.parse().unwrap(), &error, "--listen");
        let denied = || io::Error::from(io::ErrorKind::PermissionDenied);
        assert!(refused("0.0.0.0:80", denied()).contains("port 80, because it is below 1024"));
        assert!(!refused("0.0.0.0:1024", denied()).contains("below 1024"));
        let unavailable = || io::Error::from(io::ErrorKind::AddrNotAvailable);
        assert!(refused("[::1]:8888", unavailable()).contains("no IPv6"));
        assert!(refused("[2001:db8::1]:8888", unavailable()).contains("not an address of this machine"));
    }
}
