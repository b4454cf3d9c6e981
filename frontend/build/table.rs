//! The catalogues as Rust source: their tags, their keys, and each key's text in every language.
//! All catalogues have the same keys; `catalogue.rs` checks that before.

use std::collections::BTreeMap;
use std::fmt::Write;

/// Returns the source of `TAGS`, `KEYS` and `TEXTS`. `catalogues` are texts by key by tag.
///
/// All three are constants. The compiler copies a text to where it is used, so that each program
/// contains only its own texts.
pub(crate) fn of(catalogues: &BTreeMap<String, BTreeMap<String, String>>) -> String {
    let tags: Vec<&String> = catalogues.keys().collect();
    let keys: Vec<&String> = catalogues.values().next().into_iter().flat_map(BTreeMap::keys).collect();
    let (languages, many) = (tags.len(), keys.len());
    let mut source = format!("pub(super) const KEYS: [&str; {many}] = {keys:?};\n");
    // Writing to a String does not fail.
    let _ = writeln!(source, "#[cfg(test)]\npub(super) const TAGS: [&str; {languages}] = {tags:?};");
    let _ = writeln!(source, "pub(super) const TEXTS: [[&str; {languages}]; {many}] = [");
    for key in keys {
        let texts: Vec<&String> = catalogues.values().filter_map(|texts| texts.get(key)).collect();
        let _ = writeln!(source, "    {texts:?},");
    }
    source + "];\n"
}
