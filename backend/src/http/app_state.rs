//! The state that the routes of one worker use: its connections, and the data that all workers share.

use crate::connection::address_limits::{ActCharge, AddressLimits, Kind, SessionPermit};
use crate::connection::deadlines::Deadlines;
use crate::connection::permit::ConnectionPermits;
use crate::fanout::{ConnectionGuard, Connections};
use crate::http::host_policy::{Caller, HostPolicy};
use crate::http::problem::ApiError;
use crate::join_secret::JoinSecret;
use crate::metrics::{Metrics, refusal_reason::RefusalReason, worker_counts::count_refusal};
use crate::page::Page;
use crate::registry::{IdentityRequest, Registry};
use crate::store::health::StoreHealth;
use actix_web::{HttpRequest, http::StatusCode};
use hub::{Input, output::Answer, rate::Rate, session::SessionKind};
use shared::ErrorCode;
use std::{rc::Rc, sync::Arc};

/// Limits for the messages of one WebSocket, whatever they contain. The posts of a member have a rate
/// of their own in the hub.
#[derive(Clone, Copy, Debug)]
pub struct InboundRates {
    /// Messages of one connection.
    pub messages: Rate,
    /// Bytes of these messages.
    pub bytes: Rate,
    /// Messages of one connection of the text dialect.
    pub texts: Rate,
}

/// Called with each text message of a client before the server handles it. Tests make it panic.
pub type InboundHook = Arc<dyn Fn(&str) + Send + Sync>;

/// The state of one worker, as actix hands it to every route.
pub struct AppState {
    /// Handle to the registry.
    pub registry: Registry,
    /// Health of the registry's store.
    pub health: StoreHealth,
    /// What the server counts and measures.
    pub metrics: Arc<Metrics>,
    /// Connections of this worker.
    pub connections: Rc<Connections>,
    /// Hosts and origins that are admitted, and the name of the cookie.
    pub policy: Arc<HostPolicy>,
    /// Secret from which the tokens of new devices are made.
    pub join_secret: JoinSecret,
    /// The page that is served.
    pub page: Arc<Page>,
    /// Build of the page, which clients compare with their own.
    pub build: String,
    /// Permits for connections, shared by all workers.
    pub permits: ConnectionPermits,
    /// Whether clients may open a WebSocket in the text dialect.
    pub is_text_dialect_on: bool,
    /// Limits for the messages of each WebSocket.
    pub inbound_rates: InboundRates,
    /// Limits of each IP address, shared by all workers.
    pub address_limits: Arc<AddressLimits>,
    /// Called with each text message; only tests set it.
    pub inbound_hook: Option<InboundHook>,
    /// Times for bodies and for WebSocket messages.
    pub deadlines: Deadlines,
}

impl AppState {
    /// The state of the worker that serves this request.
    pub fn of(request: &HttpRequest) -> Rc<Self> {
        #[expect(clippy::expect_used, reason = "the factory of every worker puts it there")]
        let state = request.app_data::<Rc<AppState>>().expect("an app without its state");
        Rc::clone(state)
    }

    /// Registers a connection that is one request over plain HTTP.
    ///
    /// # Errors
    /// 429 if the caller's address has too many; 503 if no permit is free.
    pub fn open_connection(&self, kind: SessionKind, caller: &Caller) -> Result<ConnectionGuard, ApiError> {
        let counted = if kind == SessionKind::EventStream { Kind::Stream } else { Kind::Poll };
        let permit = self.acquire_permit(counted, caller)?;
        Ok(ConnectionGuard::new(Rc::clone(&self.connections), self.connections.add_http(kind), permit))
    }

    /// Acquires the permit of one session.
    ///
    /// # Errors
    /// 429 if the caller's address has too many; 503 if no permit is free.
    pub fn acquire_permit(&self, kind: Kind, caller: &Caller) -> Result<SessionPermit, ApiError> {
        let address = self.address_limits.open(caller.ip, kind)?;
        let permit = self.permits.try_acquire().ok_or_else(|| {
            count_refusal(RefusalReason::Connections);
            ApiError::new(StatusCode::SERVICE_UNAVAILABLE, ErrorCode::Full)
        })?;
        Ok((permit, address))
    }

    /// Sends an input to the registry.
    ///
    /// # Errors
    /// 500 if the registry has ended.
    pub async fn tell(&self, input: Input) -> Result<(), ApiError> {
        self.registry.tell(input).await.map_err(|_| ApiError::internal())
    }

    /// Sends an input to the registry. If it makes nothing new, its charge is taken back.
    ///
    /// # Errors
    /// 500 if the registry has ended.
    pub async fn tell_charged(&self, input: Input, charge: Option<ActCharge>) -> Result<(), ApiError> {
        self.registry.tell_charged(input, charge).await.map_err(|_| ApiError::internal())
    }

    /// Asks the registry, and waits for its answer.
    ///
    /// # Errors
    /// 500 if the registry has ended.
    pub async fn ask(&self, request: IdentityRequest) -> Result<Answer, ApiError> {
        self.registry.ask(request).await.map_err(|_| ApiError::internal())
    }
}
