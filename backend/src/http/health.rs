//! Health of the server, for the program that monitors it.

use crate::http::app_state::AppState;
use crate::limits::STALL_AFTER;
use crate::store::commit_progress::CommitStall;
use actix_web::{HttpRequest, HttpResponse, http::header};

/// `/healthz`: the process is alive.
pub async fn live() -> HttpResponse {
    plain_text(HttpResponse::Ok(), "alive\n")
}

/// `/readyz`: the server takes messages; if not, the reason.
pub async fn ready(request: HttpRequest) -> HttpResponse {
    let state = AppState::of(&request);
    if !state.registry.is_alive() {
        return plain_text(HttpResponse::ServiceUnavailable(), "the registry stopped\n");
    }
    if let Some(stall) = state.health.commits().stall(STALL_AFTER) {
        let why = match stall {
            CommitStall::Store(wait) => format!("the disk has not answered for {} s\n", wait.as_secs()),
            CommitStall::Registry(wait) => {
                format!("the registry has not taken the disk's answer for {} s\n", wait.as_secs())
            }
        };
        return plain_text(HttpResponse::ServiceUnavailable(), why);
    }
    match state.health.refusal() {
        None => plain_text(HttpResponse::Ok(), "ready\n"),
        Some(why) => plain_text(HttpResponse::ServiceUnavailable(), format!("{why}\n")),
    }
}

fn plain_text(mut response: actix_web::HttpResponseBuilder, text: impl Into<String>) -> HttpResponse {
    response.insert_header((header::CACHE_CONTROL, "no-store"));
    response.content_type("text/plain; charset=utf-8").body(text.into())
}
