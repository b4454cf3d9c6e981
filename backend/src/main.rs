//! The program `teahouse`: reads the settings, then serves the house or runs a task on its database.

mod admin;
mod allocator;

use backend::RunInputs;
use backend::config::{self, Config, ConfigErrors, HELP, RawSettings, Task};
use backend::connection::deadlines::Deadlines;
use backend::lan;
use backend::limits::SHUTDOWN_LIMIT;
use backend::page::Page;
use backend::server::{
    listen_sockets, rlimit,
    shutdown::{self, ShutdownSignals},
};
use backend::store::data_folder::DataFolder;
use backend::store::permission_hint::FileUse;
use backend::store::sqlite::{self, SqliteStore};
use backend::telemetry::{self, print, tell};
use futures_util::future::{Either, select};
use std::{env, ffi::OsString, io::IsTerminal as _, net::TcpListener, pin::pin, process::ExitCode, thread};
use tokio::sync::oneshot;

/// Exit code if a setting is wrong.
const EXIT_SETTINGS: u8 = 2;
/// Exit code if a vital part of the server has ended (`EX_SOFTWARE` of sysexits).
const EXIT_FAULT: u8 = 70;
/// Exit code if a signal ends a task or the start: this plus the signal's number, as shells report it.
const EXIT_SIGNAL: u8 = 128;

/// Result of the start.
enum Started {
    /// There is nothing to serve: a task is done, or the start has failed.
    Ended(ExitCode),
    /// The house can be served.
    Opened(Box<(Vec<TcpListener>, Config, RunInputs)>),
}

fn main() -> ExitCode {
    #[cfg(unix)]
    allocator::set_purge_delay();
    let descriptors = rlimit::raise();
    if descriptors < rlimit::least_for_a_task() {
        return failed(rlimit::too_low(descriptors, rlimit::least_for_a_task()));
    }
    let runtime = actix_web::rt::System::new();
    let signals = runtime.block_on(async { ShutdownSignals::install() });
    telemetry::start();
    let code = runtime.block_on(run(signals, descriptors));
    // This closes the database, which may log an error.
    drop(runtime);
    telemetry::flush();
    code
}

/// Starts on a thread of its own, so that a signal ends the process even if a disk or a task takes long. Then
/// serves.
async fn run(mut signals: ShutdownSignals, descriptors: usize) -> ExitCode {
    let (result, started) = oneshot::channel();
    // The receiver may have ended the process.
    let start = move || drop(result.send(start(descriptors)));
    if let Err(error) = thread::Builder::new().name("start".to_owned()).spawn(start) {
        return failed(error);
    }
    let opened = match select(started, pin!(signals.received())).await {
        Either::Left((Ok(Started::Opened(opened)), _)) => *opened,
        Either::Left((Ok(Started::Ended(code)), _)) => return code,
        // The thread has panicked.
        Either::Left((Err(_), _)) => return ExitCode::from(EXIT_FAULT),
        Either::Right((signal, _)) => return ExitCode::from(EXIT_SIGNAL | signal),
    };
    let (listeners, config, inputs) = opened;
    let shutdown = async {
        signals.received().await;
        shutdown::limit(SHUTDOWN_LIMIT, EXIT_FAULT);
    };
    match backend::run(listeners, config, inputs, shutdown).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!("{error}");
            ExitCode::from(EXIT_FAULT)
        }
    }
}

/// Reads the settings, then opens the house or runs a task on its database.
fn start(descriptors: usize) -> Started {
    let raw = RawSettings::collect(env::args_os().skip(1), |name| env::var_os(name));
    if raw.help {
        print(HELP);
        return Started::Ended(ExitCode::SUCCESS);
    }
    if raw.version && raw.positional.is_empty() && raw.errors.is_empty() {
        print(format_args!("teahouse {}\n", env!("CARGO_PKG_VERSION")));
        return Started::Ended(ExitCode::SUCCESS);
    }
    let lossy = |text: OsString| text.to_string_lossy().into_owned();
    let variables = env::vars_os().map(|(name, value)| (lossy(name), lossy(value)));
    config::unknown_variables(variables).iter().for_each(tell);
    let config = match Config::parse(&raw) {
        Ok(config) => config,
        Err(ConfigErrors(lines)) => {
            lines.iter().for_each(tell);
            return Started::Ended(ExitCode::from(EXIT_SETTINGS));
        }
    };
    let done = match &config.task {
        Task::Serve => match open(&config, descriptors) {
            Ok((listeners, inputs)) => {
                announce(&config, &listeners);
                return Started::Opened(Box::new((listeners, config, inputs)));
            }
            Err(why) => Err(why),
        },
        Task::Backup(file) => admin::backup(&config, file),
        Task::Restore(file) => admin::restore(&config, file),
        Task::Check => admin::check(&config),
        Task::Repair => admin::repair(&config),
    };
    Started::Ended(done.unwrap_or_else(failed))
}

fn failed(why: impl std::fmt::Display) -> ExitCode {
    tell(why);
    ExitCode::FAILURE
}

fn open(config: &Config, descriptors: usize) -> Result<(Vec<TcpListener>, RunInputs), String> {
    let least = rlimit::least_for_the_server();
    if descriptors < least {
        return Err(rlimit::too_low(descriptors, least));
    }
    let folder = DataFolder::lock(&config.data).map_err(|error| error.to_string())?;
    let listen = |address, flag| listen_sockets::open(address, flag).map_err(|error| error.to_string());
    let listeners = listen(&config.listen, "--listen")?;
    let metrics = config.metrics.as_ref().map(|address| listen(address, "--metrics"));
    let metrics = metrics.transpose()?.unwrap_or_default();
    let log = config.data.join(sqlite::FILE);
    let store = SqliteStore::open(folder).map_err(|fault| fault.at(&log, FileUse::Write).to_string())?;
    let house_id = store.house_id().to_owned();
    let join_secret = store.join_secret().clone();
    let store = Box::new(store);
    let page = Page::load();
    let deadlines = Deadlines::default();
    let inputs = RunInputs {
        store,
        page,
        house_id,
        join_secret,
        inbound_hook: None,
        deadlines,
        metrics,
        connections_max: None,
    };
    Ok((listeners, inputs))
}

fn announce(config: &Config, listeners: &[TcpListener]) {
    let Some(address) = listeners.iter().find_map(|listener| listener.local_addr().ok()) else { return };
    let own = config.public_url.as_ref().map(|url| url.as_str().trim_end_matches('/').to_owned());
    print(format_args!("Teahouse 茶馆 is open: {}\n", own.unwrap_or_else(|| lan::local_url(address))));
    if config.lan {
        // A file gets no control sequences, and neither does an old console of Windows.
        let has_colors = cfg!(unix) && std::io::stdout().is_terminal();
        match lan::url(address) {
            Some(url) => print(format_args!(
                "Other devices in this network can open: {url}\n{}\n",
                lan::qr(&url, has_colors).unwrap_or_default()
            )),
            None => print("This machine has no local network address, so other devices cannot connect.\n"),
        }
    }
}
