//! [`run`]: the whole server on its listeners, until shutdown. The program calls it, and tests call it on
//! port 0.

pub mod listen_sockets;
pub mod listener;
mod metrics_page;
pub mod rlimit;
pub mod shutdown;

use crate::config::Config;
use crate::connection::address_limits::AddressLimits;
use crate::connection::deadlines::Deadlines;
use crate::connection::permit::ConnectionPermits;
use crate::fanout::batch_channel;
use crate::http::app_state::{AppState, InboundHook, InboundRates};
use crate::http::host_policy::HostPolicy;
use crate::http::middleware;
use crate::join_secret::JoinSecret;
use crate::limits::{CONNECTIONS_PER_WORKER_MAX, SHUTDOWN, TEXTS_PER_CONNECTION};
use crate::metrics::{Metrics, measured_store::MeasuredStore};
use crate::page::Page;
use crate::registry::{Actor, RegistryError};
use crate::routes;
use crate::store::Store;
use crate::worker::{self, BatchReceivers};
use actix_web::{App, middleware::from_fn};
use hub::{
    Settings,
    limits::{CONNECTION_BYTES_PER_S, CONNECTION_MESSAGES_PER_POST, POST_BURST_S},
    rate::Rate,
};
use listener::Workers;
use metrics_page::Observer;
use shared::ErrorCode;
use std::{
    cell::OnceCell,
    io,
    net::TcpListener,
    rc::Rc,
    sync::{
        Arc,
        atomic::{AtomicU16, Ordering},
    },
    thread::available_parallelism,
};

/// Inputs of [`run`] beside the listener and the settings.
pub struct RunInputs {
    /// Log of the house.
    pub store: Box<dyn Store>,
    /// Page that the server serves.
    pub page: Page,
    /// Id of the house: it names the house's cookie.
    pub house_id: String,
    /// Secret of the house, from which the tokens of its devices are made.
    pub join_secret: JoinSecret,
    /// Called with each text message of a client before the server handles it. Only tests set it.
    pub inbound_hook: Option<InboundHook>,
    /// Times after which unfinished input ends its connection. Only tests set others than the default.
    pub deadlines: Deadlines,
    /// Listeners for metrics; none if they are off.
    pub metrics: Vec<TcpListener>,
    /// Connections in all; `None` for as many as the process has file descriptors. Only tests set it.
    pub connections_max: Option<usize>,
}

