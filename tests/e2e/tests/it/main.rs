//! End-to-end tests: real browsers against the release program.

mod composer;
mod composition;
mod cut;
mod first_load;
mod harness;
mod history;
mod inspector;
mod join_prompt;
mod lan;
mod language;
mod member;
mod messages;
mod new_version;
mod phone;
mod proxy;
mod refused_command;
mod reload;
mod restart;
mod room;
mod row_layout;
mod scenario;
mod tabs;
mod text_dialect;
mod theme;
mod transport;
mod transport_comparison;
