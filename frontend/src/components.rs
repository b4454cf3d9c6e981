//! Widgets that several features share. Each reads its properties and emits inputs or calls callbacks.
//!
//! Each widget renders exactly one root element. Conditional and repeated elements in it have keys, because
//! Yew 0.23 pairs siblings without keys from the back. A widget without state of its own is a function.

pub mod avatar;
pub mod brand;
pub mod button;
pub mod confirm;
pub mod connection_badge;
pub mod connection_notice;
pub mod copy_button;
pub mod countdown;
pub mod dialog;
pub mod field_error;
pub mod focus;
pub mod icon;
pub mod keys;
pub mod memo;
pub mod name_field;
pub mod preference_switches;
