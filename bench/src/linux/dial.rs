//! Sockets to a server on 127.0.0.1. A socket can leave from any address of the loopback network 127.0.0.0/8,
//! so one machine can play several addresses.

use std::net::{Ipv4Addr, SocketAddrV4, TcpStream};

use rustix::net::{AddressFamily, SocketFlags, SocketType, bind, connect, socket_with, sockopt};
use socket2::SockRef;

/// Settings of a socket. The default is a blocking socket from 127.0.0.1.
#[derive(Debug, Clone, Copy)]
pub(crate) struct DialOptions {
    /// Address that the socket leaves from.
    pub(crate) source: Ipv4Addr,
    /// Size of the receive buffer in bytes, set before TCP negotiates the window.
    pub(crate) receive_bytes: Option<usize>,
    /// Largest TCP segment in bytes. The loopback's segments of 64 KiB let the server's kernel buffer
    /// megabytes; with the 1,460 bytes of Ethernet it buffers as little as for a remote client.
    pub(crate) segment_bytes: Option<u32>,
    /// Whether the socket blocks. One that does not may still be connecting when it is returned.
    pub(crate) is_blocking: bool,
}

impl Default for DialOptions {
    fn default() -> Self {
        Self { source: Ipv4Addr::LOCALHOST, receive_bytes: None, segment_bytes: None, is_blocking: true }
    }
}

impl DialOptions {
    /// A blocking socket from `source`.
    pub(crate) fn with_source(source: Ipv4Addr) -> Self {
        Self { source, ..Self::default() }
    }
}

/// Opens a socket to `port` of 127.0.0.1.
///
/// # Errors
/// When the server refuses, or the socket cannot be made.
pub(crate) fn dial(port: u16, options: &DialOptions) -> std::io::Result<TcpStream> {
    let mut flags = SocketFlags::CLOEXEC;
    flags.set(SocketFlags::NONBLOCK, !options.is_blocking);
    let socket = socket_with(AddressFamily::INET, SocketType::STREAM, flags, None)?;
    if let Some(bytes) = options.receive_bytes {
        sockopt::set_socket_recv_buffer_size(&socket, bytes)?;
    }
    if let Some(bytes) = options.segment_bytes {
        SockRef::from(&socket).set_tcp_mss(bytes)?;
    }
    if options.source != Ipv4Addr::LOCALHOST {
        bind(&socket, &SocketAddrV4::new(options.source, 0))?;
    }
    sockopt::set_tcp_nodelay(&socket, true)?;
    match connect(&socket, &SocketAddrV4::new(Ipv4Addr::LOCALHOST, port)) {
        Ok(()) => {}
        Err(rustix::io::Errno::INPROGRESS) if !options.is_blocking => {}
        Err(error) => return Err(error.into()),
    }
    Ok(TcpStream::from(socket))
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;

    #[test]
    fn a_socket_leaves_from_its_source() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        for source in [Ipv4Addr::LOCALHOST, Ipv4Addr::new(127, 0, 0, 2)] {
            for is_blocking in [true, false] {
                let options = DialOptions { is_blocking, ..DialOptions::with_source(source) };
                let stream = dial(port, &options).unwrap();
                let (_, peer) = listener.accept().unwrap();
                assert_eq!(peer.ip(), source);
                assert_eq!(stream.peer_addr().unwrap().port(), port);
            }
        }
    }

    #[test]
    fn a_server_sends_segments_no_longer_than_requested() {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let options = DialOptions { segment_bytes: Some(1_460), ..DialOptions::default() };
        let _client = dial(port, &options).unwrap();
        let (server, _) = listener.accept().unwrap();
        let bytes = SockRef::from(&server).tcp_mss().unwrap();
        assert!(bytes <= 1_460, "{bytes}");
    }
}
