//! Finds the empty line that ends a head (RFC 9112 §2.1) in bytes that are cut anywhere.

/// Place in a head.
#[derive(Debug, Default)]
pub(super) struct HeadEnd {
    /// Whether a line with content has begun. Empty lines before a request are allowed (RFC 9112 §2.2).
    has_begun: bool,
    is_in_line: bool,
    is_found: bool,
}

impl HeadEnd {
    /// Takes the next bytes. Returns the number of them that belong to the head.
    pub(super) fn take(&mut self, bytes: &[u8]) -> usize {
        for (at, byte) in bytes.iter().enumerate() {
            match byte {
                b'\r' => {}
                b'\n' if self.has_begun && !self.is_in_line => {
                    self.is_found = true;
                    return at + 1;
                }
                b'\n' => self.is_in_line = false,
                _ => (self.has_begun, self.is_in_line) = (true, true),
            }
        }
        bytes.len()
    }

    /// Whether the whole head was taken.
    pub(super) fn is_found(&self) -> bool {
        self.is_found
    }
}
