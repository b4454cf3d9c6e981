//! The tasks on a house's database: their output and their exit codes. Only the program uses them.

use backend::config::Config;
use backend::store::data_folder::DataFolder;
use backend::store::sqlite::{self, Repaired};
use backend::telemetry::print;
use std::{path::Path, process::ExitCode};

/// Writes the database to this file.
pub(crate) fn backup(config: &Config, file: &Path) -> Result<ExitCode, String> {
    let head = sqlite::backup(&config.data, file).map_err(|error| format!("backup: {error}"))?;
    print(format_args!("Backup written to {} (up to event {head}).\n", file.display()));
    Ok(ExitCode::SUCCESS)
}

/// Begins the database from this file.
pub(crate) fn restore(config: &Config, file: &Path) -> Result<ExitCode, String> {
    let folder = DataFolder::lock(&config.data).map_err(|error| format!("restore: {error}"))?;
    let restored = sqlite::restore(&folder, file).map_err(|error| format!("restore: {error}"))?;
    print(format_args!("Backup restored to {} (up to event {}).\n", config.data.display(), restored.head));
    if restored.is_other_house {
        print("The folder now has the backup's house id, so its members stay signed in.\n");
    }
    Ok(ExitCode::SUCCESS)
}

/// Checks the database. The exit code is 1 if it is damaged.
pub(crate) fn check(config: &Config) -> Result<ExitCode, String> {
    let report = sqlite::check(&config.data).map_err(|error| format!("check: {error}"))?;
    print(&report);
    Ok(if report.is_sound() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Repairs the database of a server that is stopped, and checks it. The exit code is 1 if damage is left.
pub(crate) fn repair(config: &Config) -> Result<ExitCode, String> {
    let log = config.data.join(sqlite::FILE);
    if !log.exists() {
        return Err(format!("check: {}", sqlite::LogError::Missing(log)));
    }
    let folder = DataFolder::lock(&config.data).map_err(|error| format!("check: {error}"))?;
    let Repaired { blanked, has_new_state, report } =
        sqlite::repair(&folder).map_err(|error| format!("check: {error}"))?;
    folder.keep();
    print(match blanked {
        0 => "Nothing was blanked.\n".to_owned(),
        1 => "1 event could not be read and was blanked.\n".to_owned(),
        blanked => format!("{blanked} events could not be read and were blanked.\n"),
    });
    if has_new_state {
        print("The stored rooms and members were written anew from the events.\n");
    }
    print(&report);
    if !report.is_sound() {
        print("The rest cannot be repaired: restore a backup with teahouse restore.\n");
    }
    Ok(if report.is_sound() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
