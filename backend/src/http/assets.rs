//! Serves the files of the page, and answers every path that no other route takes.

use crate::http::app_state::AppState;
use crate::http::problem::ApiError;
use crate::http::{accept, message_page};
use crate::page::{PageFile, document_of, without_slashes};
use actix_web::{
    HttpRequest, HttpResponse,
    http::{
        StatusCode,
        header::{self, HeaderValue},
    },
};
use bytes::Bytes;
use shared::ErrorCode;

/// Serves the path of a request that no other route takes.
pub async fn serve(request: HttpRequest) -> Result<HttpResponse, ApiError> {
    let state = AppState::of(&request);
    if !request.method().is_safe() {
        return Err(ApiError::new(StatusCode::METHOD_NOT_ALLOWED, ErrorCode::MethodNotAllowed)
            .with_header(header::ALLOW, "GET, HEAD"));
    }
    if document_of(request.path()).is_some() && !state.page.is_built() {
        return Ok(not_built());
    }
    if let Some(path) = without_slashes(request.path()) {
        return Ok(redirect(path, request.query_string()));
    }
    let Some(file) = state.page.file(request.path()) else { return respond_not_found(&request) };
    let mut response = HttpResponse::Ok();
    response.insert_header((header::CACHE_CONTROL, file.cache));
    // A 304 carries the policy too: a browser replaces stored headers by those of the response (RFC 9111 §3.2).
    if let Some(policy) = &file.policy {
        response.insert_header((header::CONTENT_SECURITY_POLICY, policy.as_str()));
    }
    let (body, encoding) = choose(file, &accept::joined(request.headers(), header::ACCEPT_ENCODING));
    // Each encoding has a tag of its own (RFC 9110 §8.8.3.3).
    let etag = format!("\"{}{}\"", file.hash, encoding.unwrap_or_default());
    response.insert_header((header::ETAG, etag.as_str()));
    response.insert_header((header::VARY, "Accept-Encoding"));
    if request.headers().get_all(header::IF_NONE_MATCH).any(|value| matches_etag(value, &etag)) {
        return Ok(response.status(StatusCode::NOT_MODIFIED).finish());
    }
    response.insert_header((header::CONTENT_TYPE, file.kind));
    if let Some(encoding) = encoding {
        response.insert_header((header::CONTENT_ENCODING, encoding));
    }
    Ok(response.body(body))
}

/// Redirects to a path of the page. Such a path never leads to another host.
fn redirect(path: &str, query: &str) -> HttpResponse {
    let target = if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") };
    let mut response = HttpResponse::PermanentRedirect();
    response.insert_header((header::LOCATION, target)).insert_header((header::CACHE_CONTROL, "no-cache"));
    response.finish()
}

/// Answers with a document if the client accepts HTML, otherwise with a problem.
fn respond_not_found(request: &HttpRequest) -> Result<HttpResponse, ApiError> {
    if accept::includes(&accept::joined(request.headers(), header::ACCEPT), "text/html") {
        let languages = accept::joined(request.headers(), header::ACCEPT_LANGUAGE);
        return Ok(message_page::respond(
            StatusCode::NOT_FOUND,
            &accept::by_quality(&languages),
            &message_page::not_found(),
        ));
    }
    Err(ApiError::new(StatusCode::NOT_FOUND, ErrorCode::NotFound).with_header(header::VARY, "Accept"))
}

fn not_built() -> HttpResponse {
    let text = "The page is not built. Run `cargo xtask run`, or `trunk serve` beside this server.\n";
    HttpResponse::ServiceUnavailable().content_type("text/plain; charset=utf-8").body(text)
}

/// Whether an `If-None-Match` names this tag, compared weakly (RFC 9110 §13.1.2).
fn matches_etag(value: &HeaderValue, etag: &str) -> bool {
    let text = value.to_str().unwrap_or_default();
    text.split(',').map(str::trim).any(|tag| tag == "*" || tag.trim_start_matches("W/") == etag)
}

fn choose(file: &PageFile, accepted: &str) -> (Bytes, Option<&'static str>) {
    for (name, packed) in [("br", &file.brotli), ("gzip", &file.gzip)] {
        if let Some(packed) = packed
            && accept::includes(accepted, name)
        {
            return (packed.clone(), Some(name));
        }
    }
    (file.raw.clone(), None)
}
