//! The build's check of the catalogues against the sources. These rules must hold:
//!
//! - every catalogue is one flat JSON object of texts, without a repeated key;
//! - all catalogues have the same keys, and the same `%{placeholders}` under each;
//! - every `tr!(language, "key", name = value)` names a key that exists, and
//!   gives exactly the placeholders of its text;
//! - every key is used.
//!
//! The functions read no files, so that tests can pass faulty texts to them.

use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

type Placeholders = BTreeSet<String>;
type Catalogue = BTreeMap<String, Placeholders>;

/// Everything that is wrong. `catalogues` and `sources` are paths and texts.
pub(crate) fn faults(catalogues: &[(String, String)], sources: &[(String, String)]) -> Vec<String> {
    let mut faults = Vec::new();
    let mut read: Vec<(&str, Catalogue)> = Vec::new();
    for (path, text) in catalogues {
        match parse(text) {
            Ok(catalogue) => read.push((path, catalogue)),
            Err(error) => faults.push(format!("{path}: {error}")),
        }
    }
    let Some(((first_path, first), others)) = read.split_first() else {
        faults.push("there is no catalogue".to_owned());
        return faults;
    };
    for (path, catalogue) in others {
        compare(first_path, first, path, catalogue, &mut faults);
    }
    let mut used = BTreeSet::new();
    for (path, text) in sources {
        for call in calls(text) {
            match call {
                Ok((key, given)) => {
                    check_call(path, &key, &given, first, &mut faults);
                    used.insert(key);
                }
                Err(error) => faults.push(format!("{path}: {error}")),
            }
        }
    }
    for key in first.keys().filter(|key| !used.contains(*key)) {
        faults.push(format!("{first_path}: nothing uses the key {key}"));
    }
    faults
}

fn check_call(path: &str, key: &str, given: &Placeholders, catalogue: &Catalogue, faults: &mut Vec<String>) {
    match catalogue.get(key) {
        None => faults.push(format!("{path}: tr! names the key {key}, which no catalogue has")),
        Some(wanted) if wanted != given => {
            faults.push(format!("{path}: tr! of {key} gives {given:?}, its text wants {wanted:?}"));
        }
        Some(_) => {}
    }
}

fn compare(one_path: &str, one: &Catalogue, other_path: &str, other: &Catalogue, faults: &mut Vec<String>) {
    for (key, placeholders) in one {
        match other.get(key) {
            None => faults.push(format!("{other_path}: the key {key} is missing")),
            Some(theirs) if theirs != placeholders => faults.push(format!(
                "{other_path}: {key} has the placeholders {theirs:?}, in {one_path} they are {placeholders:?}"
            )),
            Some(_) => {}
        }
    }
    for key in other.keys().filter(|key| !one.contains_key(*key)) {
        faults.push(format!("{one_path}: the key {key} is missing"));
    }
}

fn parse(text: &str) -> Result<Catalogue, String> {
    let value: Value = serde_json::from_str(text).map_err(|error| error.to_string())?;
    let object = value.as_object().ok_or("not a JSON object")?;
    // serde_json keeps the last of two equal keys and says nothing; a line has one key.
    let lines = text.lines().filter(|line| line.trim_start().starts_with('"')).count();
    if lines != object.len() {
        return Err("a key stands in it twice, or a line does not begin with a key".to_owned());
    }
    let mut catalogue = Catalogue::new();
    for (key, value) in object {
        let text = value.as_str().ok_or_else(|| format!("{key} is not a text"))?;
        if text.trim().is_empty() {
            return Err(format!("{key} is empty"));
        }
        catalogue.insert(key.clone(), placeholders(text).map_err(|error| format!("{key} {error}"))?);
    }
    Ok(catalogue)
}

/// The names in `%{name}`, and in `%{name:one|other}`, which is the first form where the value is 1.
fn placeholders(text: &str) -> Result<Placeholders, String> {
    let mut found = Placeholders::new();
    let mut rest = text;
    while let Some(at) = rest.find('%') {
        let inside = rest[at + 1..].strip_prefix('{').and_then(|inside| inside.split_once('}'));
        let name = inside.map(|(inside, after)| match inside.split_once(':') {
            Some((name, forms)) if is_two_forms(forms) => (name, after),
            _ => (inside, after),
        });
        let Some((name, after)) = name.filter(|(name, _)| is_name(name)) else {
            return Err("has a % that begins no placeholder".to_owned());
        };
        found.insert(name.to_owned());
        rest = after;
    }
    Ok(found)
}

/// The form for 1 and the other, of which none is filled in itself.
fn is_two_forms(text: &str) -> bool {
    text.split('|').count() == 2 && !text.contains('%')
}

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_')
}

/// Key and placeholders of each `tr!(…)` in a source, or the reason why a call cannot be read. Lines of
/// comments are skipped.
fn calls(source: &str) -> Vec<Result<(String, Placeholders), String>> {
    let code = source.lines().filter(|line| !line.trim_start().starts_with("//"));
    let code = code.collect::<Vec<_>>().join("\n");
    let mut found = Vec::new();
    let mut rest = code.as_str();
    while let Some(at) = rest.find("tr!(") {
        let whole_word = !rest[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_');
        rest = &rest[at + "tr!(".len()..];
        if whole_word {
            let arguments = arguments(rest);
            found.push(
                read_call(&arguments).ok_or_else(|| format!("cannot read tr!({})", arguments.join(","))),
            );
        }
    }
    found
}

fn read_call(arguments: &[&str]) -> Option<(String, Placeholders)> {
    let [_language, key, given @ ..] = arguments else { return None };
    let key = key.trim().strip_prefix('"')?.strip_suffix('"')?;
    let given = given.iter().filter(|argument| !argument.trim().is_empty());
    let names = given.map(|argument| {
        let (name, _value) = argument.split_once('=')?;
        Some(name.trim().to_owned()).filter(|name| is_name(name))
    });
    Some((key.to_owned(), names.collect::<Option<Placeholders>>()?))
}

/// The arguments of a call up to its closing bracket, cut at the commas that
/// stand in no bracket or text.
fn arguments(source: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let (mut depth, mut from, mut in_text, mut escaped) = (0_usize, 0, false, false);
    for (at, byte) in source.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_text => escaped = true,
            b'"' => in_text = !in_text,
            _ if in_text => {}
            b'(' | b'[' | b'{' => depth += 1,
            b')' | b']' | b'}' if depth > 0 => depth -= 1,
            b')' => {
                found.push(&source[from..at]);
                return found;
            }
            b',' if depth == 0 => {
                found.push(&source[from..at]);
                from = at + 1;
            }
            _ => {}
        }
    }
    found
}
