//! The page's own catalogues of texts. Tests name a text by its key and not by its wording.

use crate::folder;
use std::{collections::BTreeMap, fs};

/// The texts of one language.
#[derive(Clone, Debug)]
pub struct Catalogue(BTreeMap<String, String>);

impl Catalogue {
    /// Reads `frontend/i18n/<tag>.json`.
    ///
    /// # Panics
    /// If the file is missing or invalid.
    pub fn of(tag: &str) -> Catalogue {
        let path = folder::workspace().join("frontend/i18n").join(format!("{tag}.json"));
        let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        Catalogue(serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display())))
    }

    /// Returns the text under a key.
    ///
    /// # Panics
    /// If the catalogue has no such key.
    pub fn text(&self, key: &str) -> &str {
        self.0.get(key).unwrap_or_else(|| panic!("no text {key}"))
    }
}
