//! The routes of the server: paths and methods, no logic.

use crate::http::problem::ApiError;
use crate::http::{api, assets, command, events, health, openapi, poll, websocket};
use actix_web::{
    FromRequest, Handler, HttpResponse, Resource, Responder,
    http::{StatusCode, header},
    web,
};
use shared::{ErrorCode, version::WEBSOCKET_PATH};

/// Registers every route.
pub fn routes(config: &mut web::ServiceConfig) {
    config
        .service(web::resource(WEBSOCKET_PATH).to(websocket::connect))
        .service(read(web::resource("/healthz"), health::live))
        .service(read(web::resource("/readyz"), health::ready))
        .service(read(web::resource("/api/me"), api::me))
        .service(post(web::resource("/api/join"), api::join))
        .service(post(web::resource("/api/name"), api::rename))
        .service(post(web::resource("/api/sign-out"), api::sign_out))
        .service(listen(web::resource("/api/events"), events::open))
        .service(listen(web::resource("/api/poll"), poll::poll))
        .service(post(web::resource("/api/command"), command::command))
        .service(read(web::resource("/api/openapi.json"), openapi::document))
        .default_service(web::to(assets::serve));
}

/// Lets `GET` and `HEAD` read a resource.
fn read<F, Args>(resource: Resource, handler: F) -> Resource
where
    F: Handler<Args>,
    Args: FromRequest + 'static,
    F::Output: Responder + 'static,
{
    let get = web::get().to(handler.clone());
    resource.route(get).route(web::head().to(handler)).default_service(web::to(get_or_head_only))
}

/// Lets `GET` receive events from a resource.
fn listen<F, Args>(resource: Resource, handler: F) -> Resource
where
    F: Handler<Args>,
    Args: FromRequest + 'static,
    F::Output: Responder + 'static,
{
    resource.route(web::get().to(handler)).default_service(web::to(get_only))
}

/// Lets a resource take `POST`.
fn post<F, Args>(resource: Resource, handler: F) -> Resource
where
    F: Handler<Args>,
    Args: FromRequest + 'static,
    F::Output: Responder + 'static,
{
    resource.route(web::post().to(handler)).default_service(web::to(post_only))
}

/// `HEAD` is allowed where `GET` reads a resource. A stream or a poll is none: `HEAD` would begin a session
/// that nobody reads.
async fn get_or_head_only() -> Result<HttpResponse, ApiError> {
    Err(method_not_allowed("GET, HEAD"))
}

async fn get_only() -> Result<HttpResponse, ApiError> {
    Err(method_not_allowed("GET"))
}

fn method_not_allowed(allowed: &'static str) -> ApiError {
    ApiError::new(StatusCode::METHOD_NOT_ALLOWED, ErrorCode::MethodNotAllowed)
        .with_header(header::ALLOW, allowed)
}

async fn post_only() -> Result<HttpResponse, ApiError> {
    Err(method_not_allowed("POST"))
}
