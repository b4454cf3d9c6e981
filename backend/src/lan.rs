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

/// Black on white, whatever colours the terminal has (ECMA-48, the colour cube of xterm).
const BLACK_ON_WHITE: &str = "\x1b[38;5;16;48;5;231m";
const RESET: &str = "\x1b[0m";

/// A QR code in half blocks. Scanners need dark on light: with `has_colors` each line sets both colours,
/// otherwise the code assumes light text on a dark ground.
pub fn qr(url: &str, has_colors: bool) -> Option<String> {
    let code = QrCode::new(url).ok()?;
    let mut renderer = code.render::<Dense1x2>();
    if !has_colors {
        return Some(renderer.dark_color(Dense1x2::Light).light_color(Dense1x2::Dark).build());
    }
    let blocks = renderer.dark_color(Dense1x2::Dark).light_color(Dense1x2::Light).build();
    let lines = blocks.lines().map(|line| format!("{BLACK_ON_WHITE}{line}{RESET}"));
    Some(lines.collect::<Vec<_>>().join("\n"))
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_qr_code_is_rectangular() {
        for has_colors in [false, true] {
            let code = super::qr("http://192.168.100.200:8888", has_colors).unwrap();
            let lines: Vec<_> = code.lines().map(|line| line.chars().count()).collect();
            assert!(lines.len() > 10 && lines.iter().all(|width| *width == lines[0]), "{code}");
        }
    }

    #[test]
    fn a_qr_code_is_black_on_white_on_any_terminal() {
        let code = super::qr("http://192.168.100.200:8888", true).unwrap();
        // The quiet zone around the code shows the ground: blanks in an explicit white.
        let first = code.lines().next().unwrap();
        let blanks = first.strip_prefix(super::BLACK_ON_WHITE).unwrap().strip_suffix(super::RESET).unwrap();
        assert!(blanks.chars().all(|c| c == ' '), "{first:?}");
        assert!(code.contains('█'));
    }
}
