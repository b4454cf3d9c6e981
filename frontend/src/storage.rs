//! Storage in the browser. localStorage holds small values for the next visit; the [`database`] holds unsent
//! commands and drafts. Every access may fail (private windows, blocked storage, a full disk). Then nothing
//! is stored, and the page works without it.

pub mod database;

use web_sys::Storage;

/// Key of a value in localStorage.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StorageKey {
    /// Name of this browser's member. The page joins again under it if the server has forgotten the member.
    /// Signing out deletes it.
    Name,
    /// [`crate::theme::Theme::name`] of the chosen theme.
    Theme,
    /// [`crate::language::Language::tag`] of the chosen language.
    Language,
    /// The last good transport and its expiry: the transport's name, a space, and milliseconds since 1970.
    Transport,
    /// Name of the transport that the person chose in the settings; absent if all may be tried.
    Pin,
    /// Read markers that the server may not know (see `client::effect::Effect::RememberMarks`).
    Marks,
    /// Lease of the tab that reads for all tabs (see `client::tabs::Lease`).
    Leader,
}

impl StorageKey {
    /// Text of the key. Earlier builds of the page use the same texts.
    pub fn as_str(self) -> &'static str {
        match self {
            StorageKey::Name => "teahouse.name",
            StorageKey::Theme => "teahouse.theme",
            StorageKey::Language => "teahouse.language",
            StorageKey::Transport => "teahouse.transport",
            StorageKey::Pin => "teahouse.transport.pin",
            StorageKey::Marks => "teahouse.marks",
            StorageKey::Leader => "teahouse.leader",
        }
    }
}

/// Reads a value; `None` if there is none or storage is unavailable.
pub fn read(key: StorageKey) -> Option<String> {
    storage()?.get_item(key.as_str()).ok().flatten()
}

/// Stores a value, or deletes it if `value` is `None`. A failure is ignored.
pub fn write(key: StorageKey, value: Option<&str>) {
    let Some(storage) = storage() else { return };
    let written = match value {
        Some(value) => storage.set_item(key.as_str(), value),
        None => storage.remove_item(key.as_str()),
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
