//! Golden files: one example of every frame and body of the protocol, in `golden/v1`. PROTOCOL.md quotes
//! them.
//!
//! A file equals what the type writes, with the same order of fields, except for white space. The type
//! reads it back as the same value.

#![expect(clippy::unwrap_used, reason = "a test says what is wrong by panicking")]

use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;
use shared::{
    Address, Command, Cursor, ErrorCode, Event, Mark, MemberId, RoomId,
    event::{EventFrame, Position, Refusal},
};
use std::{collections::BTreeSet, fmt::Debug, fs, path::PathBuf};

mod sample;
use sample::*;

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/golden/v1")
}

fn golden(name: &str) -> String {
    fs::read_to_string(folder().join(format!("{name}.json")))
        .unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// Removes the white space outside strings.
fn compact(json: &str) -> String {
    let (mut in_string, mut escaped) = (false, false);
    let without_space = json.chars().filter(|c| {
        let is_significant = in_string || !c.is_ascii_whitespace();
        if *c == '"' && !escaped {
            in_string = !in_string;
        }
        escaped = in_string && *c == '\\' && !escaped;
        is_significant
    });
    without_space.collect()
}

fn agree<T: Serialize + DeserializeOwned + PartialEq + Debug>(all: &[(&str, T)]) {
    for (name, value) in all {
        let text = golden(name);
        assert_eq!(serde_json::to_string(value).unwrap(), compact(&text), "{name}: written");
        assert_eq!(serde_json::from_str::<T>(&text).unwrap(), *value, "{name}: read");
    }
}

#[test]
fn each_value_is_written_as_its_file_and_read_back() {
    agree(&commands());
    agree(&events());
    agree(&frames());
    agree(&bodies_me());
    agree(&bodies_join());
    agree(&bodies_name());
    agree(&bodies_problem());
    for (name, command) in commands() {
        assert_eq!(Command::parse(&golden(name)), Ok(command), "{name}");
    }
}

#[test]
fn white_space_is_removed_outside_strings_only() {
    assert_eq!(compact("{ \"a b\" : [ 1,\n\t2 ] }"), "{\"a b\":[1,2]}");
    assert_eq!(compact(r#"[ "\" \\" , "\\\" x" ]"#), r#"["\" \\","\\\" x"]"#);
}

#[test]
fn each_file_is_used_once() {
    fn names<T>(all: Vec<(&'static str, T)>) -> impl Iterator<Item = &'static str> {
        all.into_iter().map(|(name, _)| name)
    }
    let bodies = names(bodies_me())
        .chain(names(bodies_join()))
        .chain(names(bodies_name()))
        .chain(names(bodies_problem()));
    let used: Vec<_> =
        names(commands()).chain(names(events())).chain(names(frames())).chain(bodies).collect();
    let unique: BTreeSet<String> = used.iter().map(|name| format!("{name}.json")).collect();
    assert_eq!(unique.len(), used.len(), "a file is used twice");
    let entries = fs::read_dir(folder()).unwrap();
    let existing = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    assert_eq!(unique, existing);
}

/// Returns the variants of an enum, read from its source, under their names on the wire.
///
/// A `match` would not do: `Event` is `#[non_exhaustive]`, so a `match` here needs a wildcard, which would
/// accept a new variant silently.
fn variants(source: &str, name: &str) -> BTreeSet<String> {
    let after = source.lines().skip_while(|line| *line != format!("pub enum {name} {{")).skip(1);
    let body = after.take_while(|line| *line != "}").map(str::trim);
    let variants = body.filter(|line| line.starts_with(|c: char| c.is_ascii_uppercase()));
    variants
        .map(|line| snake_case(line.split(|c: char| !c.is_ascii_alphanumeric()).next().unwrap()))
        .collect()
}

fn snake_case(name: &str) -> String {
    let mut snake = String::new();
    for c in name.chars() {
        if c.is_ascii_uppercase() && !snake.is_empty() {
            snake.push('_');
        }
        snake.push(c.to_ascii_lowercase());
    }
    snake
}

fn types<T>(all: Vec<(&str, T)>) -> BTreeSet<String> {
    let of =
        |name| serde_json::from_str::<Value>(&golden(name)).unwrap()["type"].as_str().unwrap().to_owned();
    all.into_iter().map(|(name, _)| of(name)).collect()
}

#[test]
fn each_variant_has_a_file() {
    assert_eq!(types(commands()), variants(include_str!("../../src/command.rs"), "Command"));
    let mut found = types(events());
    // A client reads every unknown type as one of these. The server sends one of them, as `unreadable`.
    assert!(found.remove("unreadable"));
    found.insert("unknown".into());
    found.insert("unknown_durable".into());
    assert_eq!(found, variants(include_str!("../../src/event.rs"), "Event"));
}

#[test]
fn an_event_of_a_newer_server_is_read_as_unknown() {
    for frame in [
        r#"{"type":"reacted","n":8,"to":{"room":1},"prev":7,"emoji":"🍵","by":[1,2]}"#,
        r#"{"n":8,"type":"reacted"}"#,
        r#"{"type":"reacted"}"#,
    ] {
        let position =
            frame.contains("prev").then_some(Position { n: 8, to: Address::Room(RoomId::LOBBY), prev: 7 });
        let expected = position.map_or(Event::Unknown, Event::UnknownDurable);
        assert_eq!(Event::parse(frame).unwrap(), expected, "{frame}");
        let among = format!(r#"{{"type":"events","ref":1,"to":{{"room":1}},"events":[{frame}]}}"#);
        let Ok(Event::Events(found)) = Event::parse(&among) else { panic!("{among}") };
        assert_eq!(found.events, [expected], "a client that fills a gap needs its position");
    }
}

#[test]
fn fields_of_a_newer_peer_are_ignored() {
    fn with_more(text: &str) -> String {
        text.replacen('{', r#"{"a_field_to_come":{"x":[1,{}]},"#, 1)
    }
    for (name, event) in events() {
        assert_eq!(serde_json::from_str::<Event>(&with_more(&golden(name))).unwrap(), event, "{name}");
    }
    for (name, command) in commands() {
        assert_eq!(Command::parse(&with_more(&golden(name))), Ok(command), "{name}");
    }
    let inside = golden("event_welcome").replace("\"as_of\"", "\"topic\": \"tea\", \"as_of\"");
    assert_eq!(serde_json::from_str::<Event>(&inside).unwrap(), Event::Welcome(Box::new(welcome())));
}

#[test]
fn an_event_is_refused_when_a_field_is_wrong_or_there_twice() {
    // A client reads `unreadable` like every type that it does not know, and refuses none.
    for (name, _) in events().into_iter().filter(|(name, _)| *name != "event_unreadable") {
        let value: Value = serde_json::from_str(&golden(name)).unwrap();
        let fields = value.as_object().unwrap();
        for field in fields.keys() {
            let mut wrong = fields.clone();
            wrong[field] = (-1).into();
            let wrong = Value::Object(wrong).to_string();
            assert!(Event::parse(&wrong).is_err(), "{wrong}");
            let twice = golden(name).replacen('{', &format!("{{\"{field}\":{},", fields[field]), 1);
            assert!(Event::parse(&twice).is_err(), "{twice}");
        }
    }
}

#[test]
fn a_frame_that_tells_a_mark_is_an_event_for_older_clients() {
    for (name, frame) in frames() {
        assert_eq!(Event::parse(&golden(name)), Ok(frame.event.clone()), "{name}");
        assert_eq!(EventFrame::parse_untraced(&golden(name)), Ok(frame), "{name}");
    }
    for (name, event) in events().into_iter().filter(|(name, _)| !name.contains("trace")) {
        let Ok(EventFrame { mark, .. }) = EventFrame::parse_untraced(&golden(name)) else { panic!("{name}") };
        assert_eq!(mark, None, "{name}");
        assert_eq!(EventFrame::published(&event, None).mark, None);
    }
}

#[test]
fn a_frame_is_unreadable_when_its_mark_is_wrong() {
    for wrong in ["5d3c0a9", "5D3C0A91", "5d3c0a911", ""] {
        let text = golden("event_posted_marked").replace("5d3c0a91", wrong);
        assert!(EventFrame::parse_untraced(&text).is_err(), "{text}");
        assert_eq!(EventFrame::parse_or_unknown(&text), Event::Unknown.into());
    }
}

#[test]
fn a_cursor_without_a_mark_is_not_told() {
    let event = Event::Posted(posted());
    let told = |cursor: Option<Cursor>| {
        let EventFrame { mark, held, .. } = EventFrame::published(&event, cursor);
        (mark, held)
    };
    let end: Cursor = "9c1f0a5be2d47386.5.5d3c0a91".parse().unwrap();
    assert_eq!(told(Some(end)), (Some(Mark(0x5d3c_0a91)), None));
    let later = Cursor { n: 6, ..end };
    assert_eq!(told(Some(later)), (None, Some(later)));
    assert_eq!([told(None), told(Some(end.unmarked())), told(Some(later.unmarked()))], [(None, None); 3]);
    // Snapshots of a replay can follow its last event, so an event of a replay moves no cursor.
    assert_eq!(
        EventFrame::answered(&event, Some(end)),
        EventFrame { event: &event, mark: None, held: Some(end) }
    );
}

#[test]
fn an_error_of_a_newer_server_keeps_its_number_and_temporary_flag() {
    let frame = r#"{"type":"error","ref":2,"code":1999,"name":"too_tired","temporary":true}"#;
    let event: Event = serde_json::from_str(frame).unwrap();
    let name = "too_tired".into();
    let refusal =
        Refusal { reference: Some(2), code: ErrorCode::Other(1999), name, temporary: true, detail: None };
    assert_eq!(event, Event::Error(refusal));
    assert_eq!(serde_json::to_string(&event).unwrap(), frame);
}

#[test]
fn an_address_of_a_member_is_an_object_on_the_wire() {
    let to = Address::Member(MemberId(7));
    assert_eq!(serde_json::to_string(&to).unwrap(), r#"{"member":7}"#);
    assert_eq!(serde_json::from_str::<Address>(r#"{"member":7}"#).unwrap(), to);
}
