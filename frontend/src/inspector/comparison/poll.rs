//! Reads by polls: with a wait, or without and again after the interval.

use super::course::{AGAIN_MS, Course, PATIENCE_MS, traced};
use super::now;
use crate::timeout::sleep;
use crate::transport::fields::Fields;
use crate::transport::request::Cutter;
use client::inspect::comparison::ComparedTransport;
use client::limits::POLL_WAIT_S;
use client::transport::Transport;

/// Reads until the comparison is over.
pub(super) async fn read(course: Course, transport: Transport) {
    let (mut cursor, mut present) = (course.cursor(), None);
    let interval_us = course.with(|comparison| comparison.interval_ms()) * 1_000;
    while course.is_open() {
        let began = now();
        // The first begins a session, and does not wait.
        let (wait_s, query) = match present {
            None => (0, format!("begin=1&cursor={cursor}")),
            Some(present) => {
                let wait_s = if transport == Transport::LongPoll { POLL_WAIT_S } else { 0 };
                (wait_s, format!("cursor={cursor}&present={present}&{}", course.claim()))
            }
        };
        let cutter = Cutter::new(Some(wait_s * 1_000 + PATIENCE_MS));
        course.cut_by(transport, &cutter);
        let answer = cutter.get(&format!("/api/poll?wait={wait_s}&{query}&trace=1")).await;
        let status = answer.as_ref().map_or(0, |answer| answer.status());
        let text = match answer {
            Some(answer) if answer.ok() => answer.text().await.ok(),
            _ => None,
        };
        match text.and_then(|text| take(&course, transport, &text)) {
            Some(stands) => (cursor, present) = (stands.0, Some(stands.1)),
            None => {
                course.broke(ComparedTransport::Reading(transport), status);
                sleep(AGAIN_MS).await;
                continue;
            }
        }
        course.live(transport);
        if transport == Transport::Poll {
            // As often as was asked for, and no more than one at a time.
            let left_us = (began + interval_us).saturating_sub(now());
            sleep(left_us.div_ceil(1_000)).await;
        }
    }
}

/// Takes an answer that came whole: where the reader stands now, and the state of presence.
fn take(course: &Course, transport: Transport, text: &str) -> Option<(String, u64)> {
    let answer = Fields::of(text)?;
    for event in answer.list("events")? {
        course.read(transport, &event.json()?);
    }
    course.took(ComparedTransport::Reading(transport), traced(&answer.within("traced")?)?);
    Some((answer.text("through")?, answer.number("present")?))
}
