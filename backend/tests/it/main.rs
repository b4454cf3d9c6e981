//! The whole server through [`backend::run`] on port 0, with WebSocket and HTTP
//! clients that are not ours.

mod guard;
mod house;
mod http;
mod identity;
mod page;
mod panic;
mod plain;
mod protocol;
mod rates;
mod restart;
mod slow;
mod socket;
mod v1;
