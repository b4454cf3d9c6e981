//! A server's sockets, as the kernel sees them.

use std::fs;
use std::net::{Ipv4Addr, SocketAddrV4};

use super::failure::Failure;

/// Open files of process `pid`, its sockets among them.
///
/// # Errors
/// When the process is gone.
pub(crate) fn open_files(pid: u32) -> Result<usize, Failure> {
    let path = format!("/proc/{pid}/fd");
    let folder = fs::read_dir(&path).map_err(Failure::at(&path))?;
    Ok(folder.count())
}

/// What `/proc/net/tcp` calls a connection that is over and only remembered.
const TIME_WAIT: &str = "06";

/// True while the kernel keeps a connection from the server's `port` to `peer`
/// and what waits in it, also when no process holds it any more.
///
/// # Errors
/// When `/proc/net/tcp` cannot be read.
pub(crate) fn exists(port: u16, peer: u16) -> Result<bool, Failure> {
    let connections = fs::read_to_string("/proc/net/tcp").map_err(Failure::at("/proc/net/tcp"))?;
    let pair = [address(port), address(peer)];
    Ok(connections.lines().any(|line| {
        // The number of the line, the two addresses, the state.
        let mut fields = line.split_whitespace().skip(1);
        pair.iter().all(|address| fields.next() == Some(address)) && fields.next() != Some(TIME_WAIT)
    }))
}

/// An address of 127.0.0.1 as `/proc/net/tcp` writes it: the four bytes as a
/// number in the machine's own order.
fn address(port: u16) -> String {
    let ip = SocketAddrV4::new(Ipv4Addr::LOCALHOST, port).ip().octets();
    format!("{:08X}:{port:04X}", u32::from_ne_bytes(ip))
}

#[cfg(test)]
mod tests {
    use std::net::{TcpListener, TcpStream};

    use super::*;

    #[test]
    fn a_connection_is_seen_from_both_ends() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let client = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).unwrap();
        let peer = client.local_addr().unwrap().port();
        assert!(exists(port, peer).unwrap());
        assert!(exists(peer, port).unwrap());
        assert!(!exists(port, port).unwrap());
    }

    #[test]
    fn an_opened_file_is_counted() {
        let pid = std::process::id();
        let files: Vec<_> = (0..64).map(|_| fs::File::open("/proc/self/stat").unwrap()).collect();
        assert!(open_files(pid).unwrap() > files.len());
        assert!(open_files(u32::MAX).is_err());
    }
}
