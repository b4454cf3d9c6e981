//! Reads by an event stream.

use super::course::{AGAIN_MS, Course, traced};
use crate::timeout::sleep;
use crate::transport::fields::Fields;
use crate::transport::{request::Cutter, stream};
use client::event_stream::Message;
use client::inspect::comparison::{ComparedTransport, Durations};
use client::transport::Transport;

const ROW: ComparedTransport = ComparedTransport::Reading(Transport::EventStream);

/// Reads until the comparison is over.
pub(super) async fn read(course: Course) {
    let mut cursor = course.cursor();
    while course.is_open() {
        let cutter = Cutter::new(None);
        course.cut_by(Transport::EventStream, &cutter);
        let answer = cutter.get(&format!("/api/events?cursor={cursor}&trace=1")).await;
        let status = answer.as_ref().map_or(0, |answer| answer.status());
        if let Some(answer) = answer.filter(|answer| answer.ok()) {
            course.live(Transport::EventStream);
            let mut told = Durations::default();
            stream::take(answer, |message| tell(&course, message, &mut cursor, &mut told)).await;
        }
        course.broke(ROW, status);
        if course.is_open() {
            sleep(AGAIN_MS).await;
        }
    }
}

fn tell(course: &Course, message: Message, cursor: &mut String, told: &mut Durations) {
    match &*message.event {
        "" => {
            course.read(Transport::EventStream, &message.data);
        }
        "traced" => {
            // Each is of all up to there.
            if let Some(sum) = Fields::of(&message.data).as_ref().and_then(traced) {
                course.took(ROW, sum.since(*told));
                *told = sum;
            }
        }
        // The server ends it: the stream does too.
        _ => {}
    }
    if let Some(id) = message.id {
        *cursor = id;
    }
}
