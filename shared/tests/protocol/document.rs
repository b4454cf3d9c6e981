//! Reader of PROTOCOL.md: finds the table after a marker such as `<!-- table: errors -->`.

use std::{fs, path::Path};

/// Returns the lines of PROTOCOL.md.
pub(crate) fn lines() -> Vec<String> {
    let top =
        Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().find(|folder| folder.join("PROTOCOL.md").is_file());
    let file = top.expect("PROTOCOL.md stands at the top").join("PROTOCOL.md");
    fs::read_to_string(file).expect("a readable file").lines().map(str::to_owned).collect()
}

/// Returns the rows of the table after this marker, without its head and without backticks.
pub(crate) fn table(name: &str) -> Vec<Vec<String>> {
    let marker = format!("<!-- table: {name} -->");
    let lines = lines();
    let mut following = lines.iter().skip_while(|line| **line != marker).skip(1);
    let head = following.next().map(String::as_str).unwrap_or_default();
    assert!(head.starts_with('|'), "no table after {marker}");
    let rows = following.skip(1).take_while(|line| line.starts_with('|'));
    rows.map(|row| {
        row.trim_matches('|').split('|').map(|cell| cell.trim().trim_matches('`').to_owned()).collect()
    })
    .collect()
}

/// Returns the rows of a table of limits: name and value.
pub(crate) fn limits(name: &str) -> Vec<(String, u64)> {
    let value = |cell: &str| cell.replace(',', "").parse().unwrap_or_else(|_| panic!("no number: {cell}"));
    table(name).into_iter().map(|row| (row[0].clone(), value(&row[1]))).collect()
}
