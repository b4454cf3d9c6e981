//! `GET /api/openapi.json`: what is under `/api`, for programs (OpenAPI 3.1). Tests hold it against
//! the routes, the golden files, the limits and the answers of a real server.

use actix_web::{HttpResponse, http::header};

/// The document.
pub const DOCUMENT: &str = include_str!("openapi.json");

/// Serves it.
pub async fn document() -> HttpResponse {
    let mut response = HttpResponse::Ok();
    response.insert_header((header::CONTENT_TYPE, "application/json"));
    response.insert_header((header::CACHE_CONTROL, "no-store"));
    response.body(DOCUMENT)
}
