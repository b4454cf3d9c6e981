//! Storage in the browser. localStorage holds small values for the next visit; the [`database`] holds unsent
//! commands and drafts. Every access may fail (private windows, blocked storage, a full disk). Then nothing
//! is stored, and the page works without it.

pub mod database;

use web_sys::Storage;

/// A value in localStorage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Slot {
    /// Name of this browser's member, under which the page joins again if the server has forgotten the
    /// member. Signing out deletes it.
    Name,
    /// [`crate::theme::Theme::word`] of the chosen theme.
    Theme,
    /// [`crate::language::Language::tag`] of the chosen language.
    Language,
    /// Last good transport: its name, a space, and the time until which it is tried first, in milliseconds
    /// since 1970.
    Transport,
    /// Name of the transport that the person chose in the settings; absent if all may be tried.
    Pin,
    /// Lease of the tab that reads for all tabs (see `client::tabs::Lease`).
    Leader,
}

impl Slot {
    /// Key of the value in localStorage. Earlier builds use the same keys.
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

/// Reads a value; `None` if there is none or storage is unavailable.
pub fn read(slot: Slot) -> Option<String> {
    storage()?.get_item(slot.key()).ok().flatten()
}

/// Stores a value, or deletes it if `value` is `None`. A failure is ignored.
pub fn write(slot: Slot, value: Option<&str>) {
    let Some(storage) = storage() else { return };
    let written = match value {
        Some(value) => storage.set_item(slot.key(), value),
        None => storage.remove_item(slot.key()),
    };
    // After a failure, the next visit only starts without the value.
    drop(written);
}

/// Whether the page may use localStorage. Writing can fail nevertheless, for lack of space.
pub fn is_there() -> bool {
    storage().is_some()
}

fn storage() -> Option<Storage> {
    web_sys::window()?.local_storage().ok().flatten()
}
