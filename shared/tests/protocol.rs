//! PROTOCOL.md agrees with the code: its examples are the golden files, and its tables have the code's
//! numbers.

#![expect(clippy::expect_used, reason = "a test says what is wrong by panicking")]

#[path = "protocol/document.rs"]
mod document;

use shared::close::{ENDINGS, Ending, should_reconnect};
use shared::{ErrorCode, limits};
use std::{collections::BTreeSet, fs, path::Path};

#[test]
fn each_golden_file_is_an_example_of_the_document() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/v1");
    let mut examples = BTreeSet::new();
    let lines = document::lines();
    for (number, line) in lines.iter().enumerate() {
        let Some(name) = line.strip_prefix("<!-- golden: ").and_then(|rest| rest.strip_suffix(" -->")) else {
            continue;
        };
        assert_eq!(lines[number + 1], "```json", "{name}");
        let example: Vec<_> = lines[number + 2..].iter().take_while(|line| *line != "```").collect();
        let file = fs::read_to_string(folder.join(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(example, file.lines().collect::<Vec<_>>(), "{name}");
        examples.insert(name.to_owned());
    }
    let entries = fs::read_dir(folder).unwrap();
    let existing: BTreeSet<_> =
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    assert_eq!(examples, existing);
}

#[test]
fn each_json_example_is_a_golden_file() {
    let lines = document::lines();
    for (number, line) in lines.iter().enumerate().filter(|(_, line)| *line == "```json") {
        assert!(lines[number - 1].starts_with("<!-- golden: "), "line {}: {line}", number + 1);
    }
}

#[test]
fn the_table_of_errors_agrees_with_the_code() {
    let row = |code: &ErrorCode| {
        let temporary = if code.is_temporary() { "yes" } else { "no" };
        [&code.number().to_string(), code.name(), temporary, code.advice()].map(str::to_owned).to_vec()
    };
    assert_eq!(document::table("errors"), ErrorCode::ALL.iter().map(row).collect::<Vec<_>>());
}

#[test]
fn the_close_codes_are_those_of_the_code() {
    let row = |ending: &Ending| {
        let code = ending.code.number();
        let back = if should_reconnect(code) { "yes" } else { "no" };
        [code.to_string(), format!("{:?}", ending.code), back.to_owned()].to_vec()
    };
    let documented: Vec<_> = document::table("closes").into_iter().map(|row| row[..3].to_vec()).collect();
    assert_eq!(documented, ENDINGS.iter().map(row).collect::<Vec<_>>());
}

#[test]
fn the_refusals_that_stand_for_a_close_code_are_those_of_the_code() {
    let row = |ending: &Ending| {
        let problem = ending.problems.first()?.name();
        Some(
            [format!("{} {:?}", ending.code.number(), ending.code), format!("{} {problem}", ending.status)]
                .to_vec(),
        )
    };
    let documented =
        document::table("refusals").into_iter().map(|row| row.iter().map(|it| it.replace('`', "")).collect());
    assert_eq!(documented.collect::<Vec<Vec<_>>>(), ENDINGS.iter().filter_map(row).collect::<Vec<_>>());
}

#[test]
fn the_table_of_limits_agrees_with_the_code() {
    macro_rules! values {
        ($($name:ident),* $(,)?) => {
            [$((stringify!($name).to_owned(), u64::try_from(limits::$name).unwrap())),*]
        };
    }
    let values = values![
        TEXT_BYTES_MAX,
        FRAME_BYTES_MAX,
        PLAIN_BYTES_MAX,
        NAME_CHARS_MAX,
        NAME_BYTES_MAX,
        SNAPSHOT_MESSAGES,
        SNAPSHOT_BYTES,
        DESCRIPTION_CHARS_MAX,
        HISTORY_MESSAGES,
        ROOMS_PAGE,
        UNREAD_MAX,
        HELD_MAX,
        REPLAY_EVENTS_MAX,
        REPLAY_BYTES_MAX,
        WELCOME_PRESENT_MAX,
        PRESENCE_NAMED_MAX,
        PING_MS,
        SILENCE_MS,
        TRACE_PAYLOAD_BYTES_MAX,
        TRACE_BYTES_MAX,
    ];
    assert_eq!(document::limits("shared::limits"), values);
    let source = include_str!("../src/limits.rs");
    assert_eq!(source.matches("pub const ").count(), values.len(), "a limit that PROTOCOL.md does not name");
}

#[test]
fn advice_names_the_limits() {
    assert!(ErrorCode::NameTooLong.advice().contains(&limits::NAME_CHARS_MAX.to_string()));
    assert!(ErrorCode::DescriptionRefused.advice().contains(&limits::DESCRIPTION_CHARS_MAX.to_string()));
}
