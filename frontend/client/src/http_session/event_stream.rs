//! A parser of Server-Sent Events (HTML standard, "Parsing an event stream"), whose input may be cut at any
//! byte.

use crate::limits::EVENT_BYTES_MAX;

/// One message of the stream, ended by an empty line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Message {
    /// Value of the field `event`; empty for frames.
    pub(super) event: String,
    /// Lines of the field `data`, joined by line feeds; empty for a message with only an id, and for a
    /// comment.
    pub(super) data: String,
    /// Value of the field `id`, which this server fills with a cursor.
    pub(super) id: Option<String>,
}

/// State of the parser between two chunks.
#[derive(Clone, Debug, Default)]
pub(super) struct EventStream {
    /// First bytes of a UTF-8 character whose last bytes have not arrived.
    partial: Vec<u8>,
    /// Beginning of a line whose end has not arrived.
    rest: String,
    message: Message,
    has_data: bool,
    /// Whether the last character was a carriage return, so that a line feed now belongs to the same line
    /// end.
    after_return: bool,
}

/// The error of a stream whose bytes are no UTF-8, or that has a line or message over [`EVENT_BYTES_MAX`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Malformed;

impl EventStream {
    /// Reads the next bytes, and passes each message that ends in them to `emit`. A comment is passed as an
    /// empty message, because it shows that the server lives.
    ///
    /// # Errors
    /// [`Malformed`]; the stream cannot be read further.
    pub(super) fn push(&mut self, bytes: &[u8], mut emit: impl FnMut(Message)) -> Result<(), Malformed> {
        if self.partial.is_empty() {
            return self.push_utf8(bytes, &mut emit);
        }
        let mut whole = std::mem::take(&mut self.partial);
        whole.extend_from_slice(bytes);
        self.push_utf8(&whole, &mut emit)
    }

    fn push_utf8(&mut self, bytes: &[u8], emit: &mut impl FnMut(Message)) -> Result<(), Malformed> {
        match str::from_utf8(bytes) {
            Ok(text) => self.push_text(text, emit),
            Err(error) if error.error_len().is_none() => {
                let (whole, partial) = bytes.split_at(error.valid_up_to());
                self.partial = partial.to_vec();
                self.push_text(str::from_utf8(whole).unwrap_or_default(), emit)
            }
            Err(_) => Err(Malformed),
        }
    }

    fn push_text(&mut self, mut text: &str, emit: &mut impl FnMut(Message)) -> Result<(), Malformed> {
        while let Some(end) = text.find(['\n', '\r']) {
            let (line, behind) = text.split_at(end);
            let is_return = behind.starts_with('\r');
            let is_second_half =
                std::mem::replace(&mut self.after_return, is_return) && end == 0 && !is_return;
            text = &behind[1..];
            if is_second_half && self.rest.is_empty() {
                continue;
            }
            self.rest.push_str(line);
            let line = std::mem::take(&mut self.rest);
            self.line(&line, emit);
            if self.message.data.len() > EVENT_BYTES_MAX {
                return Err(Malformed);
            }
        }
        self.after_return &= text.is_empty();
        self.rest.push_str(text);
        if self.rest.len() > EVENT_BYTES_MAX { Err(Malformed) } else { Ok(()) }
    }

    fn line(&mut self, line: &str, emit: &mut impl FnMut(Message)) {
        if line.is_empty() {
            let message = std::mem::take(&mut self.message);
            if std::mem::take(&mut self.has_data) || message.id.is_some() {
                emit(message);
            }
            return;
        }
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "" => emit(Message::default()),
            "event" => value.clone_into(&mut self.message.event),
            "data" => {
                if std::mem::replace(&mut self.has_data, true) {
                    self.message.data.push('\n');
                }
                self.message.data.push_str(value);
            }
            // `cursor` comes after `id`, and has the mark of the log too.
            "id" | "cursor" if !value.contains('\0') => self.message.id = Some(value.to_owned()),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(chunks: &[&[u8]]) -> Vec<Message> {
        let (mut stream, mut all) = (EventStream::default(), Vec::new());
        for chunk in chunks {
            stream.push(chunk, |message| all.push(message)).unwrap();
        }
        all
    }

    #[test]
    fn the_marked_cursor_takes_the_place_of_the_id() {
        let id = Message { id: Some("00.7.0000beef".to_owned()), ..Message::default() };
        assert_eq!(read(&[b"id: 00.7\ncursor: 00.7.0000beef\n\n"]), [id]);
    }

    fn data(data: &str) -> Message {
        Message { data: data.to_owned(), ..Message::default() }
    }

    #[test]
    fn events_comments_and_ids_are_read() {
        let stream = ": hello\n\ndata: {\"a\":1}\n\nevent: close\ndata: {\"code\":1012}\n\nid: 00.7\n\n";
        let close = Message { event: "close".to_owned(), ..data("{\"code\":1012}") };
        let id = Message { id: Some("00.7".to_owned()), ..Message::default() };
        assert_eq!(read(&[stream.as_bytes()]), [Message::default(), data("{\"a\":1}"), close, id]);
    }

    #[test]
    fn the_examples_of_the_standard_are_read() {
        assert_eq!(read(&[b"data: YHOO\ndata: +2\ndata: 10\n\n"]), [data("YHOO\n+2\n10")]);
        assert_eq!(read(&[b"data:test\n\ndata: test\n\n"]), [data("test"), data("test")]);
        assert_eq!(read(&[b"data\n\ndata\ndata\n\ndata:"]), [data(""), data("\n")]);
    }

    #[test]
    fn a_stream_reads_the_same_wherever_it_is_cut() {
        let stream = ":\r\n\r\ndata: 茶好了\r\nid: 0.1\r\n\r\ndata: b\r\rdata: c\n\n:\n\n".as_bytes();
        let whole = read(&[stream]);
        assert_eq!(whole.len(), 5);
        for first in 0..=stream.len() {
            for second in first..=stream.len() {
                let chunks = [&stream[..first], &stream[first..second], &stream[second..]];
                assert_eq!(read(&chunks), whole, "{first}, {second}");
            }
        }
    }

    #[test]
    fn a_stream_ends_when_its_bytes_are_not_utf8() {
        assert_eq!(EventStream::default().push(b"data: \xff\n\n", |_| {}), Err(Malformed));
        let mut stream = EventStream::default();
        assert_eq!(stream.push(b"data: \xe8\x8c", |_| {}), Ok(()));
        assert_eq!(stream.push(b"\n\n", |_| {}), Err(Malformed));
    }

    #[test]
    fn a_stream_ends_when_a_line_or_an_event_exceeds_the_limit() {
        for (bytes, is_taken) in
            [(EVENT_BYTES_MAX - 1, true), (EVENT_BYTES_MAX, true), (EVENT_BYTES_MAX + 1, false)]
        {
            let mut stream = EventStream::default();
            assert_eq!(stream.push("x".repeat(bytes).as_bytes(), |_| {}).is_ok(), is_taken, "{bytes}");
            let (half, rest) = (bytes / 2, bytes - bytes / 2 - 1);
            let lines = format!("data:{}\ndata:{}\n", "x".repeat(half), "x".repeat(rest));
            let mut stream = EventStream::default();
            assert_eq!(stream.push(lines.as_bytes(), |_| {}).is_ok(), is_taken, "{bytes} in lines");
        }
    }
}
