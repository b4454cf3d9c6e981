//! The arithmetic of the WebSocket protocol (RFC 6455), for people who want to see it done: the key
//! of the handshake, and the frames. The server's own reading and writing of frames is elsewhere;
//! this takes any bytes and says what they mean, or what is wrong with them.

pub mod accept;
pub mod frame;
pub mod header;
pub mod hex;
pub mod sequence;

pub use frame::{Frame, FrameFault, Side};
pub use header::{FrameHeader, LengthForm, Opcode};
pub use sequence::Sequence;
