//! Parser from text to [`Json`], as RFC 8259 defines it.
//!
//! serde_json reads every number as a float too, and so brings 2.5 KB of powers of ten that do not compress.
//! This parser keeps no number that is not a whole one, and saves the page 4 KB with brotli. The tests hold it
//! against serde_json.

use super::{DecodeError, Json, Object};

/// Depth to which lists and objects may be nested, as in serde_json. A deeper text is an error, so that no
/// text exhausts the stack.
pub(super) const DEPTH_MAX: usize = 127;

/// Parses a whole text.
///
/// # Errors
/// The text is not JSON, or is nested deeper than [`DEPTH_MAX`].
pub(super) fn parse(text: &str) -> Result<Json, DecodeError> {
    let mut parser = Parser { text, at: 0 };
    let json = parser.value(DEPTH_MAX);
    parser.skip_space();
    json.filter(|_| parser.at == text.len()).ok_or(DecodeError(""))
}

/// The text, and the position of the next byte. After a method returned `None` the position has no meaning.
pub(super) struct Parser<'t> {
    pub(super) text: &'t str,
    pub(super) at: usize,
}

impl Parser<'_> {
    pub(super) fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn next(&mut self) -> Option<u8> {
        let byte = self.peek()?;
        self.at += 1;
        Some(byte)
    }

    pub(super) fn skip_space(&mut self) {
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.peek() {
            self.at += 1;
        }
    }

    /// Skips white space and then `byte`, if it is next.
    pub(super) fn skip(&mut self, byte: u8) -> bool {
        self.skip_space();
        let is_next = self.peek() == Some(byte);
        self.at += usize::from(is_next);
        is_next
    }

    /// Reads a value in which lists and objects may be nested `depth` deep.
    fn value(&mut self, depth: usize) -> Option<Json> {
        self.skip_space();
        match self.next()? {
            b'n' => self.word("ull", Json::Null),
            b't' => self.word("rue", Json::Bool(true)),
            b'f' => self.word("alse", Json::Bool(false)),
            b'"' => self.string().map(Json::Text),
            b'[' => self.items(b']', depth.checked_sub(1)?, Parser::value).map(Json::List),
            b'{' => self.items(b'}', depth.checked_sub(1)?, Parser::field).map(Object).map(Json::Object),
            first => self.number(first),
        }
    }

    fn word(&mut self, rest: &str, value: Json) -> Option<Json> {
        let is_next = self.text.as_bytes().get(self.at..)?.starts_with(rest.as_bytes());
        self.at += rest.len();
        is_next.then_some(value)
    }

    /// Reads the rest of a list or an object, after its opening bracket.
    fn items<T>(
        &mut self,
        close: u8,
        depth: usize,
        item: fn(&mut Self, usize) -> Option<T>,
    ) -> Option<Vec<T>> {
        let mut found = Vec::new();
        if !self.skip(close) {
            found.push(item(self, depth)?);
            while self.skip(b',') {
                found.push(item(self, depth)?);
            }
            self.skip(close).then_some(())?;
        }
        Some(found)
    }

    fn field(&mut self, depth: usize) -> Option<(String, Json)> {
        self.skip(b'"').then_some(())?;
        let name = self.string()?;
        self.skip(b':').then_some(())?;
        Some((name, self.value(depth)?))
    }

    /// Reads the rest of a string, after its opening quotation mark.
    fn string(&mut self) -> Option<String> {
        let mut found = String::new();
        loop {
            let from = self.at;
            while self.peek().is_some_and(|byte| byte >= b' ' && byte != b'"' && byte != b'\\') {
                self.at += 1;
            }
            found.push_str(self.text.get(from..self.at)?);
            match self.next()? {
                b'"' => return Some(found),
                b'\\' => found.push(self.escape()?),
                _ => return None, // a control character
            }
        }
    }

    /// Reads the rest of an escape sequence, after its backslash.
    fn escape(&mut self) -> Option<char> {
        Some(match self.next()? {
            b'n' => '\n',
            b't' => '\t',
            b'r' => '\r',
            b'b' => '\u{8}',
            b'f' => '\u{c}',
            b'u' => {
                let mut unit = self.hex()?;
                if let 0xD800..=0xDBFF = unit {
                    // The first half of a surrogate pair (RFC 8259 §7). The second must follow.
                    (self.next()? == b'\\' && self.next()? == b'u').then_some(())?;
                    let second = self.hex()?.checked_sub(0xDC00).filter(|second| *second < 0x400)?;
                    unit = 0x1_0000 + ((unit - 0xD800) << 10) + second;
                }
                char::from_u32(unit)?
            }
            byte @ (b'"' | b'\\' | b'/') => char::from(byte),
            _ => return None,
        })
    }

    fn hex(&mut self) -> Option<u32> {
        let mut found = 0;
        for _ in 0..4 {
            found = found << 4 | char::from(self.next()?).to_digit(16)?;
        }
        Some(found)
    }

    /// Reads the rest of a number, after its first byte.
    fn number(&mut self, first: u8) -> Option<Json> {
        let from = self.at - 1;
        let mut is_whole = true;
        let digit = if first == b'-' {
            is_whole = false;
            self.next()?
        } else {
            first
        };
        if !digit.is_ascii_digit() {
            return None;
        }
        // No digit may follow a zero: what follows it is then no part of this number, and of no other value.
        if digit != b'0' {
            self.digits();
        }
        if self.peek() == Some(b'.') {
            is_whole = false;
            self.at += 1;
            self.digits().then_some(())?;
        }
        if let Some(b'e' | b'E') = self.peek() {
            is_whole = false;
            self.at += 1;
            if let Some(b'+' | b'-') = self.peek() {
                self.at += 1;
            }
            self.digits().then_some(())?;
        }
        let whole = self.text.get(from..self.at)?.parse().ok().filter(|_| is_whole);
        Some(whole.map_or(Json::OtherNumber, Json::Number))
    }

    /// Skips digits. False if there are none.
    fn digits(&mut self) -> bool {
        let from = self.at;
        while self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
        }
        self.at > from
    }
}

#[cfg(test)]
mod tests;
