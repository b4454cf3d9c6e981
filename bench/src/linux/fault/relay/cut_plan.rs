//! What becomes of one connection: after how many bytes of which direction it
//! is cut, and how.

use std::time::Duration;

use crate::linux::rng::Rng;

/// A connection is cut after 2^n bytes and up to twice as many, n from here …
const BITS_MIN: u64 = 7;
/// … to here: a page's answers of a few seconds.
const BITS_MAX: u64 = 17;
/// One in so many is cut earlier: inside the handshake or the first frame.
const EARLY_ONE_IN: u64 = 8;
/// The shortest silence, in milliseconds.
const SILENCE_MS_MIN: u64 = 200;
/// The longest.
const SILENCE_MS_MAX: u64 = 6_000;

/// One end of a pair.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Endpoint {
    /// The page's.
    Page,
    /// The server's.
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

/// The fate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct CutPlan {
    /// Whose bytes are counted, and after how many; none: it is not cut.
    pub(super) after: Option<(Endpoint, u64)>,
    /// How.
    pub(super) kind: CutKind,
}

/// How a connection is cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CutKind {
    /// A reset to both sides.
    Reset,
    /// An end to both sides.
    End,
    /// What these sides send goes nowhere for so long, and then a reset.
    Silence {
        /// What the page sends is lost.
        page: bool,
        /// What the server sends is lost.
        server: bool,
        /// For so long.
        time: Duration,
    },
}

impl CutPlan {
    /// It is not cut.
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
