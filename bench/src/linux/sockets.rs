//! A server's sockets, as the kernel reports them.

use std::fs;
use std::net::{Ipv4Addr, SocketAddrV4};

use super::failure::Failure;

/// Count of open files of process `pid`, its sockets included.
///
/// # Errors
/// When the process is gone.
pub(crate) fn open_files(pid: u32) -> Result<usize, Failure> {
    let path = format!("/proc/{pid}/fd");
    let folder = fs::read_dir(&path).map_err(Failure::at(&path))?;
    Ok(folder.count())
}

/// State of a closed connection in `/proc/net/tcp` that the kernel still remembers (TIME_WAIT).
const TIME_WAIT: &str = "06";

/// Whether the kernel keeps a connection from the server's `port` to `peer`. It may keep one and its unsent
/// data after the process closed the socket.
///
/// # Errors
/// When `/proc/net/tcp` cannot be read.
pub(crate) fn exists(port: u16, peer: u16) -> Result<bool, Failure> {
    let connections = fs::read_to_string("/proc/net/tcp").map_err(Failure::at("/proc/net/tcp"))?;
    let pair = [address(port), address(peer)];
    Ok(connections.lines().any(|line| {
        // Fields: number of the line, two addresses, state.
        let mut fields = line.split_whitespace().skip(1);
        pair.iter().all(|address| fields.next() == Some(address)) && fields.next() != Some(TIME_WAIT)
    }))
}

/// An address of 127.0.0.1 as `/proc/net/tcp` writes it: the four bytes as a number in the machine's byte
/// order.
fn address(port: u16) -> String {
    let ip = SocketAddrV4::new(Ipv4Addr::LOCALHOST, port).ip().octets();
    format!("{:08X}:{port:04X}", u32::from_ne_bytes(ip))
}

#[cfg(test)]
mod tests {
    use std::net::{TcpListener, TcpStream};

    use super::*;

    #[test]
    fn a_connection_is_found_from_both_ends() {
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
