//! The sender of a comparison. It posts each message with an HTTP request of its own, so that only reading
//! differs.

use super::now;
use super::readers::Readers;
use super::request;
use crate::random;
use crate::transport::abort_handle::AbortHandle;
use client::http_session::Call;
use client::inspect::comparison::{ComparedTransport, TransferCost};
use shared::command::{Command, Post};

/// Posts the next message and waits for the answer. The answer's arrival, or the failure, is recorded for
/// [`ComparedTransport::Sending`].
pub(super) async fn send(readers: &Readers) {
    let client_id = random::client_id();
    let number = readers.with(|comparison| comparison.sent_count()) as u64 + 1;
    let post = Post { reference: number, client_id, room: readers.room(), text: format!("#{number:02}") };
    let call = Call::Command { identity: Some(readers.identity()), command: Command::Post(post) };
    let request = request(call, true);
    let handle = AbortHandle::new(request.timeout_ms());
    readers.with(|comparison| comparison.record_sent(client_id, now()));
    let Some(answer) = handle.post(&request.path(), &request.body().unwrap_or_default()).await else {
        return readers.broke(ComparedTransport::Sending, 0);
    };
    let header = |name: &str| answer.headers().get(name)?.parse().ok();
    if let (Some(up), Some(down)) = (header("teahouse-traced-up"), header("teahouse-traced-down")) {
        readers.took(ComparedTransport::Sending, TransferCost::request(up, down));
    }
    // Read the body to its end; otherwise its connection is not free for the next request.
    let is_whole = answer.text().await.is_ok();
    if answer.ok() && is_whole {
        readers.with(|comparison| comparison.record_arrival(ComparedTransport::Sending, client_id, now()));
    } else {
        readers.broke(ComparedTransport::Sending, answer.status());
    }
}
