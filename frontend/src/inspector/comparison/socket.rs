//! The reader over a WebSocket. It sends nothing but `hello` and the answers to pings.

use super::AGAIN_MS;
use super::readers::Readers;
use crate::inspector::socket::Socket;
use crate::timeout::sleep;
use client::inspect::SocketEvent;
use client::inspect::comparison::{ComparedTransport, TransferCost, socket::SocketTotals};
use client::transport::Transport;
use shared::command::{Command, Hello};
use shared::{Cursor, Event, close::CloseCode};
use std::{cell::Cell, rc::Rc};
use wasm_bindgen_futures::spawn_local;

const ROW: ComparedTransport = ComparedTransport::Reading(Transport::WebSocket);

/// Starts the reader. It opens another WebSocket whenever one has closed, until the comparison is over.
pub(super) fn read(readers: &Readers) {
    open(readers.clone(), readers.cursor());
}

fn open(readers: Readers, cursor: Cursor) {
    let sums = Rc::new(Cell::new(SocketTotals::default()));
    let hearing = readers.clone();
    let opened = Socket::open(move |told| hear(&hearing, told, cursor, &sums));
    if opened.is_err() {
        readers.broke(ROW, 0);
    }
    readers.hold(opened.ok());
}

fn hear(readers: &Readers, told: SocketEvent, cursor: Cursor, sums: &Cell<SocketTotals>) {
    match told {
        SocketEvent::Opened => {
            let hello = Hello { reference: 1, build: "inspector".into(), cursor: Some(cursor), room: None };
            say(readers, &Command::Hello(hello));
        }
        SocketEvent::Message(text) => {
            let event = Event::parse(&text).unwrap_or(Event::Unknown);
            readers.read(Transport::WebSocket, &event);
            match event {
                Event::Trace(trace) => {
                    let before = sums.get().cost();
                    let mut sum = sums.get();
                    sum.add(&trace.seen);
                    sums.set(sum);
                    readers.took(ROW, TransferCost::since(sum.cost(), before));
                }
                Event::Welcome(_) => readers.live(Transport::WebSocket),
                Event::Ping(_) => say(readers, &Command::Pong),
                _ => {}
            }
        }
        SocketEvent::Failed => {}
        SocketEvent::Closed { code, .. } => {
            let is_refused = code == CloseCode::SignedOut.number();
            readers.broke(ROW, if is_refused { 401 } else { 0 });
            let readers = readers.clone();
            spawn_local(async move {
                sleep(AGAIN_MS).await;
                if readers.is_open() {
                    open(readers, cursor);
                }
            });
        }
    }
}

fn say(readers: &Readers, command: &Command) {
    readers.with_socket(|socket| socket.send(&command.to_text()));
}
