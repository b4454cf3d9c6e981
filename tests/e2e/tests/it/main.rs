//! What people see, in real browsers, against the real binary.

mod composer;
mod composition;
mod cut;
mod first_load;
mod harness;
mod history;
mod house;
mod inspect;
mod lan;
mod language;
mod member;
mod phone;
mod plain;
mod proxy;
mod refused;
mod reload;
mod room;
mod row;
mod scenario;
mod side_by_side;
mod stranger;
mod tabs;
mod talk;
mod theme;
mod transport;
mod version;
