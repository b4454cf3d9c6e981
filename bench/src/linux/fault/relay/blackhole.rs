//! A listener that lets nothing through. It resets a connection, answers with a proxy's 502, or stays silent
//! for a while.

use std::io::Write as _;
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::time::{Duration, Instant};

use super::connection::reset;
use crate::linux::rng::Rng;

/// Connections held open. Past it the next connection is reset at once.
const HELD_MAX: usize = 200;
/// Longest silence, in milliseconds.
const SILENCE_MS_MAX: u64 = 6_000;
/// Time that a client has to read the answer.
const READING: Duration = Duration::from_secs(1);
/// Answer of a proxy.
const ANSWER: &[u8] = b"HTTP/1.1 502 Bad Gateway\r\nContent-Type: text/html\r\nContent-Length: 12\r\n\
                        Connection: close\r\n\r\n<h1>502</h1>";

/// Kind of a refusal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum RefusalKind {
    Reset,
    Answer,
    Silence(Duration),
}

/// The listener and the connections that it holds.
#[derive(Debug)]
pub(super) struct Blackhole {
    listener: TcpListener,
    held: Vec<(Instant, TcpStream)>,
}

impl Blackhole {
    pub(super) fn new() -> std::io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        listener.set_nonblocking(true)?;
        Ok(Self { listener, held: Vec::new() })
    }

    /// Listener of the blackhole.
    pub(super) fn listener(&self) -> &TcpListener {
        &self.listener
    }

    /// Refuses the connections that wait. Returns their count.
    pub(super) fn accept(&mut self, rng: &mut Rng) -> u64 {
        let mut count = 0;
        while let Ok((stream, _)) = self.listener.accept() {
            count += 1;
            self.refuse(
                stream,
                match rng.between(0, 2) {
                    0 => RefusalKind::Reset,
                    1 => RefusalKind::Answer,
                    _ => RefusalKind::Silence(Duration::from_millis(rng.between(0, SILENCE_MS_MAX))),
                },
            );
        }
        count
    }

    fn refuse(&mut self, stream: TcpStream, kind: RefusalKind) {
        let now = Instant::now();
        match kind {
            RefusalKind::Answer if self.held.len() < HELD_MAX => {
                // A client that is gone needs no answer.
                let _ = (&stream).write_all(ANSWER).and_then(|()| stream.shutdown(Shutdown::Write));
                self.held.push((now + READING, stream));
            }
            RefusalKind::Silence(time) if self.held.len() < HELD_MAX => self.held.push((now + time, stream)),
            _ => reset(&stream),
        }
    }

    /// Resets the held connections whose time is over.
    pub(super) fn end_those_due(&mut self, now: Instant) {
        for (_, stream) in self.held.extract_if(.., |(until, _)| *until <= now) {
            reset(&stream);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read as _;

    /// Bytes that a page receives when it is refused this way; `None` for a reset.
    fn received_bytes(kind: RefusalKind) -> Option<Vec<u8>> {
        let mut blackhole = Blackhole::new().unwrap();
        let mut page = TcpStream::connect(blackhole.listener().local_addr().unwrap()).unwrap();
        page.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        blackhole.listener().set_nonblocking(false).unwrap();
        let (stream, _) = blackhole.listener().accept().unwrap();
        blackhole.refuse(stream, kind);
        if let RefusalKind::Silence(time) = kind {
            let end = blackhole.held[0].0;
            blackhole.end_those_due(end - time);
            assert_eq!(blackhole.held.len(), 1, "it is not over yet");
            blackhole.end_those_due(end);
            assert!(blackhole.held.is_empty());
        }
        let mut received = Vec::new();
        page.read_to_end(&mut received).is_ok().then_some(received)
    }

    #[test]
    fn nothing_passes_whatever_the_kind_of_refusal() {
        assert_eq!(received_bytes(RefusalKind::Reset), None);
        assert_eq!(received_bytes(RefusalKind::Answer).as_deref(), Some(ANSWER));
        assert_eq!(received_bytes(RefusalKind::Silence(Duration::from_secs(3))), None);
    }
}
