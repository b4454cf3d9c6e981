//! How bytes leave the page and come in. Transports differ only in bytes: what
//! they mean is the client's.

pub mod http;
pub mod websocket;
