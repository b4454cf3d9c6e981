//! The part of JSON Schema that the document uses. An unknown keyword is an error, and so is a member of an
//! object that its schema does not name. So the document must describe everything that is tested.

use serde_json::{Map, Value};

/// Keywords that do not restrict a value.
const WORDS: [&str; 4] = ["description", "discriminator", "examples", "example"];

/// Reasons why a value does not match the schema; empty if it does.
pub(crate) fn faults(document: &Value, schema: &Value, value: &Value) -> Vec<String> {
    let mut faults = Vec::new();
    check(document, schema, value, "", &mut faults);
    faults
}

/// Resolves a reference within the document.
pub(crate) fn resolve<'d>(document: &'d Value, reference: &str) -> &'d Value {
    let pointer =
        reference.strip_prefix('#').unwrap_or_else(|| panic!("{reference} points into another document"));
    document.pointer(pointer).unwrap_or_else(|| panic!("{reference} points at nothing"))
}

fn check(document: &Value, schema: &Value, value: &Value, at: &str, faults: &mut Vec<String>) {
    let schema = schema.as_object().expect("a schema is an object");
    for (keyword, wanted) in schema {
        let holds = match keyword.as_str() {
            "$ref" => {
                check(document, resolve(document, wanted.as_str().unwrap()), value, at, faults);
                true
            }
            "type" => is_of(wanted.as_str().unwrap(), value),
            "const" => value == wanted,
            "enum" => wanted.as_array().unwrap().contains(value),
            "minimum" => value.as_f64().is_none_or(|value| value >= wanted.as_f64().unwrap()),
            "maximum" => value.as_f64().is_none_or(|value| value <= wanted.as_f64().unwrap()),
            "maxLength" => {
                value.as_str().is_none_or(|text| text.chars().count() as u64 <= wanted.as_u64().unwrap())
            }
            "maxItems" => value.as_array().is_none_or(|all| all.len() as u64 <= wanted.as_u64().unwrap()),
            "pattern" => value.as_str().is_none_or(|text| matches(wanted.as_str().unwrap(), text)),
            "items" => {
                for (index, item) in value.as_array().into_iter().flatten().enumerate() {
                    check(document, wanted, item, &format!("{at}/{index}"), faults);
                }
                true
            }
            "required" => {
                let all = wanted.as_array().unwrap().iter();
                all.map(|name| name.as_str().unwrap()).all(|name| value.get(name).is_some())
            }
            "properties" => {
                members(document, wanted.as_object().unwrap(), value, at, faults);
                true
            }
            "oneOf" => {
                let fitting = wanted.as_array().unwrap().iter().filter(|one| {
                    let mut faults = Vec::new();
                    check(document, one, value, at, &mut faults);
                    faults.is_empty()
                });
                fitting.count() == 1
            }
            word if WORDS.contains(&word) => true,
            other => panic!("{other}: a keyword that is not known here"),
        };
        if !holds {
            faults.push(format!("{at}: {value} against {keyword} {wanted}"));
        }
    }
}

fn members(document: &Value, named: &Map<String, Value>, value: &Value, at: &str, faults: &mut Vec<String>) {
    for (name, member) in value.as_object().into_iter().flatten() {
        match named.get(name) {
            Some(schema) => check(document, schema, member, &format!("{at}/{name}"), faults),
            None => faults.push(format!("{at}/{name} is not described")),
        }
    }
}

fn is_of(kind: &str, value: &Value) -> bool {
    match kind {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "integer" => value.is_u64() || value.is_i64(),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        other => panic!("{other}: no type"),
    }
}

/// Matches the patterns of the document. Each is recognised by its text.
fn matches(pattern: &str, text: &str) -> bool {
    match pattern {
        "^[0-9a-f]{16}\\.[0-9]{1,20}(\\.[0-9a-f]{8})?$" => text.parse::<shared::Cursor>().is_ok(),
        "^[0-9a-f]{8}$" => text.parse::<shared::Mark>().is_ok(),
        "^[0-9a-f]{32}$" => text.parse::<shared::ClientId>().is_ok(),
        other => panic!("{other}: a pattern that is not known here"),
    }
}
