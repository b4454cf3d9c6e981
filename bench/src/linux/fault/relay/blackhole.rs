//! The part of the network that lets nothing through: what a page is not to use
//! just now is sent here, and is reset, answered by a proxy's 502, or left
//! without a word for a while.

use std::io::Write as _;
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::time::{Duration, Instant};

use super::connection::reset;
use crate::linux::rng::Rng;

/// Connections that wait for their end. Past it: the next is reset at once.
const HELD_MAX: usize = 200;
/// The longest that one is left without a word, in milliseconds.
const SILENCE_MS_MAX: u64 = 6_000;
/// How long one that was answered may take to read it.
const READING: Duration = Duration::from_secs(1);
/// What a proxy says.
const ANSWER: &[u8] = b"HTTP/1.1 502 Bad Gateway\r\nContent-Type: text/html\r\nContent-Length: 12\r\n\
                        Connection: close\r\n\r\n<h1>502</h1>";

/// How one is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum RefusalKind {
    Reset,
    Answer,
    Silence(Duration),
}

/// The refusing end.
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

    /// Where it listens.
    pub(super) fn listener(&self) -> &TcpListener {
        &self.listener
    }

    /// Refuses those that wait; how many they were.
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
                // Who is gone already needs no answer.
                let _ = (&stream).write_all(ANSWER).and_then(|()| stream.shutdown(Shutdown::Write));
                self.held.push((now + READING, stream));
            }
            RefusalKind::Silence(time) if self.held.len() < HELD_MAX => self.held.push((now + time, stream)),
            _ => reset(&stream),
        }
    }

    /// Ends those whose time is over.
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

    /// What a page is told that is refused so; none: a reset.
    fn told(kind: RefusalKind) -> Option<Vec<u8>> {
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
        let mut came = Vec::new();
        page.read_to_end(&mut came).is_ok().then_some(came)
    }

    #[test]
    fn nothing_gets_through_in_any_manner() {
        assert_eq!(told(RefusalKind::Reset), None);
        assert_eq!(told(RefusalKind::Answer).as_deref(), Some(ANSWER));
        assert_eq!(told(RefusalKind::Silence(Duration::from_secs(3))), None);
    }
}
