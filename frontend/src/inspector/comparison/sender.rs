//! Sends a message, in the one way that all comparisons send: by a request of its own, so that only reading differs.

use super::course::{Course, PATIENCE_MS};
use super::now;
use crate::random;
use crate::transport::request::Cutter;
use client::inspect::comparison::{ComparedTransport, Durations};
use shared::command::{Command, Post};

/// Sends the next one, and waits for the answer.
pub(super) async fn send(course: &Course) {
    let client_id = random::client_id();
    let number = course.with(|comparison| comparison.sent_count()) as u64 + 1;
    let post = Post { reference: number, client_id, room: course.room(), text: format!("#{number:02}") };
    // Texts and numbers only: that cannot fail.
    let command = serde_json::to_string(&Command::Post(post)).unwrap_or_default();
    let path = format!("/api/command?{}&trace=1", course.claim());
    let cutter = Cutter::new(Some(PATIENCE_MS));
    course.with(|comparison| comparison.sent(client_id, now()));
    let Some(answer) = cutter.post(&path, &command).await else {
        return course.broke(ComparedTransport::Sending, 0);
    };
    let header = |name: &str| answer.headers().get(name)?.parse().ok();
    if let (Some(up), Some(down)) = (header("teahouse-traced-up"), header("teahouse-traced-down")) {
        course.took(ComparedTransport::Sending, Durations::request(up, down));
    }
    // It is read to its end, or its connection would not be free for the next.
    let is_whole = answer.text().await.is_ok();
    if answer.ok() && is_whole {
        course.with(|comparison| comparison.arrived(ComparedTransport::Sending, client_id, now()));
    } else {
        course.broke(ComparedTransport::Sending, answer.status());
    }
}
