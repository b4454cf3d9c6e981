//! The program `teahouse`: reads the settings, then serves the house or runs a task on its database.

mod admin;

use backend::RunInputs;
use backend::config::{self, Config, ConfigErrors, HELP, RawSettings, Task};
use backend::connection::deadlines::Deadlines;
use backend::lan;
use backend::page::Page;
use backend::server::{listener, shutdown};
use backend::store::data_folder::DataFolder;
use backend::store::permission_hint::FileUse;
use backend::store::sqlite::{self, SqliteStore};
use backend::telemetry;
use std::{env, ffi::OsString, net::TcpListener, process::ExitCode};

/// Exit code if a setting is wrong.
const EXIT_SETTINGS: u8 = 2;
/// Exit code if a vital part of the server has ended (`EX_SOFTWARE` of sysexits).
const EXIT_FAULT: u8 = 70;

fn main() -> ExitCode {
    telemetry::start();
    let raw = RawSettings::collect(env::args_os().skip(1), |name| env::var(name).ok());
    if raw.help {
        print!("{HELP}");
        return ExitCode::SUCCESS;
    }
    if raw.version {
        println!("teahouse {}", env!("CARGO_PKG_VERSION"));
        return ExitCode::SUCCESS;
    }
    let lossy = |text: OsString| text.to_string_lossy().into_owned();
    let variables = env::vars_os().map(|(name, value)| (lossy(name), lossy(value)));
    config::unknown_variables(variables).iter().for_each(|line| eprintln!("teahouse: {line}"));
    match Config::parse(&raw) {
        Ok(config) => run_task(config),
        Err(ConfigErrors(lines)) => {
            lines.iter().for_each(|line| eprintln!("teahouse: {line}"));
            ExitCode::from(EXIT_SETTINGS)
        }
    }
}

fn run_task(config: Config) -> ExitCode {
    let done = match &config.task {
        Task::Serve => return serve(config),
        Task::Backup(file) => admin::backup(&config, file),
        Task::Restore(file) => admin::restore(&config, file),
        Task::Check => admin::check(&config),
    };
    match done {
        Ok(code) => code,
        Err(why) => {
            eprintln!("teahouse: {why}");
            ExitCode::FAILURE
        }
    }
}

fn serve(config: Config) -> ExitCode {
    let (listener, inputs) = match open(&config) {
        Ok(opened) => opened,
        Err(why) => {
            eprintln!("teahouse: {why}");
            return ExitCode::FAILURE;
        }
    };
    announce(&config, &listener);
    match actix_web::rt::System::new().block_on(backend::run(listener, config, inputs, shutdown::requested()))
    {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!("{error}");
            ExitCode::from(EXIT_FAULT)
        }
    }
}

fn open(config: &Config) -> Result<(TcpListener, RunInputs), String> {
    let folder = DataFolder::lock(&config.data).map_err(|error| error.to_string())?;
    let listener = listener::open(config.listen).map_err(|error| {
        format!("cannot listen on {}: {error}; choose another address or port with --listen", config.listen)
    })?;
    let log = config.data.join(sqlite::FILE);
    let store = SqliteStore::open(folder).map_err(|fault| fault.at(&log, FileUse::Write).to_string())?;
    let house_id = store.house_id().to_owned();
    let store = Box::new(store);
    let page = Page::load();
    let deadlines = Deadlines::default();
    let inputs = RunInputs { store, page, house_id, inbound_hook: None, deadlines, connections_max: None };
    Ok((listener, inputs))
}

fn announce(config: &Config, listener: &TcpListener) {
    let address = listener.local_addr().unwrap_or(config.listen);
    let own = config.public_url.as_ref().map(|url| url.as_str().trim_end_matches('/').to_owned());
    println!("Teahouse 茶馆 is open: {}", own.unwrap_or_else(|| lan::local_url(address)));
    if config.lan {
        match lan::url(address) {
            Some(url) => println!(
                "Other devices in this network can open: {url}\n{}",
                lan::qr(&url).unwrap_or_default()
            ),
            None => println!("This machine has no local network address, so other devices cannot connect."),
        }
    }
}
