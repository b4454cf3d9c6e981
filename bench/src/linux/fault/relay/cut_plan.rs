//! The plan of a cut: after how many bytes of which direction a connection is cut, and how.

use std::time::Duration;

use crate::linux::rng::Rng;

/// Smallest n of the usual cut, which comes after 2^n to 2^(n+1) bytes.
const BITS_MIN: u64 = 7;
/// Largest n of the usual cut: a few seconds of a page's traffic.
const BITS_MAX: u64 = 17;
/// One cut in this many comes earlier, inside the handshake or the first frame.
const EARLY_ONE_IN: u64 = 8;
/// Shortest silence, in milliseconds.
const SILENCE_MS_MIN: u64 = 200;
/// Longest silence, in milliseconds.
const SILENCE_MS_MAX: u64 = 6_000;

/// An endpoint of a relayed connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Endpoint {
    /// Endpoint of the page.
    Page,
    /// Endpoint of the server.
    Server,
}

impl Endpoint {
    pub(super) fn other(self) -> Self {
        match self {
            Self::Page => Self::Server,
            Self::Server => Self::Page,
        }
    }
}

/// Plan of one connection's cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct CutPlan {
    /// Endpoint whose bytes are counted, and their count at the cut; `None` if the connection is not cut.
    pub(super) after: Option<(Endpoint, u64)>,
    /// Kind of the cut.
    pub(super) kind: CutKind,
}

/// Kind of a cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CutKind {
    /// Both sockets are reset.
    Reset,
    /// Both sockets are closed.
    End,
    /// Bytes of one or both endpoints are lost for a while; then both sockets are reset.
    Silence {
        /// Bytes of the page are lost.
        page: bool,
        /// Bytes of the server are lost.
        server: bool,
        /// Length of the silence.
        time: Duration,
    },
}

impl CutPlan {
    /// A plan without a cut.
    pub(super) fn none() -> Self {
        Self { after: None, kind: CutKind::End }
    }

    pub(super) fn draw(rng: &mut Rng) -> Self {
        let endpoint = if rng.one_in(2) { Endpoint::Page } else { Endpoint::Server };
        let bits =
            if rng.one_in(EARLY_ONE_IN) { rng.between(0, BITS_MIN) } else { rng.between(BITS_MIN, BITS_MAX) };
        let bytes = rng.between(1 << bits, 2 << bits);
        let time = Duration::from_millis(rng.between(SILENCE_MS_MIN, SILENCE_MS_MAX));
        let kind = match rng.between(0, 9) {
            0..=3 => CutKind::Reset,
            4 | 5 => CutKind::End,
            6 | 7 => CutKind::Silence { page: true, server: true, time },
            8 => CutKind::Silence { page: true, server: false, time },
            _ => CutKind::Silence { page: false, server: true, time },
        };
        Self { after: Some((endpoint, bytes)), kind }
    }
}
