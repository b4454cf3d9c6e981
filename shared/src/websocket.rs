//! The WebSocket protocol (RFC 6455) for the inspector: the key of the handshake, and frames.
//!
//! This code reads any bytes and reports each rule that they break. The server reads and writes its own
//! frames with other code.
//!
//! * [`accept`]: the key of the handshake.
//! * [`header`], [`frame`]: a frame and its faults.
//! * [`sequence`]: the rules on the order of frames.
//! * [`hex`]: bytes as hexadecimal text.

pub mod accept;
pub mod frame;
pub mod header;
pub mod hex;
pub mod sequence;

pub use frame::{Frame, FrameFault, Side};
pub use header::{FrameHeader, LengthForm, Opcode};
pub use sequence::Sequence;
