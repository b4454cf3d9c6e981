//! Reads by a WebSocket, on which nothing is said but what keeps it.

use super::course::{AGAIN_MS, Course};
use crate::inspector::socket::Socket;
use crate::timeout::sleep;
use client::inspect::SocketEvent;
use client::inspect::comparison::{ComparedTransport, Durations, socket::SocketTotals};
use client::transport::Transport;
use shared::command::{Command, Hello};
use shared::{Event, close::CloseCode};
use std::{cell::Cell, rc::Rc};
use wasm_bindgen_futures::spawn_local;

const ROW: ComparedTransport = ComparedTransport::Reading(Transport::WebSocket);

/// Opens one, and another when it has ended, until the comparison is over.
pub(super) fn read(course: &Course) {
    open(course.clone(), course.cursor());
}

fn open(course: Course, cursor: String) {
    let sums = Rc::new(Cell::new(SocketTotals::default()));
    let hearing = course.clone();
    let opened = Socket::open(move |told| hear(&hearing, told, &cursor, &sums));
    if opened.is_err() {
        course.broke(ROW, 0);
    }
    course.hold(opened.ok());
}

fn hear(course: &Course, told: SocketEvent, cursor: &str, sums: &Cell<SocketTotals>) {
    match told {
        SocketEvent::Opened => {
            let cursor = cursor.parse().ok();
            let hello = Hello { reference: 1, build: "inspector".into(), cursor, room: None };
            say(course, &Command::Hello(hello));
        }
        SocketEvent::Message(text) => match course.read(Transport::WebSocket, &text) {
            Some(Event::Trace(trace)) => {
                let before = sums.get().took();
                let mut sum = sums.get();
                sum.saw(&trace.seen);
                sums.set(sum);
                course.took(ROW, Durations::since(sum.took(), before));
            }
            Some(Event::Welcome(_)) => course.live(Transport::WebSocket),
            Some(Event::Ping(_)) => say(course, &Command::Pong),
            _ => {}
        },
        SocketEvent::Failed => {}
        SocketEvent::Closed { code, .. } => {
            let is_refused = code == CloseCode::SignedOut.number();
            course.broke(ROW, if is_refused { 401 } else { 0 });
            let (course, cursor) = (course.clone(), cursor.to_owned());
            spawn_local(async move {
                sleep(AGAIN_MS).await;
                if course.is_open() {
                    open(course, cursor);
                }
            });
        }
    }
}

fn say(course: &Course, command: &Command) {
    // Texts and numbers only: that cannot fail.
    let text = serde_json::to_string(command).unwrap_or_default();
    course.with_socket(|socket| socket.send(&text));
}
