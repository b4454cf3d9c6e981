//! The ways in and out. Transports differ only in bytes.

pub mod websocket;
