//! Reads by `GET /api/poll`, one request after the other.

use super::fields::Fields;
use super::line::Line;
use super::request::Cutter;
use crate::clock;
use crate::sight;
use crate::timeout;
use client::pace::Pace;

/// Milliseconds behind its wait after which a request is given up.
const PATIENCE_MS: u64 = 10_000;

/// The first request of a session, and where it is only to begin, the last.
pub(super) async fn begin(line: Line, query: String, goes_on: bool) {
    let query = format!("{query}&begin=1&away={}", u8::from(sight::is_hidden()));
    let Some(mut stands) = ask(&line, &query, 0).await else { return };
    line.live();
    if !goes_on {
        return;
    }
    let mut pace = Pace::new(line.waits());
    while line.is_open() {
        let wait_ms = pace.answered(stands.again_ms);
        if wait_ms > 0 {
            timeout::sleep(wait_ms).await;
        }
        stands = loop {
            let Stands { through, present, .. } = &stands;
            let away = u8::from(line.is_away());
            let query = format!("cursor={through}&present={present}&away={away}&{}", line.claim());
            let began = clock::now();
            match request(&line, &query, pace.wait_s()).await {
                Got::Answer(stands) => break stands,
                Got::Over => return,
                Got::Nothing if pace.failed(clock::now().saturating_sub(began)) => {}
                Got::Nothing => return line.broke(),
            }
        };
    }
}

/// Where the client stands behind an answer.
struct Stands {
    through: String,
    present: u64,
    again_ms: u64,
}

enum Got {
    Answer(Stands),
    /// The request failed, or was given up.
    Nothing,
    /// The line is over.
    Over,
}

async fn ask(line: &Line, query: &str, wait_s: u64) -> Option<Stands> {
    match request(line, query, wait_s).await {
        Got::Answer(stands) => Some(stands),
        Got::Nothing => {
            line.broke();
            None
        }
        Got::Over => None,
    }
}

async fn request(line: &Line, query: &str, wait_s: u64) -> Got {
    if !line.is_open() {
        return Got::Over;
    }
    let cutter = Cutter::new(Some(wait_s * 1_000 + PATIENCE_MS));
    line.cut_by(&cutter);
    let answer = cutter.get(&format!("/api/poll?wait={wait_s}&{query}")).await;
    let text = match answer {
        Some(answer) => {
            let (status, text) = (answer.status(), answer.text().await.ok());
            if answer.ok() {
                text
            } else {
                line.refused(status, text.as_deref().unwrap_or_default());
                None
            }
        }
        None => None,
    };
    match text.and_then(|text| take(line, &text)) {
        _ if !line.is_open() => Got::Over,
        Some(stands) => Got::Answer(stands),
        None => Got::Nothing,
    }
}

/// Takes an answer that came whole.
fn take(line: &Line, text: &str) -> Option<Stands> {
    let answer = Fields::of(text)?;
    let stands = Stands {
        through: answer.text("through")?,
        present: answer.number("present")?,
        again_ms: answer.number("again_ms")?,
    };
    for event in answer.list("events")? {
        line.frame(&event.json()?);
    }
    line.through(&stands.through);
    Some(stands)
}
