//! What reading or sending costs: requests, and bytes in both directions.

/// What something took: requests that the server answered, and the bytes that it counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Durations {
    /// How many.
    pub requests: u64,
    /// From the page to the server.
    pub up: u64,
    /// From the server to the page.
    pub down: u64,
}

impl Durations {
    /// One request of so many bytes.
    pub fn request(up: u64, down: u64) -> Self {
        Durations { requests: 1, up, down }
    }

    /// What came to this since `before`.
    #[must_use]
    pub fn since(self, before: Durations) -> Self {
        Durations {
            requests: self.requests.saturating_sub(before.requests),
            up: self.up.saturating_sub(before.up),
            down: self.down.saturating_sub(before.down),
        }
    }
}
