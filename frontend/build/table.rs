//! The catalogues as a table in Rust: their keys, and under each language's tag its texts in the
//! order of the keys. All have the same keys: that is checked before.

use std::collections::BTreeMap;
use std::fmt::Write;

/// The source of `KEYS` and `CATALOGUES`. `catalogues` are texts by key by tag.
pub(crate) fn of(catalogues: &BTreeMap<String, BTreeMap<String, String>>) -> String {
    let keys: Vec<&String> = catalogues.values().next().into_iter().flat_map(BTreeMap::keys).collect();
    let many = keys.len();
    let mut source = format!("pub(super) const KEYS: [&str; {many}] = {keys:?};\n");
    // Writing to a String does not fail.
    let _ =
        writeln!(source, "pub(super) static CATALOGUES: [(&str, [&str; {many}]); {}] = [", catalogues.len());
    for (tag, texts) in catalogues {
        let texts: Vec<&String> = texts.values().collect();
        let _ = writeln!(source, "    ({tag:?}, {texts:?}),");
    }
    source + "];\n"
}
