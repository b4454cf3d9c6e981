//! The cost of reading or sending: requests, and bytes in both directions.

/// The requests that the server answered, and the bytes that it counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TransferCost {
    /// The number of requests.
    pub requests: u64,
    /// Bytes from the page to the server.
    pub up: u64,
    /// Bytes from the server to the page.
    pub down: u64,
}

impl TransferCost {
    /// One request with this many bytes.
    pub fn request(up: u64, down: u64) -> Self {
        TransferCost { requests: 1, up, down }
    }

    /// The difference since `before`.
    #[must_use]
    pub fn since(self, before: TransferCost) -> Self {
        TransferCost {
            requests: self.requests.saturating_sub(before.requests),
            up: self.up.saturating_sub(before.up),
            down: self.down.saturating_sub(before.down),
        }
    }
}
