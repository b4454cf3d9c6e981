//! Widgets that several features share. Each reads what it is handed and emits inputs.
//! Each renders exactly one root element, and what is conditional or repeated
//! inside it has a key: Yew 0.23 pairs siblings without keys from the back.
//! What has no state of its own is a function.

pub mod avatar;
pub mod brand;
pub mod button;
pub mod confirm;
pub mod connection_badge;
pub mod connection_notice;
pub mod copy_button;
pub mod dialog;
pub mod icon;
pub mod keys;
pub mod name_field;
pub mod preference_switches;
pub mod refused;
pub mod tick;
