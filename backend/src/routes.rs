//! The routes of the server: paths and methods, no logic.

use crate::http::problem::ApiError;
use crate::http::{api, assets, command, events, health, openapi, poll, websocket};
use actix_web::{
    HttpResponse,
    http::{StatusCode, header},
    web,
};
use shared::{ErrorCode, version::WEBSOCKET_PATH};

/// Registers every route.
pub fn routes(config: &mut web::ServiceConfig) {
    config
        .service(web::resource(WEBSOCKET_PATH).to(websocket::connect))
        .service(
            web::resource("/healthz")
                .route(web::get().to(health::live))
                .route(web::head().to(health::live))
                .default_service(web::to(get_or_head_only)),
        )
        .service(
            web::resource("/readyz")
                .route(web::get().to(health::ready))
                .route(web::head().to(health::ready))
                .default_service(web::to(get_or_head_only)),
        )
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
