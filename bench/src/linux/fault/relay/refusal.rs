//! The part of the network that lets nothing through: what a page is not to use
//! just now is sent here, and is reset, answered by a proxy's 502, or left
//! without a word for a while.

use std::io::Write as _;
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::time::{Duration, Instant};

use super::pair::reset;
use crate::linux::chance::Chance;

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
enum Manner {
    Reset,
    Answer,
    Silence(Duration),
}

/// The refusing end.
#[derive(Debug)]
pub(super) struct Refusal {
    listener: TcpListener,
    held: Vec<(Instant, TcpStream)>,
}

impl Refusal {
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
    pub(super) fn accept(&mut self, chance: &mut Chance) -> u64 {
        let mut count = 0;
        while let Ok((stream, _)) = self.listener.accept() {
            count += 1;
            self.refuse(
                stream,
                match chance.between(0, 2) {
                    0 => Manner::Reset,
                    1 => Manner::Answer,
                    _ => Manner::Silence(Duration::from_millis(chance.between(0, SILENCE_MS_MAX))),
                },
            );
        }
        count
    }

    fn refuse(&mut self, stream: TcpStream, manner: Manner) {
        let now = Instant::now();
        match manner {
            Manner::Answer if self.held.len() < HELD_MAX => {
                // Who is gone already needs no answer.
                let _ = (&stream).write_all(ANSWER).and_then(|()| stream.shutdown(Shutdown::Write));
                self.held.push((now + READING, stream));
            }
            Manner::Silence(time) if self.held.len() < HELD_MAX => self.held.push((now + time, stream)),
            _ => reset(&stream),
        }
    }

    /// Ends those whose time is over.
    pub(super) fn look(&mut self, now: Instant) {
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
    fn told(manner: Manner) -> Option<Vec<u8>> {
        let mut refusal = Refusal::new().unwrap();
        let mut page = TcpStream::connect(refusal.listener().local_addr().unwrap()).unwrap();
        page.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        refusal.listener().set_nonblocking(false).unwrap();
        let (stream, _) = refusal.listener().accept().unwrap();
        refusal.refuse(stream, manner);
        if let Manner::Silence(time) = manner {
            let end = refusal.held[0].0;
            refusal.look(end - time);
            assert_eq!(refusal.held.len(), 1, "it is not over yet");
            refusal.look(end);
            assert!(refusal.held.is_empty());
        }
        let mut came = Vec::new();
        page.read_to_end(&mut came).is_ok().then_some(came)
    }

    #[test]
    fn nothing_gets_through_in_any_manner() {
        assert_eq!(told(Manner::Reset), None);
        assert_eq!(told(Manner::Answer).as_deref(), Some(ANSWER));
        assert_eq!(told(Manner::Silence(Duration::from_secs(3))), None);
    }
}
