//! The addresses that the server prints for its host and for guests, and their QR code.

use qrcode::{QrCode, render::unicode::Dense1x2};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, UdpSocket};

/// This machine's IP address in the local network: the source of the default route, or else the first IP
/// address that is not loopback.
pub fn ip() -> Option<IpAddr> {
    // Connecting a datagram socket sends nothing: the system only chooses a route. 192.0.2.1 is reserved for
    // documentation (RFC 5737).
    let route = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0)).and_then(|socket| {
        socket.connect((Ipv4Addr::new(192, 0, 2, 1), 9))?;
        socket.local_addr()
    });
    let chosen = route.ok().map(|local| local.ip()).filter(|ip| !ip.is_loopback() && !ip.is_unspecified());
    chosen.or_else(|| {
        let interfaces = if_addrs::get_if_addrs().unwrap_or_default();
        interfaces.iter().map(if_addrs::Interface::ip).find(|ip| ip.is_ipv4() && !ip.is_loopback())
    })
}

/// URL of the house on this machine itself.
pub fn local_url(listen: SocketAddr) -> String {
    let ip = if listen.ip().is_unspecified() { IpAddr::V4(Ipv4Addr::LOCALHOST) } else { listen.ip() };
    format!("http://{}", SocketAddr::new(ip, listen.port()))
}

/// URL of the house for guests in the local network.
pub fn url(listen: SocketAddr) -> Option<String> {
    ip().map(|ip| format!("http://{}", SocketAddr::new(ip, listen.port())))
}

/// A QR code in half blocks, for a terminal. Scanners need dark on light.
pub fn qr(url: &str) -> Option<String> {
    let code = QrCode::new(url).ok()?;
    Some(code.render::<Dense1x2>().dark_color(Dense1x2::Dark).light_color(Dense1x2::Light).build())
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_qr_code_is_rectangular() {
        let code = super::qr("http://192.168.100.200:8888").unwrap();
        let lines: Vec<_> = code.lines().map(|line| line.chars().count()).collect();
        assert!(lines.len() > 10 && lines.iter().all(|width| *width == lines[0]), "{code}");
    }
}
