//! For whoever watches over the process.

use crate::app::Parts;
use actix_web::{HttpRequest, HttpResponse, http::header};

/// `/healthz`: the process answers.
pub async fn live() -> HttpResponse {
    plain(HttpResponse::Ok(), "alive\n")
}

/// `/readyz`: messages can be taken.
pub async fn ready(request: HttpRequest) -> HttpResponse {
    if Parts::of(&request).registry.is_alive() {
        plain(HttpResponse::Ok(), "ready\n")
    } else {
        plain(HttpResponse::ServiceUnavailable(), "the registry has ended\n")
    }
}

fn plain(mut response: actix_web::HttpResponseBuilder, text: &'static str) -> HttpResponse {
    response.insert_header((header::CACHE_CONTROL, "no-store"));
    response.content_type("text/plain; charset=utf-8").body(text)
}
