//! Collects settings as text, with the source of each, so that an error can name the setting as it was
//! written.

use super::nearest::nearest;
use std::{collections::BTreeMap, ffi::OsString, fs};

/// The names of all settings, as flags spell them.
pub(super) const NAMES: &[&str] = &[
    "listen",
    "lan",
    "public-url",
    "allow-origin",
    "host",
    "trust-proxy",
    "plain",
    "limit-posts",
    "metrics",
    "data",
];

/// Source of a setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SettingSource {
    /// A flag, such as `--listen`.
    Flag,
    /// A variable, such as `TEAHOUSE_LISTEN`.
    Environment,
    /// The configuration file, such as `listen = "…"`.
    File,
}

impl SettingSource {
    /// Name of a setting in this source.
    pub fn name(self, name: &str) -> String {
        match self {
            SettingSource::Flag => format!("--{name}"),
            SettingSource::Environment => env_name(name),
            SettingSource::File => format!("{} in the configuration file", toml_key(name)),
        }
    }
}

pub(super) fn env_name(name: &str) -> String {
    format!("TEAHOUSE_{}", name.replace('-', "_").to_uppercase())
}

fn toml_key(name: &str) -> String {
    name.replace('-', "_")
}

/// Settings as text, each from the source that takes precedence.
#[derive(Clone, Debug, Default)]
pub struct RawSettings {
    /// Values by the setting's name.
    pub values: BTreeMap<&'static str, (SettingSource, Vec<String>)>,
    /// Positional arguments: a task and its file.
    pub positional: Vec<OsString>,
    /// Errors of arguments and files that could not be read at all.
    pub errors: Vec<String>,
    /// Whether `--help` was given.
    pub help: bool,
    /// Whether `--version` was given.
    pub version: bool,
    /// Whether `--repair` was given.
    pub repair: bool,
}

impl RawSettings {
    /// Collects the settings from the flags, the environment and the file.
    pub fn collect(
        arguments: impl IntoIterator<Item = OsString>,
        environment: impl Fn(&str) -> Option<OsString>,
    ) -> Self {
        let mut raw = RawSettings::default();
        let mut file = raw.read_flags(arguments);
        let mut errors = Vec::new();
        let mut variable = |name: &str| {
            let value = environment(&env_name(name))?.into_string();
            value.map_err(|_| errors.push(format!("{}: the value is not valid UTF-8", env_name(name)))).ok()
        };
        if file.is_none() {
            file = variable("config");
        }
        for name in NAMES {
            if let Some(value) = variable(name) {
                let values = match *name {
                    "allow-origin" | "host" => value.split_whitespace().map(str::to_owned).collect(),
                    _ => vec![value],
                };
                raw.values.entry(name).or_insert((SettingSource::Environment, values));
            }
        }
        raw.errors.append(&mut errors);
        if let Some(file) = file {
            raw.read_file(&file);
        }
        raw
    }

    /// Reads the flags; returns the value of `--config`.
    fn read_flags(&mut self, arguments: impl IntoIterator<Item = OsString>) -> Option<String> {
        let mut parser = lexopt::Parser::from_args(arguments);
        let mut file = None;
        loop {
            let flag = match parser.next() {
                Ok(Some(lexopt::Arg::Long(flag))) => flag.to_owned(),
                Ok(Some(lexopt::Arg::Short('h'))) => "help".to_owned(),
                Ok(Some(lexopt::Arg::Short('V'))) => "version".to_owned(),
                Ok(Some(lexopt::Arg::Value(word))) => {
                    self.positional.push(word);
                    continue;
                }
                Ok(Some(other)) => {
                    self.errors.push(format!(
                        "{}: unknown option; run teahouse --help for a list",
                        other.unexpected()
                    ));
                    continue;
                }
                Ok(None) => return file,
                Err(error) => {
                    self.errors.push(error.to_string());
                    continue;
                }
            };
            match flag.as_str() {
                "help" => self.help = true,
                "version" => self.version = true,
                "repair" => self.repair = true,
                "config" => file = self.flag_value(&mut parser, "config"),
                // `--lan` is a switch; `--lan=off` is accepted too.
                "lan" => {
                    let value = parser
                        .optional_value()
                        .map_or("on".to_owned(), |value| value.to_string_lossy().into_owned());
                    self.add("lan", value);
                }
                flag => match NAMES.iter().find(|name| **name == flag) {
                    Some(name) => {
                        if let Some(value) = self.flag_value(&mut parser, name) {
                            self.add(name, value);
                        }
                    }
                    None => {
                        // Take its value, if it has one: it would be reported as a second error.
                        let _ = parser.optional_value();
                        let advice = match nearest(flag, NAMES.iter().copied()) {
                            Some(meant) => format!("did you mean --{meant}?"),
                            None => "run teahouse --help for a list".to_owned(),
                        };
                        self.errors.push(format!("--{flag}: unknown option; {advice}"));
                    }
                },
            }
        }
    }

    fn flag_value(&mut self, parser: &mut lexopt::Parser, name: &str) -> Option<String> {
        match parser.value().map(OsString::into_string) {
            Ok(Ok(value)) => Some(value),
            Ok(Err(_)) => {
                self.errors.push(format!("--{name}: the value is not valid UTF-8"));
                None
            }
            Err(_) => {
                self.errors.push(format!("--{name}: a value is missing"));
                None
            }
        }
    }

    fn add(&mut self, name: &'static str, value: String) {
        self.values.entry(name).or_insert((SettingSource::Flag, Vec::new())).1.push(value);
    }

    fn read_file(&mut self, path: &str) {
        let text = match fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) => return self.errors.push(format!("--config: {path}: {error}")),
        };
        let table: toml::Table = match toml::from_str(&text) {
            Ok(table) => table,
            Err(error) => {
                return self.errors.push(format!("--config: {path}: {}", error.to_string().trim_end()));
            }
        };
        for (key_there, value) in table {
            let Some(name) = NAMES.iter().find(|name| toml_key(name) == key_there) else {
                let advice = match nearest_key(&key_there) {
                    Some(meant) => format!("did you mean {meant}?"),
                    None => "run teahouse --help for a list".to_owned(),
                };
                self.errors.push(format!("{key_there} in the configuration file: unknown setting; {advice}"));
                continue;
            };
            match to_texts(value) {
                Some(values) => {
                    self.values.entry(name).or_insert((SettingSource::File, values));
                }
                None => self.errors.push(format!(
                    "{}: the value must be a string, a number, true, false, or a list of these",
                    SettingSource::File.name(name)
                )),
            }
        }
    }
}

/// The key of the configuration file that is most similar to this one.
fn nearest_key(key: &str) -> Option<String> {
    nearest(&key.to_lowercase().replace('-', "_"), NAMES.iter().map(|name| toml_key(name)))
}

fn to_texts(value: toml::Value) -> Option<Vec<String>> {
    match value {
        toml::Value::String(text) => Some(vec![text]),
        toml::Value::Integer(number) => Some(vec![number.to_string()]),
        toml::Value::Boolean(is_on) => Some(vec![is_on.to_string()]),
        toml::Value::Array(values) => {
            let texts: Option<Vec<_>> = values.into_iter().map(to_texts).collect();
            Some(texts?.into_iter().flatten().collect())
        }
        _ => None,
    }
}
