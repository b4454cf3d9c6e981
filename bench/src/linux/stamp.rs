//! Content of the load's messages: the message's number and the time of sending, in hexadecimal digits
//! because a text frame must be UTF-8, then padding up to the wanted length.

/// Digits of each of the two numbers.
const DIGITS: usize = 16;
/// Bytes of a stamp, and so of the shortest message.
const STAMP_BYTES: usize = 2 * DIGITS;
/// Byte that pads a message.
const FILLING: u8 = b'.';

/// A message's number and time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stamp {
    /// Number of the message, which the sender counts from 0.
    pub(crate) number: u64,
    /// Nanoseconds from the load's start to the sending.
    pub(crate) sent_at: u64,
}

/// Writes and parses messages of one length.
#[derive(Debug)]
pub(crate) struct Text {
    filled: Vec<u8>,
}

impl Text {
    /// Messages of `bytes` bytes, but at least as long as a stamp.
    pub(crate) fn of(bytes: usize) -> Self {
        Self { filled: vec![FILLING; bytes.max(STAMP_BYTES)] }
    }

    /// Bytes of each message.
    pub(crate) fn bytes(&self) -> usize {
        self.filled.len()
    }

    /// Writes the message that carries `stamp`.
    pub(crate) fn write(&mut self, stamp: Stamp) -> &[u8] {
        put(&mut self.filled[..DIGITS], stamp.number);
        put(&mut self.filled[DIGITS..STAMP_BYTES], stamp.sent_at);
        &self.filled
    }

    /// Parses the stamp of a message. Returns `None` when any byte differs from what [`Text::write`] writes.
    pub(crate) fn read(&self, message: &[u8]) -> Option<Stamp> {
        if message.get(STAMP_BYTES..)? != &self.filled[STAMP_BYTES..] {
            return None;
        }
        Some(Stamp { number: take(&message[..DIGITS])?, sent_at: take(&message[DIGITS..STAMP_BYTES])? })
    }
}

fn put(place: &mut [u8], mut number: u64) {
    for digit in place.iter_mut().rev() {
        *digit = b"0123456789abcdef"[(number & 0xf) as usize];
        number >>= 4;
    }
}

fn take(digits: &[u8]) -> Option<u64> {
    digits.iter().try_fold(0, |number: u64, digit| {
        let value = match digit {
            b'0'..=b'9' => digit - b'0',
            b'a'..=b'f' => digit - b'a' + 10,
            _ => return None,
        };
        Some(number << 4 | u64::from(value))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stamp_is_read_as_written() {
        for bytes in [STAMP_BYTES, STAMP_BYTES + 1, 64] {
            let mut text = Text::of(bytes);
            for stamp in [
                Stamp { number: 0, sent_at: u64::MAX },
                Stamp { number: u64::MAX, sent_at: 0x0123_4567_89ab_cdef },
            ] {
                let message = text.write(stamp).to_vec();
                assert_eq!(message.len(), bytes);
                assert_eq!(text.read(&message), Some(stamp));
            }
        }
    }

    #[test]
    fn a_message_is_refused_when_a_byte_or_the_length_differs() {
        let mut text = Text::of(64);
        let message = text.write(Stamp { number: 7, sent_at: 9 }).to_vec();
        for at in 0..message.len() {
            let mut altered = message.clone();
            altered[at] = b'~';
            assert_eq!(text.read(&altered), None, "byte {at}");
        }
        assert_eq!(text.read(&message[..63]), None);
        assert_eq!(text.read(&[message.as_slice(), b"."].concat()), None);
        assert_eq!(text.read(b""), None);
    }
}
