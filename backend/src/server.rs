//! [`run`]: the whole server on a listener, until it is told to stop. What the
//! binary calls, and what tests call on port 0.

use crate::config::Config;
use crate::connection::permit::Places;
use crate::fanout::{Batch, Table};
use crate::http::api::{Addresses, namings};
use crate::http::assets::Page;
use crate::http::host_policy::House;
use crate::http::websocket::{Rates, Watch};
use crate::limits::BATCHES_MAX;
use crate::listener;
use crate::registry::{Actor, Fault};
use crate::rlimit;
use crate::routes::{self, Parts};
use crate::store::Store;
use actix_web::{App, middleware::from_fn};
use hub::{
    Settings,
    limits::{PLAIN_BYTES_PER_S, PLAIN_POSTS_PER_POST, POST_BURST_S},
    rate::Rate,
};
use std::{
    io,
    net::TcpListener,
    rc::Rc,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU16, Ordering},
    },
    thread::available_parallelism,
};
use tokio::sync::mpsc;

/// What the server is made of, beside its settings.
pub struct Made {
    /// The log.
    pub store: Box<dyn Store>,
    /// The page.
    pub page: Page,
    /// The house's id: names its cookie.
    pub house_id: String,
    /// Sees each text message of a client before it is handled. For tests.
    pub watch: Option<Watch>,
}

/// Why the server ended before it was told to.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The listener failed.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// A part without which nothing works has ended.
    #[error("{0}")]
    Part(#[from] Fault),
    /// The store's writer panicked.
    #[error("the database writer stopped unexpectedly")]
    Store,
    /// The registry panicked.
    #[error("the registry stopped unexpectedly: {0}")]
    Registry(#[from] tokio::task::JoinError),
}

/// Serves on this listener until `shutdown` comes, then closes every connection
/// with 1012 and returns within [`SHUTDOWN`](crate::limits::SHUTDOWN).
///
/// # Errors
/// A part has ended that must not: the process should say so and exit.
pub async fn run(
    listener: TcpListener,
    config: Config,
    made: Made,
    shutdown: impl Future<Output = ()>,
) -> Result<(), RunError> {
    let workers = available_parallelism().map_or(1, usize::from);
    let (senders, receivers): (Vec<_>, Vec<_>) =
        (0..workers).map(|_| mpsc::channel::<Batch>(BATCHES_MAX)).unzip();
    let build = made.page.build().to_owned();
    let settings = Settings { build: build.clone(), posts: posts(config.limit_posts) };
    let condition = made.store.condition();
    let (actor, registry) = Actor::new(settings, made.store, senders);
    let house = Arc::new(house(&config, &made.house_id));
    let page = Arc::new(made.page);
    let places = Places::new(rlimit::raise());
    let addresses = Arc::new(Addresses::default());
    let receivers = Arc::new(Mutex::new(receivers));
    let next_worker = Arc::new(AtomicU16::new(0));

    let worker_registry = registry.clone();
    let worker_condition = condition.clone();
    let factory = move || {
        // Each worker calls this once, on its own thread.
        let worker = next_worker.fetch_add(1, Ordering::Relaxed);
        let table = Table::new(worker);
        let mine = take(&receivers, worker);
        if let Some(batches) = mine {
            actix_web::rt::spawn(Rc::clone(&table).run(batches));
        }
        actix_web::rt::spawn(tell_news(Rc::clone(&table), worker_registry.clone()));
        let parts = Parts {
            registry: worker_registry.clone(),
            condition: worker_condition.clone(),
            table,
            house: Arc::clone(&house),
            page: Arc::clone(&page),
            build: build.clone(),
            places: places.clone(),
            plain: config.plain,
            rates: rates(config.limit_posts),
            namings: namings(config.limit_posts != 0),
            addresses: Arc::clone(&addresses),
            watch: made.watch.clone(),
        };
        App::new().app_data(Rc::new(parts)).wrap(from_fn(routes::admit)).configure(routes::routes)
    };
    let server = listener::serve(listener, workers, factory)?;

    let handle = server.handle();
    let mut actor = actix_web::rt::spawn(actor.run());
    tokio::pin!(server);
    tokio::select! {
        ended = &mut actor => return ended?.map_err(RunError::from),
        ended = &mut server => return ended.map_err(RunError::from),
        () = condition.ended() => return Err(RunError::Store),
        () = shutdown => {}
    }
    // From here on parts may end in any order.
    registry.restart().await;
    let (ended, ()) = tokio::join!(server, handle.stop(true));
    ended.map_err(RunError::from)
}

/// The batches of a worker.
fn take(receivers: &Mutex<Vec<mpsc::Receiver<Batch>>>, worker: u16) -> Option<mpsc::Receiver<Batch>> {
    let mut receivers = receivers.lock().unwrap_or_else(PoisonError::into_inner);
    let index = usize::from(worker);
    // A worker that was started again has no batches: the registry has seen its channel
    // close, and the process ends.
    (index < receivers.len()).then(|| std::mem::replace(&mut receivers[index], mpsc::channel(1).1))
}

/// Tells the registry what a worker has to tell. Apart from the fan-out task, which may not wait.
async fn tell_news(table: Rc<Table>, registry: crate::registry::Registry) {
    loop {
        for input in table.news().next().await {
            if registry.tell(input).await.is_err() {
                return;
            }
        }
    }
}

fn posts(per_s: u32) -> Rate {
    Rate { per_s, burst: per_s.saturating_mul(POST_BURST_S) }
}

fn rates(posts: u32) -> Rates {
    let per_s = posts.saturating_mul(PLAIN_POSTS_PER_POST);
    let bytes = if posts == 0 { 0 } else { PLAIN_BYTES_PER_S };
    Rates { messages: Rate { per_s, burst: per_s }, bytes: Rate { per_s: bytes, burst: bytes } }
}

fn house(config: &Config, id: &str) -> House {
    let name = gethostname::gethostname().to_string_lossy().to_lowercase();
    let machine_names = if name.is_empty() { Vec::new() } else { vec![format!("{name}.local"), name] };
    House {
        cookie: format!("th_{id}"),
        public_url: config.public_url.clone(),
        allowed_origins: config.allow_origin.clone(),
        machine_names,
        trusts_proxy: config.trust_proxy,
    }
}
