//! Parts of a JSON text as they stand: what is passed on is passed on byte for byte, whatever its fields mean to a
//! newer reader.

/// The texts of the elements of a list that an object holds under `name`, in their order.
///
/// `text` is to be an object that [`super::Json::parse`] has read. For any other text the result means
/// nothing.
pub fn elements<'t>(text: &'t str, name: &str) -> Vec<&'t str> {
    let mut scan = Scan { text, at: 0 };
    scan.one_of(b'{');
    while let Some(field) = scan.value() {
        scan.one_of(b':');
        if field.get(1..field.len().saturating_sub(1)) == Some(name) && scan.one_of(b'[') {
            let mut found = Vec::new();
            while let Some(element) = scan.value() {
                found.push(element);
                scan.one_of(b',');
            }
            return found;
        }
        scan.value();
        scan.one_of(b',');
    }
    Vec::new()
}

/// A place in a text.
struct Scan<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Scan<'t> {
    fn byte(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    /// Passes white space, and `wanted` behind it. False if something else stands there.
    fn one_of(&mut self, wanted: u8) -> bool {
        while self.byte().is_some_and(|byte| byte.is_ascii_whitespace()) {
            self.at += 1;
        }
        let is_there = self.byte() == Some(wanted);
        self.at += usize::from(is_there);
        is_there
    }

    /// Passes one value, and gives its text; none where a list or an object ends.
    fn value(&mut self) -> Option<&'t str> {
        self.one_of(b' ');
        let (from, mut depth) = (self.at, 0_usize);
        while let Some(byte) = self.byte() {
            match byte {
                b'"' => self.string(),
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

    /// Goes to the quotation mark that ends the string that begins here.
    fn string(&mut self) {
        self.at += 1;
        while let Some(byte) = self.byte().filter(|byte| *byte != b'"') {
            self.at += if byte == b'\\' { 2 } else { 1 };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::elements;

    #[test]
    fn elements_stand_as_they_were_written() {
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
    fn a_text_that_breaks_off_anywhere_does_no_harm() {
        let text = r#"{"events":[{"a":"茶\""},"b\\",[1]],"through":"x"}"#;
        for end in (0..text.len()).filter(|end| text.is_char_boundary(*end)) {
            let _ = elements(&text[..end], "events");
            let _ = elements(&text[end..], "events");
        }
        let _ = elements("\"\\", "events");
    }
}
