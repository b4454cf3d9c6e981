//! The routes, and what they find: no logic.

use crate::connection::permit::Places;
use crate::fanout::Table;
use crate::http::api::{self, Addresses};
use crate::http::assets::{self, Page};
use crate::http::health;
use crate::http::host_policy::{Caller, House};
use crate::http::openapi;
use crate::http::problem::Refused;
use crate::http::{
    byte_count::Traced,
    command,
    connection_guard::Entered,
    events, poll,
    websocket::{self, Rates, Watch},
};
use crate::registry::{Question, Registry};
use crate::store::health::Condition;
use actix_web::{
    Error, HttpMessage, HttpRequest, HttpResponse, ResponseError,
    body::BoxBody,
    dev::{ServiceRequest, ServiceResponse},
    http::{
        StatusCode,
        header::{self, HeaderName, HeaderValue},
    },
    middleware::Next,
    web,
};
use hub::{Input, output::Answer, rate::Rate, session::TransportKind};
use shared::{ErrorCode, version::WEBSOCKET_PATH};
use std::{rc::Rc, sync::Arc};

/// What every route of one worker may use.
pub struct Parts {
    /// The actor.
    pub registry: Registry,
    /// How its store is.
    pub condition: Condition,
    /// This worker's connections.
    pub table: Rc<Table>,
    /// The house's names.
    pub house: Arc<House>,
    /// The page.
    pub page: Arc<Page>,
    /// The page's build, as clients are told.
    pub build: String,
    /// Places for connections.
    pub places: Places,
    /// Whether bare WebSockets are welcome.
    pub plain: bool,
    /// How fast one connection may speak.
    pub rates: Rates,
    /// How often an address may ask for a name.
    pub namings: Rate,
    /// Who asked how often.
    pub addresses: Arc<Addresses>,
    /// Sees each text message.
    pub watch: Option<Watch>,
}

impl Parts {
    /// The parts behind a request.
    pub fn of(request: &HttpRequest) -> Rc<Self> {
        #[expect(clippy::expect_used, reason = "the factory of every worker puts them there")]
        let parts = request.app_data::<Rc<Parts>>().expect("an app without its parts");
        Rc::clone(parts)
    }

    /// Enters a connection that is one request over plain HTTP.
    ///
    /// # Errors
    /// 503: there is no place for it.
    pub fn enter(&self, carrier: TransportKind) -> Result<Entered, Refused> {
        let place = self.places.take();
        let place = place.ok_or(Refused::new(StatusCode::SERVICE_UNAVAILABLE, ErrorCode::Full))?;
        Ok(Entered::new(Rc::clone(&self.table), self.table.enter_http(carrier), place))
    }

    /// Tells the registry.
    ///
    /// # Errors
    /// 500, if it has ended.
    pub async fn tell(&self, input: Input) -> Result<(), Refused> {
        self.registry.tell(input).await.map_err(|_| Refused::internal())
    }

    /// Asks the registry.
    ///
    /// # Errors
    /// 500, if it has ended.
    pub async fn ask(&self, question: Question) -> Result<Answer, Refused> {
        self.registry.ask(question).await.map_err(|_| Refused::internal())
    }
}

/// The routes.
pub fn routes(config: &mut web::ServiceConfig) {
    config
        .service(web::resource(WEBSOCKET_PATH).to(websocket::connect))
        .service(web::resource("/healthz").to(health::live))
        .service(web::resource("/readyz").to(health::ready))
        .service(
            web::resource("/api/me")
                .route(web::get().to(api::me))
                .route(web::head().to(api::me))
                .default_service(web::to(get_or_head_only)),
        )
        .service(
            web::resource("/api/join").route(web::post().to(api::join)).default_service(web::to(post_only)),
        )
        .service(
            web::resource("/api/name").route(web::post().to(api::rename)).default_service(web::to(post_only)),
        )
        .service(
            web::resource("/api/sign-out")
                .route(web::post().to(api::sign_out))
                .default_service(web::to(post_only)),
        )
        .service(
            web::resource("/api/events")
                .route(web::get().to(events::open))
                .default_service(web::to(get_only)),
        )
        .service(
            web::resource("/api/poll").route(web::get().to(poll::poll)).default_service(web::to(get_only)),
        )
        .service(
            web::resource("/api/command")
                .route(web::post().to(command::command))
                .default_service(web::to(post_only)),
        )
        .service(
            web::resource("/api/openapi.json")
                .route(web::get().to(openapi::document))
                .route(web::head().to(openapi::document))
                .default_service(web::to(get_or_head_only)),
        )
        .default_service(web::to(assets::serve));
}

/// What is read by `HEAD` too: a stream or a poll is not, it would begin a session for nobody.
async fn get_or_head_only() -> Result<HttpResponse, Refused> {
    Err(only("GET, HEAD"))
}

async fn get_only() -> Result<HttpResponse, Refused> {
    Err(only("GET"))
}

fn only(allowed: &'static str) -> Refused {
    Refused::new(StatusCode::METHOD_NOT_ALLOWED, ErrorCode::MethodNotAllowed).with(header::ALLOW, allowed)
}

async fn post_only() -> Result<HttpResponse, Refused> {
    Err(only("POST"))
}

/// Stands before every route: who may ask, and the headers of every answer.
pub async fn admit(request: ServiceRequest, next: Next<BoxBody>) -> Result<ServiceResponse<BoxBody>, Error> {
    let parts = Parts::of(request.request());
    let peer = request.peer_addr().map(|address| address.ip());
    let mut response = match parts.house.admit(request.method(), request.headers(), peer) {
        Ok(caller) => {
            request.extensions_mut().insert(caller);
            next.call(request).await?
        }
        Err(refused) => request.into_response(refused.error_response()),
    };
    if response.status() != StatusCode::SWITCHING_PROTOCOLS {
        harden(&mut response, &parts);
        Traced::answered(&mut response);
    }
    Ok(response)
}

fn harden(response: &mut ServiceResponse<BoxBody>, parts: &Parts) {
    let caller: Option<Caller> = response.request().extensions().get().copied();
    let is_trustworthy = caller.is_some_and(|caller| caller.is_trustworthy);
    let headers = response.headers_mut();
    // A document with a stricter one has it already.
    if !headers.contains_key(header::CONTENT_SECURITY_POLICY)
        && let Ok(policy) = HeaderValue::from_str(parts.page.policy())
    {
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    for (name, value) in [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "same-origin"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
        (HeaderName::from_static("permissions-policy"), "camera=(), microphone=(), geolocation=()"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    // Elsewhere browsers pass over it, with a word in the console.
    if is_trustworthy {
        let name = HeaderName::from_static("cross-origin-opener-policy");
        headers.insert(name, HeaderValue::from_static("same-origin"));
    }
    if parts.house.public_url.as_ref().is_some_and(|url| url.scheme() == "https") {
        headers.insert(header::STRICT_TRANSPORT_SECURITY, HeaderValue::from_static("max-age=31536000"));
    }
}
