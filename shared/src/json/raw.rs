//! Raw elements of a JSON list. A relay passes them on byte for byte, so that fields of newer servers survive.

use super::parser::Parser;

/// Returns the texts of the elements of the list that an object holds under `name`, in their order.
///
/// `text` must be an object that [`super::Json::parse`] accepts. For any other text the result is undefined,
/// but the function does not panic.
pub fn elements<'t>(text: &'t str, name: &str) -> Vec<&'t str> {
    let mut parser = Parser { text, at: 0 };
    parser.skip(b'{');
    while let Some(field) = parser.next_value() {
        parser.skip(b':');
        if field.get(1..field.len().saturating_sub(1)) == Some(name) && parser.skip(b'[') {
            let mut found = Vec::new();
            while let Some(element) = parser.next_value() {
                found.push(element);
                parser.skip(b',');
            }
            return found;
        }
        parser.next_value();
        parser.skip(b',');
    }
    Vec::new()
}

impl<'t> Parser<'t> {
    /// Skips one value and returns its text; none at the end of a list or object.
    fn next_value(&mut self) -> Option<&'t str> {
        self.skip_space();
        let (from, mut depth) = (self.at, 0_usize);
        while let Some(byte) = self.peek() {
            match byte {
                b'"' => self.skip_string(),
                b'{' | b'[' => depth += 1,
                b'}' | b']' | b',' | b':' if depth == 0 => break,
                b'}' | b']' => depth -= 1,
                _ if depth == 0 && byte.is_ascii_whitespace() => break,
                _ => {}
            }
            self.at += 1;
        }
        self.text.get(from..self.at).filter(|value| !value.is_empty())
    }

    /// Skips to the closing quotation mark of the string that begins here.
    fn skip_string(&mut self) {
        self.at += 1;
        while let Some(byte) = self.peek().filter(|byte| *byte != b'"') {
            self.at += if byte == b'\\' { 2 } else { 1 };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::elements;

    #[test]
    fn elements_are_returned_as_they_were_written() {
        let events = r#"{ "a" : 1 } , [1, [2]],"]}\"\\",-1.5e3 , {"events":["no"]},{"茶":", 好"}"#;
        let text =
            format!("{{\"x\":{{\"events\":[0]}},\n \"y\":\"events\", \"events\" : [ {events} ] ,\"z\":[9]}}");
        let expected = [
            r#"{ "a" : 1 }"#,
            "[1, [2]]",
            r#""]}\"\\""#,
            "-1.5e3",
            r#"{"events":["no"]}"#,
            r#"{"茶":", 好"}"#,
        ];
        assert_eq!(elements(&text, "events"), expected);
        assert_eq!(elements(&text, "z"), ["9"]);
    }

    #[test]
    fn a_list_that_is_empty_or_absent_has_no_elements() {
        for text in [r#"{"events":[]}"#, r#"{"events":[ ]}"#, r#"{"events":7}"#, "{}", "[]", ""] {
            assert!(elements(text, "events").is_empty(), "{text}");
        }
    }

    #[test]
    fn a_truncated_text_does_not_panic() {
        let text = r#"{"events":[{"a":"茶\""},"b\\",[1]],"through":"x"}"#;
        for end in (0..text.len()).filter(|end| text.is_char_boundary(*end)) {
            let _ = elements(&text[..end], "events");
            let _ = elements(&text[end..], "events");
        }
        let _ = elements("\"\\", "events");
    }
}
