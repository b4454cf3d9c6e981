//! Reads the JSON body of a request within its limits of size and time.

use crate::http::app_state::AppState;
use crate::http::field_fault;
use crate::http::problem::ApiError;
use crate::limits::BODY_BYTES_MAX;
use crate::metrics::{refusal_reason::RefusalReason, worker_counts::count_refusal};
use actix_web::{
    HttpRequest,
    http::{StatusCode, header},
    web,
};
use bytes::Bytes;
use serde::de::DeserializeOwned;
use shared::ErrorCode;

/// Reads a JSON body of at most [`BODY_BYTES_MAX`] bytes.
///
/// # Errors
/// 422 if a field is wrong, 400 if the body is no JSON, and the errors of [`read_bytes`].
pub async fn read_json<T: DeserializeOwned>(
    request: &HttpRequest,
    payload: web::Payload,
) -> Result<T, ApiError> {
    let body = read_bytes(request, payload, BODY_BYTES_MAX).await?;
    serde_json::from_slice(&body).map_err(|error| match error.classify() {
        serde_json::error::Category::Data => {
            let refused = ApiError::new(StatusCode::UNPROCESSABLE_ENTITY, ErrorCode::BadField);
            let fault = field_fault::describe::<T>(&body, "body");
            refused.with_detail(fault.unwrap_or_else(|| "The body must be an object.".to_owned()))
        }
        _ => ApiError::new(StatusCode::BAD_REQUEST, ErrorCode::Unparsable),
    })
}

/// Reads a body with the content type of JSON, of at most `bytes_max` bytes.
///
/// # Errors
///
/// 415 for another content type, 413 for a longer body, 408 for a slow one, 400 for an incomplete one.
pub async fn read_bytes(
    request: &HttpRequest,
    payload: web::Payload,
    bytes_max: usize,
) -> Result<Bytes, ApiError> {
    // Only this type: any site may post a form or a text without a preflight request (Fetch,
    // "CORS-safelisted request-header").
    let kind =
        request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = kind.split(';').next().unwrap_or_default().trim();
    if !essence.eq_ignore_ascii_case("application/json") {
        return Err(ApiError::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, ErrorCode::WrongMediaType));
    }
    let time = AppState::of(request).deadlines.body;
    let body = tokio::time::timeout(time, payload.to_bytes_limited(bytes_max)).await;
    let body = body.map_err(|_| {
        count_refusal(RefusalReason::BodyTimeout);
        ApiError::new(StatusCode::REQUEST_TIMEOUT, ErrorCode::BodyTimeout)
    })?;
    let body = body.map_err(|_| {
        count_refusal(RefusalReason::BodyBytes);
        ApiError::new(StatusCode::PAYLOAD_TOO_LARGE, ErrorCode::BodyTooLarge)
            .with_detail(format!("The body may have at most {bytes_max} bytes."))
    })?;
    body.map_err(|_| ApiError::new(StatusCode::BAD_REQUEST, ErrorCode::Unparsable))
}
