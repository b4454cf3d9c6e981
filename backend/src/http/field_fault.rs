//! Names the field that makes a command or the body of a request unreadable, for the developer who has sent it.

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use shared::{Command, ErrorCode};

/// The fields of all commands and bodies. A text of the request is never repeated to its sender.
const FIELDS: [&str; 16] = [
    "ref",
    "client_id",
    "room",
    "text",
    "name",
    "description",
    "at",
    "to",
    "after",
    "find",
    "build",
    "cursor",
    "held",
    "away",
    "join_key",
    "n",
];

/// Describes the field that made the parser refuse a command with this code; none if it is not one field alone.
pub(super) fn of_command(json: &[u8], code: ErrorCode) -> Option<String> {
    if code == ErrorCode::BadField { describe::<Command>(json, "command") } else { None }
}

/// Describes the field of a `T` that is missing or cannot be read; none if it is not one field alone. `whole` is what
/// the JSON is, such as `command`.
pub(super) fn describe<T: DeserializeOwned>(json: &[u8], whole: &str) -> Option<String> {
    let mut fields: Map<String, Value> = serde_json::from_slice(json).ok()?;
    let error = error_of::<T>(&fields)?;
    if let Some(name) = FIELDS.iter().find(|name| error == format!("missing field `{name}`")) {
        return Some(format!("`{name}` is missing in the {whole}."));
    }
    // Without the field that is wrong, the command has another error or none.
    let wrong = FIELDS.iter().find(|name| {
        let Some(value) = fields.remove(**name) else { return false };
        let is_wrong = error_of::<T>(&fields).as_ref() != Some(&error);
        fields.insert((**name).to_owned(), value);
        is_wrong
    });
    wrong.map(|name| format!("`{name}` in the {whole} cannot be read."))
}

fn error_of<T: DeserializeOwned>(fields: &Map<String, Value>) -> Option<String> {
    T::deserialize(fields).err().map(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use shared::api::{JoinRequest, NameRequest};

    #[test]
    fn the_wrong_field_of_a_command_is_named() {
        let id = "00112233445566778899aabbccddeeff";
        let upper = id.to_uppercase();
        for (command, expected) in [
            (
                format!(r#"{{"type":"post","client_id":"{id}","room":1,"text":"x"}}"#),
                "`ref` is missing in the command.",
            ),
            (
                format!(r#"{{"type":"post","ref":1,"client_id":"{upper}","room":1,"text":"x"}}"#),
                "`client_id` in the command cannot be read.",
            ),
            (
                format!(r#"{{"type":"post","ref":1,"client_id":"{id}","room":"1","text":"x"}}"#),
                "`room` in the command cannot be read.",
            ),
            (
                format!(r#"{{"type":"post","ref":1,"client_id":"{id}","room":1,"text":7}}"#),
                "`text` in the command cannot be read.",
            ),
            (
                r#"{"type":"history","ref":1,"room":1,"at":"oldest"}"#.to_owned(),
                "`at` in the command cannot be read.",
            ),
            (r#"{"type":"presence","away":"no"}"#.to_owned(), "`away` in the command cannot be read."),
            (r#"{"type":"rooms","ref":-1}"#.to_owned(), "`ref` in the command cannot be read."),
        ] {
            let found = describe::<Command>(command.as_bytes(), "command");
            assert_eq!(found.as_deref(), Some(expected), "{command}");
        }
        for command in ["", "[]", r#"{"type":"ping"}"#, r#"{"type":"sing"}"#, r#"{"type":7}"#] {
            assert_eq!(describe::<Command>(command.as_bytes(), "command"), None, "{command}");
        }
    }

    #[test]
    fn the_wrong_field_of_a_body_is_named() {
        let join = |body: &str| describe::<JoinRequest>(body.as_bytes(), "body");
        let missing = Some("`name` is missing in the body.".to_owned());
        assert_eq!(join("{}"), missing);
        assert_eq!(describe::<NameRequest>(b"{}", "body"), missing);
        assert_eq!(join(r#"{"name":7}"#).as_deref(), Some("`name` in the body cannot be read."));
        let wrong_key = join(r#"{"name":"Wei","join_key":"7"}"#);
        assert_eq!(wrong_key.as_deref(), Some("`join_key` in the body cannot be read."));
        assert_eq!(join(r#"{"name":"Wei"}"#), None);
        assert_eq!(join(r#"["Wei"]"#), None);
    }

    #[test]
    fn every_field_of_the_golden_commands_is_known() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/tests/golden/v1");
        let mut seen = 0;
        for file in std::fs::read_dir(folder).unwrap().map(Result::unwrap) {
            if file.file_name().to_string_lossy().starts_with("command_") {
                let text = std::fs::read_to_string(file.path()).unwrap();
                let fields: Map<String, Value> = serde_json::from_str(&text).unwrap();
                for name in fields.keys().filter(|name| *name != "type") {
                    assert!(FIELDS.contains(&name.as_str()), "{name}");
                }
                seen += 1;
            }
        }
        assert!(seen > 10);
    }
}
