//! The tasks on a house's database: their output and their exit codes. Only the program uses them.

use backend::config::Config;
use backend::store::data_folder::DataFolder;
use backend::store::sqlite;
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
