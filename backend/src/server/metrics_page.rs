//! `/metrics` for Prometheus, on a listener of its own.
//!
//! A listener of its own needs no secret that could leak: the address says who may read, loopback by default, and a
//! firewall guards it like every other exporter. It answers while the house's own listener is flooded, and strangers
//! find no new path there. Nothing in the metrics names a person, so `Host` and `Origin` do not matter.

use super::listener::{self, Workers};
use crate::connection::deadlines::Deadlines;
use crate::http::request_span::{RequestSpan, SpannedBody};
use crate::limits::{MEASURE_EVERY, METRICS_CONNECTIONS_MAX, METRICS_KEEP_ALIVE, STALL_AFTER};
use crate::metrics::{Metrics, Observed, exposition::CONTENT_TYPE, refusal_log::RefusalLog};
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
) -> io::Result<Option<ServerHandle>> {
    if listeners.is_empty() {
        return Ok(None);
    }
    let source = Source { metrics, observer };
    let app = move || {
        let page = web::resource("/metrics").get(page).default_service(web::to(get_only));
        App::new().app_data(web::Data::new(source.clone())).wrap(from_fn(span)).service(page)
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

/// Tells the socket where each request begins and its response ends.
async fn span(request: ServiceRequest, next: Next<BoxBody>) -> Result<ServiceResponse<BoxBody>, Error> {
    let span = RequestSpan::begin(&request);
    let response = next.call(request).await?;
    Ok(response.map_body(|_, body| SpannedBody::new(body, span).boxed()))
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