/// Reason why the server ended without a shutdown.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The listener failed.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// The registry has lost a worker.
    #[error("{0}")]
    Part(#[from] RegistryError),
    /// The store could not be read at the start.
    #[error("the database could not be read")]
    Snapshot(ErrorCode),
    /// A thread of the store panicked.
    #[error("{0} unexpectedly")]
    Store(&'static str),
    /// The registry panicked.
    #[error("the registry stopped unexpectedly: {0}")]
    Registry(#[from] tokio::task::JoinError),
}

/// Serves on these listeners until `shutdown` completes. Then it closes every connection with 1012, and
/// returns within [`SHUTDOWN`](crate::limits::SHUTDOWN).
///
/// # Errors
///
/// A vital part has ended. The process should log the error and exit.
pub async fn run(
    listeners: Vec<TcpListener>,
    config: Config,
    inputs: RunInputs,
    shutdown: impl Future<Output = ()>,
) -> Result<(), RunError> {
    let workers = available_parallelism().map_or(1, usize::from);
    let (senders, receivers): (Vec<_>, Vec<_>) = (0..workers).map(|_| batch_channel()).unzip();
    let build = inputs.page.build().to_owned();
    let settings = Settings { build: build.clone(), posts: posts(config.limit_posts) };
    let metrics = Arc::new(Metrics::default());
    let store = Box::new(MeasuredStore::new(inputs.store, Arc::clone(&metrics)));
    let health = store.health();
    let (actor, registry) = Actor::new(settings, store, senders).map_err(RunError::Snapshot)?;
    let actor = actor.with_durations(Arc::clone(&metrics.turns));
    let policy = Arc::new(host_policy(&config, &inputs.house_id));
    let metrics_policy = Arc::clone(&policy);
    let page = Arc::new(inputs.page);
    let join_secret = inputs.join_secret;
    let connections_max = inputs.connections_max.unwrap_or_else(|| rlimit::connections(rlimit::raise()));
    let permits = ConnectionPermits::new(connections_max);
    let has_proxy = config.trust_proxy != 0;
    let make_limits = if has_proxy { AddressLimits::behind_proxy } else { AddressLimits::new };
    let address_limits = make_limits(connections_max, config.limit_posts != 0);
    // All connections of a trusted proxy come from its own address. Its requests count for their callers.
    let accept_limits = (!has_proxy).then(|| Arc::clone(&address_limits));
    let receivers = BatchReceivers::new(receivers);
    let next_worker = Arc::new(AtomicU16::new(0));

    let has_gauges = !inputs.metrics.is_empty();
    let (worker_registry, worker_health, worker_metrics) =
        (registry.clone(), health.clone(), Arc::clone(&metrics));
    let observer = Observer { build: build.clone(), inbox: registry.observe_inbox(), health: health.clone() };
    let make_state = move || {
        let worker = next_worker.fetch_add(1, Ordering::Relaxed);
        AppState {
            join_secret: join_secret.clone(),
            registry: worker_registry.clone(),
            health: worker_health.clone(),
            metrics: Arc::clone(&worker_metrics),
            connections: worker::start(
                worker,
                &receivers,
                worker_registry.clone(),
                Arc::clone(&worker_metrics),
                has_gauges,
            ),
            policy: Arc::clone(&policy),
            page: Arc::clone(&page),
            build: build.clone(),
            permits: permits.clone(),
            is_text_dialect_on: config.plain,
            inbound_rates: inbound_rates(config.limit_posts),
            address_limits: Arc::clone(&address_limits),
            inbound_hook: inputs.inbound_hook.clone(),
            deadlines: inputs.deadlines,
        }
    };
    let factory = move || {
        thread_local! {
            static STATE: OnceCell<Rc<AppState>> = const { OnceCell::new() };
        }
        // Each worker calls this once for each listener, on its own thread. Its listeners share its state.
        let state = STATE.with(|state| Rc::clone(state.get_or_init(|| Rc::new(make_state()))));
        App::new().app_data(state).wrap(from_fn(middleware::admit)).configure(routes::routes)
    };
    let workers = Workers { count: workers, connections_max: CONNECTIONS_PER_WORKER_MAX };
    let server = listener::serve(listeners, workers, inputs.deadlines, accept_limits, factory)?;
    let refusal_log = actix_web::rt::spawn(metrics_page::log_refusals(Arc::clone(&metrics)));
    let metrics_page = metrics_page::serve(inputs.metrics, metrics, observer, &metrics_policy)?;

    let handle = server.handle();
    let mut actor = actix_web::rt::spawn(actor.run());
    tokio::pin!(server);
    tokio::select! {
        ended = &mut actor => return ended?.map_err(RunError::from),
        ended = &mut server => return ended.map_err(RunError::from),
        () = health.wait_for_end() => {
            return Err(RunError::Store(health.refusal().unwrap_or("the database stopped")));
        }
        () = shutdown => {}
    }
    // A worker without connections stops at once, and the registry ends with it. So each worker must have the
    // order to close its connections before.
    let _ = tokio::time::timeout(SHUTDOWN / 2, registry.close_all()).await;
    // From here on parts may end in any order.
    refusal_log.abort();
    let (ended, (), ()) = tokio::join!(server, handle.stop(true), metrics_page::stop(metrics_page));
    ended.map_err(RunError::from)
}

fn posts(per_s: u32) -> Rate {
    Rate { per_s, burst: per_s.saturating_mul(POST_BURST_S) }
}

fn inbound_rates(posts: u32) -> InboundRates {
    let per_s = posts.saturating_mul(CONNECTION_MESSAGES_PER_POST);
    let bytes = if posts == 0 { 0 } else { CONNECTION_BYTES_PER_S };
    InboundRates {
        messages: Rate { per_s, burst: per_s },
        bytes: Rate { per_s: bytes, burst: bytes },
        texts: if posts == 0 { Rate::NONE } else { TEXTS_PER_CONNECTION },
    }
}

fn host_policy(config: &Config, house_id: &str) -> HostPolicy {
    let name = gethostname::gethostname().to_string_lossy().to_lowercase();
    let mut own_names = if name.is_empty() { Vec::new() } else { vec![format!("{name}.local"), name] };
    own_names.extend_from_slice(&config.host);
    HostPolicy {
        cookie: format!("th_{house_id}"),
        public_url: config.public_url.clone(),
        allowed_origins: config.allow_origin.clone(),
        own_names,
        proxy_hops: config.trust_proxy,
        notes: Arc::default(),
    }
}
