//! `GET /api/openapi.json`: describes `/api` for programs (OpenAPI 3.1). Tests compare it with the routes,
//! the golden files, the limits and the responses of a real server.

use actix_web::{HttpResponse, http::header};

/// The OpenAPI document.
pub const DOCUMENT: &str = include_str!("openapi.json");

/// Serves the document.
pub async fn document() -> HttpResponse {
    let mut response = HttpResponse::Ok();
    response.insert_header((header::CONTENT_TYPE, "application/json"));
    response.insert_header((header::CACHE_CONTROL, "no-store"));
    response.body(DOCUMENT)
}
