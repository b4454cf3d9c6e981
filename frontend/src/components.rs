//! The parts of the screens. Each reads what it is handed and emits inputs.
//! Each renders exactly one root element, and what is conditional or repeated
//! inside it has a key: Yew 0.23 pairs siblings without keys from the back.
//! What has no state of its own is a function.

pub mod avatar;
pub mod brand;
pub mod browse;
pub mod button;
pub mod choice;
pub mod composer;
pub mod confirm;
pub mod connection_notice;
pub mod copy_button;
pub mod dialog;
pub mod header;
pub mod icon;
pub mod inspect;
pub mod message;
pub mod message_list;
pub mod name_field;
pub mod notices;
pub mod people;
pub mod pill;
pub mod rail;
pub mod refused;
pub mod room_form;
pub mod room_list;
pub mod room_menu;
pub mod settings;
pub mod way;
