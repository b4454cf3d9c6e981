//! Commands, a file for each subject: the member, a room, requests that only read.

mod member;
mod request;
mod room;
