//! PROTOCOL.md, as its tests read it: what stands behind a marker such as
//! `<!-- table: errors -->`.

use std::{fs, path::Path};

/// The lines of PROTOCOL.md.
pub(crate) fn lines() -> Vec<String> {
    let top =
        Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().find(|folder| folder.join("PROTOCOL.md").is_file());
    let file = top.expect("PROTOCOL.md stands at the top").join("PROTOCOL.md");
    fs::read_to_string(file).expect("a readable file").lines().map(str::to_owned).collect()
}

/// The rows of the table behind this marker, without its head; each cell
/// without the signs round code.
pub(crate) fn table(name: &str) -> Vec<Vec<String>> {
    let marker = format!("<!-- table: {name} -->");
    let lines = lines();
    let mut behind = lines.iter().skip_while(|line| **line != marker).skip(1);
    let head = behind.next().map(String::as_str).unwrap_or_default();
    assert!(head.starts_with('|'), "no table behind {marker}");
    let rows = behind.skip(1).take_while(|line| line.starts_with('|'));
    rows.map(|row| {
        row.trim_matches('|').split('|').map(|cell| cell.trim().trim_matches('`').to_owned()).collect()
    })
    .collect()
}

/// The rows of a table of limits: name and value.
pub(crate) fn limits(name: &str) -> Vec<(String, u64)> {
    let value = |cell: &str| cell.replace(',', "").parse().unwrap_or_else(|_| panic!("no number: {cell}"));
    table(name).into_iter().map(|row| (row[0].clone(), value(&row[1]))).collect()
}
