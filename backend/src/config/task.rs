//! The task of the program: to serve, or to work on a database.

use super::RawSettings;
use std::{ffi::OsStr, path::PathBuf};

/// A task, with the file that it reads or writes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Task {
    /// Serve the house.
    #[default]
    Serve,
    /// Write the database to this file.
    Backup(PathBuf),
    /// Begin the database from this file.
    Restore(PathBuf),
    /// Check the database.
    Check,
    /// Check the database, and repair what can be repaired.
    Repair,
}

impl Task {
    /// Reads the task from the positional arguments.
    pub(super) fn read(raw: &RawSettings, errors: &mut Vec<String>) -> Self {
        if raw.repair && raw.positional.first().is_none_or(|first| first != "check") {
            errors.push("--repair: goes with check, as in teahouse check --repair".to_owned());
        }
        let Some((first, rest)) = raw.positional.split_first() else { return Task::Serve };
        let name = first.to_string_lossy();
        let mut rest = rest.iter();
        let mut file = || match rest.next() {
            Some(file) if file == "-" => {
                errors.push(format!("{name}: - is no file; name one, or ./- for a file of this name"));
                PathBuf::new()
            }
            Some(file) if !file.is_empty() => PathBuf::from(file),
            _ => {
                errors.push(format!("{name}: name a file, as in teahouse {name} FILE"));
                PathBuf::new()
            }
        };
        let task = match first.to_str() {
            Some("backup") => Task::Backup(file()),
            Some("restore") => Task::Restore(file()),
            Some("check") if raw.repair => Task::Repair,
            Some("check") => Task::Check,
            _ => {
                errors.push(format!("{name}: unknown command; run teahouse --help for a list"));
                return Task::Serve;
            }
        };
        let too_many = |word: &OsStr| format!("{}: unexpected argument; remove it", word.to_string_lossy());
        errors.extend(rest.map(|word| too_many(word)));
        task
    }
}
