//! What the browser keeps for the next visit: the name, the theme, the
//! language; and in its [`database`] what is not sent yet. Every access may fail (private windows, blocked storage, a full
//! disk): then nothing is kept, and the page works without.

pub mod database;

use web_sys::Storage;

/// What can be kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Slot {
    /// The name of the last visit.
    Name,
    /// [`crate::theme::Theme::word`], if one was chosen.
    Theme,
    /// [`crate::language::Language::tag`], if one was chosen.
    Language,
    /// What worked, as a name of `client::transport::Transport` and a time until which that is believed.
    Transport,
    /// The name of the transport that the user wants, if they want one.
    Pin,
    /// Which page reads for the others, and until when.
    Leader,
}

impl Slot {
    /// What it is kept under.
    pub fn key(self) -> &'static str {
        match self {
            Slot::Name => "teahouse.name",
            Slot::Theme => "teahouse.theme",
            Slot::Language => "teahouse.language",
            Slot::Transport => "teahouse.transport",
            Slot::Pin => "teahouse.transport.pin",
            Slot::Leader => "teahouse.leader",
        }
    }
}

/// What was kept, if anything.
pub fn read(slot: Slot) -> Option<String> {
    storage()?.get_item(slot.key()).ok().flatten()
}

/// Keeps this, or forgets what was kept.
pub fn write(slot: Slot, value: Option<&str>) {
    let Some(storage) = storage() else { return };
    let written = match value {
        Some(value) => storage.set_item(slot.key(), value),
        None => storage.remove_item(slot.key()),
    };
    // Not kept: the next visit asks again, which is all that is lost.
    drop(written);
}

/// Whether anything can be kept.
pub fn is_there() -> bool {
    storage().is_some()
}

fn storage() -> Option<Storage> {
    web_sys::window()?.local_storage().ok().flatten()
}
