//! The three readers over plain HTTP: event stream, long polling and polling. They use the same session as
//! the chat.

use super::AGAIN_MS;
use super::readers::Readers;
use crate::random;
use crate::timeout::sleep;
use crate::transport::fetch::HttpConnection;
use client::http_session::{HttpSession, SessionEvent};
use client::inspect::comparison::{ComparedTransport, TransferCost};
use client::transport::Transport;
use shared::command::{Command, Hello};
use shared::{CloseCode, Cursor, Event};
use std::{cell::Cell, rc::Rc};
use wasm_bindgen_futures::spawn_local;

/// Starts the reader of `transport`. It opens another session whenever one has ended, until the comparison is
/// over.
pub(super) fn read(readers: &Readers, transport: Transport) {
    open(readers, transport, readers.cursor());
}

fn open(readers: &Readers, transport: Transport, cursor: Cursor) {
    let interval_ms = readers.with(|comparison| comparison.interval_ms());
    let session = HttpSession::new(transport, random::seed()).traced(interval_ms);
    let reading = Rc::new(Reading {
        readers: readers.clone(),
        transport,
        cursor: Cell::new(cursor),
        counted: Cell::default(),
    });
    let connection = HttpConnection::open(session, false, move |event| reading.hear(event));
    readers.hold_http(transport, connection);
}

struct Reading {
    readers: Readers,
    transport: Transport,
    /// Cursor of the next session: everything up to it has been read.
    cursor: Cell<Cursor>,
    /// Cost of the stream by the server's last report.
    counted: Cell<TransferCost>,
}

impl Reading {
    fn hear(&self, event: SessionEvent) {
        let row = ComparedTransport::Reading(self.transport);
        match event {
            SessionEvent::Opened => {
                let cursor = Some(self.cursor.get());
                let hello = Hello { reference: 1, build: "inspector".into(), cursor, room: None };
                self.readers.send(self.transport, Command::Hello(hello));
            }
            SessionEvent::Event(event) => {
                if let Event::Welcome(_) = event {
                    self.readers.live(self.transport);
                }
                self.readers.read(self.transport, &event);
            }
            SessionEvent::Through(cursor) => self.cursor.set(cursor),
            SessionEvent::Traced(traffic) => {
                let told = TransferCost::request(traffic.up, traffic.down);
                let is_stream = self.transport == Transport::EventStream;
                // Each report about a stream counts from the stream's beginning.
                let before = if is_stream { self.counted.replace(told) } else { TransferCost::default() };
                self.readers.took(row, told.since(before));
            }
            SessionEvent::Closed { code, .. } => {
                let is_refused = code == CloseCode::SignedOut.number();
                self.readers.broke(row, if is_refused { 401 } else { 0 });
                let (readers, transport, cursor) = (self.readers.clone(), self.transport, self.cursor.get());
                spawn_local(async move {
                    sleep(AGAIN_MS).await;
                    if readers.is_open() {
                        open(&readers, transport, cursor);
                    }
                });
            }
            SessionEvent::Follows | SessionEvent::Answer(_) => {}
        }
    }
}
