//! `/metrics` for Prometheus, on a listener of its own.
//!
//! A listener of its own needs no secret that could leak: the address says who may read, loopback by default, and a
//! firewall guards it like every other exporter. It answers while the house's own listener is flooded, and strangers
//! find no new path there. A foreign page must not read the metrics through the browser of somebody on this machine,
//! with a name that it has bound to the address (DNS rebinding). So `Host` is checked as on the house's listener.

use super::listener::{self, Workers};
use crate::connection::deadlines::Deadlines;
use crate::http::host_policy::HostPolicy;
use crate::http::request_span::{RequestSpan, SpannedBody};
use crate::limits::{MEASURE_EVERY, METRICS_CONNECTIONS_MAX, METRICS_KEEP_ALIVE, STALL_AFTER};
use crate::metrics::{Metrics, Observed, exposition::CONTENT_TYPE, refusal_log::RefusalLog, worker_counts};
use crate::registry::InboxObserver;
use crate::store::{commit_progress::CommitStall, health::StoreHealth};
use actix_server::ServerHandle;
use actix_web::{
    App, Error, HttpResponse,
    body::{BoxBody, MessageBody as _},
    dev::{ServiceRequest, ServiceResponse},
    http::header::{self, HeaderName},
    middleware::{Next, from_fn},
    web,
};
use std::{io, net::TcpListener, sync::Arc, time::Instant};

/// Sources of what is read at the time of a scrape.
#[derive(Clone, Debug)]
pub(super) struct Observer {
    /// Build of the page.
    pub(super) build: String,
    /// Inbox of the registry.
    pub(super) inbox: InboxObserver,
    /// Health of the store.
    pub(super) health: StoreHealth,
}

/// Metrics and the sources of the rest.
#[derive(Clone, Debug)]
struct Source {
    metrics: Arc<Metrics>,
    observer: Observer,
    policy: HostPolicy,
}

/// Serves the metrics on these listeners. Does nothing without a listener.
///
/// # Errors
///
/// A listener failed.
pub(super) fn serve(
    listeners: Vec<TcpListener>,
    metrics: Arc<Metrics>,
    observer: Observer,
    policy: &HostPolicy,
) -> io::Result<Option<ServerHandle>> {
    if listeners.is_empty() {
        return Ok(None);
    }
    // No proxy of the house stands before this listener. A page could send the headers that a proxy writes.
    let policy = HostPolicy { proxy_hops: 0, ..policy.clone() };
    let source = Source { metrics, observer, policy };
    let app = move || {
        let page = web::resource("/metrics").get(page).default_service(web::to(get_only));
        App::new().app_data(web::Data::new(source.clone())).wrap(from_fn(admit)).service(page)
    };
    let deadlines = Deadlines { idle: METRICS_KEEP_ALIVE, ..Deadlines::default() };
    let workers = Workers { count: 1, connections_max: METRICS_CONNECTIONS_MAX };
    let server = listener::serve(listeners, workers, deadlines, None, app)?;
    let handle = server.handle();
    actix_web::rt::spawn(server);
    Ok(Some(handle))
}

/// Ends the listeners.
pub(super) async fn stop(server: Option<ServerHandle>) {
    if let Some(server) = server {
        server.stop(false).await;
    }
}

/// Logs that limits refuse somebody, until it is aborted.
pub(super) async fn log_refusals(metrics: Arc<Metrics>) {
    let (mut log, began) = (RefusalLog::default(), Instant::now());
    loop {
        tokio::time::sleep(MEASURE_EVERY).await;
        for (reason, count) in log.due(began.elapsed(), metrics.refusals()) {
            tracing::warn!("a limit refused {count} times: {}; see PROTOCOL.md, \"Limits\"", reason.label());
        }
    }
}

/// Admits a request by the host policy, and tells the socket where it begins and its response ends.
async fn admit(request: ServiceRequest, next: Next<BoxBody>) -> Result<ServiceResponse<BoxBody>, Error> {
    let span = RequestSpan::begin(&request);
    let refused = match request.app_data::<web::Data<Source>>() {
        Some(source) => source.refuse(&request),
        None => Some(HttpResponse::InternalServerError().finish()),
    };
    let response = match refused {
        None => next.call(request).await?,
        Some(refused) => request.into_response(refused),
    };
    Ok(response.map_body(|_, body| SpannedBody::new(body, span).boxed()))
}

impl Source {
    /// The refusal of a request; none if the host policy admits it.
    fn refuse(&self, request: &ServiceRequest) -> Option<HttpResponse> {
        let headers = request.headers();
        let refusal = self.policy.admit(request.method(), request.path(), headers, None).err()?;
        // This thread is no worker of the house, which would take its counts.
        self.metrics.add(&worker_counts::take());
        Some(refusal.respond(headers))
    }
}

async fn page(source: web::Data<Source>) -> HttpResponse {
    let Observer { build, inbox, health } = &source.observer;
    let is_stalled = matches!(health.commits().stall(STALL_AFTER), Some(CommitStall::Store(_)));
    let observed = Observed {
        build: build.clone(),
        inbox_length: inbox.length(),
        is_store_healthy: health.refusal().is_none() && !is_stalled,
    };
    HttpResponse::Ok()
        .insert_header((header::CONTENT_TYPE, CONTENT_TYPE))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .insert_header((header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .insert_header((HeaderName::from_static("cross-origin-resource-policy"), "same-origin"))
        .body(source.metrics.write(&observed))
}

async fn get_only() -> HttpResponse {
    HttpResponse::MethodNotAllowed().insert_header((header::ALLOW, "GET")).finish()
}
