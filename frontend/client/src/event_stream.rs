//! Reads Server-Sent Events (HTML, "Parsing an event stream") from chunks of text that are cut anywhere.

/// One event.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Message {
    /// Its type; empty for plain ones.
    pub event: String,
    /// Its data; empty where there was only an id or a comment.
    pub data: String,
    /// The id that it set.
    pub id: Option<String>,
}

/// What was read of a stream.
#[derive(Clone, Debug, Default)]
pub struct Reader {
    /// Behind the last end of a line.
    rest: String,
    message: Message,
    has_data: bool,
    /// The rest began behind a carriage return: a line feed now belongs to it.
    after_return: bool,
}

/// Bytes of a line or an event. Past it: [`TooLong`].
pub const EVENT_BYTES_MAX: usize = 8 << 20;

/// An event is longer than any of a house.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooLong;

impl Reader {
    /// Takes the next chunk; what it ends is given to `tell`. A comment is told as an empty message:
    /// it is a sign of life.
    ///
    /// # Errors
    /// [`TooLong`]: nothing more can be read.
    pub fn push(&mut self, chunk: &str, mut tell: impl FnMut(Message)) -> Result<(), TooLong> {
        let mut chunk = chunk;
        while let Some(end) = chunk.find(['\n', '\r']) {
            let (line, behind) = chunk.split_at(end);
            let is_return = behind.starts_with('\r');
            let is_second_half =
                std::mem::replace(&mut self.after_return, is_return) && end == 0 && !is_return;
            chunk = &behind[1..];
            if is_second_half && self.rest.is_empty() {
                continue;
            }
            self.rest.push_str(line);
            let line = std::mem::take(&mut self.rest);
            self.line(&line, &mut tell);
            if self.message.data.len() > EVENT_BYTES_MAX {
                return Err(TooLong);
            }
        }
        self.after_return &= chunk.is_empty();
        self.rest.push_str(chunk);
        if self.rest.len() > EVENT_BYTES_MAX { Err(TooLong) } else { Ok(()) }
    }

    fn line(&mut self, line: &str, tell: &mut impl FnMut(Message)) {
        if line.is_empty() {
            let message = std::mem::take(&mut self.message);
            if std::mem::take(&mut self.has_data) || message.id.is_some() {
                tell(message);
            }
            return;
        }
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "" => tell(Message::default()),
            "event" => value.clone_into(&mut self.message.event),
            "data" => {
                if std::mem::replace(&mut self.has_data, true) {
                    self.message.data.push('\n');
                }
                self.message.data.push_str(value);
            }
            "id" if !value.contains('\0') => self.message.id = Some(value.to_owned()),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(chunks: &[&str]) -> Vec<Message> {
        let (mut reader, mut all) = (Reader::default(), Vec::new());
        for chunk in chunks {
            reader.push(chunk, |message| all.push(message)).unwrap();
        }
        all
    }

    fn data(data: &str) -> Message {
        Message { data: data.to_owned(), ..Message::default() }
    }

    #[test]
    fn events_comments_and_ids_are_read() {
        let stream = ": hello\n\ndata: {\"a\":1}\n\nevent: close\ndata: {\"code\":1012}\n\nid: 00.7\n\n";
        let close = Message { event: "close".to_owned(), ..data("{\"code\":1012}") };
        let id = Message { id: Some("00.7".to_owned()), ..Message::default() };
        assert_eq!(read(&[stream]), [Message::default(), data("{\"a\":1}"), close, id]);
    }

    #[test]
    fn the_examples_of_the_standard_are_read() {
        assert_eq!(read(&["data: YHOO\ndata: +2\ndata: 10\n\n"]), [data("YHOO\n+2\n10")]);
        assert_eq!(read(&["data:test\n\ndata: test\n\n"]), [data("test"), data("test")]);
        assert_eq!(read(&["data\n\ndata\ndata\n\ndata:"]), [data(""), data("\n")]);
    }

    #[test]
    fn it_does_not_matter_where_it_is_cut() {
        let stream = ":\r\n\r\ndata: 茶好了\r\nid: 0.1\r\n\r\ndata: b\r\rdata: c\n\n:\n\n";
        let whole = read(&[stream]);
        assert_eq!(whole.len(), 5);
        for (first, _) in stream.char_indices() {
            for (second, _) in stream.char_indices().filter(|(second, _)| *second >= first) {
                let chunks = [&stream[..first], &stream[first..second], &stream[second..]];
                assert_eq!(read(&chunks), whole, "{chunks:?}");
            }
        }
    }

    #[test]
    fn a_line_without_an_end_is_no_place_to_hide_in() {
        for (bytes, is_taken) in
            [(EVENT_BYTES_MAX - 1, true), (EVENT_BYTES_MAX, true), (EVENT_BYTES_MAX + 1, false)]
        {
            let mut reader = Reader::default();
            assert_eq!(reader.push(&"x".repeat(bytes), |_| {}).is_ok(), is_taken, "{bytes}");
        }
    }
}
