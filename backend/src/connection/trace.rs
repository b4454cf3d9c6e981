//! Reports to a traced connection its own handshake, and each frame in either direction.
//!
//! A connection is traced if it was opened with `trace=1`, and then until it closes. Its tracer belongs to
//! it alone and writes into its own queue, so no other client can see the trace. [`TRACE_BYTES_MAX`] bounds
//! a trace; past it frames are only counted.

pub(crate) mod headers;
mod inbound;

use crate::clock::wall_ms;
use crate::connection::frame::event;
use crate::connection::head_recorder::asks_for_trace;
use actix_web::{
    HttpRequest, HttpResponse,
    http::header::{self, HttpDate},
};
use bytes::Bytes;
use inbound::InboundFrames;
use shared::{
    Event,
    event::{
        Trace,
        trace::{self, ByteCounts, DirectionCount, TraceItem, TracedFrame},
    },
    limits::{TRACE_BYTES_MAX, TRACE_PAYLOAD_BYTES_MAX},
    websocket::{FrameHeader, Opcode, Side},
};
use std::{
    cell::{Cell, OnceCell, RefCell},
    rc::Rc,
    time::SystemTime,
};

/// Bytes that the time of one item counts.
const ITEM_TIME_BYTES: usize = 8;

/// Queues the frames of a trace on the connection. It must hold the connection weakly, because the
/// connection holds its tracer.
pub type TraceSink = Box<dyn Fn(Bytes)>;

/// The trace of one connection.
pub struct Tracer {
    /// Empty until the handshake is answered.
    sink: OnceCell<TraceSink>,
    inbound: RefCell<InboundFrames>,
    byte_counts: Cell<ByteCounts>,
    /// Bytes that the trace may still report; `None` after an item was too long.
    remaining: Cell<Option<usize>>,
}

impl Tracer {
    /// A tracer for the connection that this request opens, if it asks for one.
    pub fn of(request: &HttpRequest) -> Option<Rc<Self>> {
        asks_for_trace(request.query_string()).then(Tracer::new)
    }

    fn new() -> Rc<Self> {
        Rc::new(Tracer {
            sink: OnceCell::new(),
            inbound: RefCell::default(),
            byte_counts: Cell::default(),
            remaining: Cell::new(Some(TRACE_BYTES_MAX)),
        })
    }

    /// Reports the handshake to `sink`, which also gets everything that follows. `sent_names` are the
    /// request's header names in the order in which they were sent, if it is known. Sets the response's
    /// date, so that the report agrees with it.
    pub fn begin(
        &self,
        sink: TraceSink,
        request: &HttpRequest,
        sent_names: Option<&[String]>,
        response: &mut HttpResponse,
    ) {
        // actix-http would add the date only when it writes the head.
        if let Ok(now) = HttpDate::from(SystemTime::now()).to_string().try_into() {
            response.headers_mut().insert(header::DATE, now);
        }
        // `begin` is called once, so the sink is not set yet.
        let _ = self.sink.set(sink);
        let (handshake, bytes) = headers::handshake(request, sent_names, response);
        let frame = self.item_within_limit(bytes, || TraceItem::Handshake(Box::new(handshake)));
        self.emit(Some(frame.unwrap_or_else(|| self.counts_item())));
    }

    /// Reports the frames in bytes that were read from the client.
    pub fn received(&self, bytes: &[u8]) {
        self.inbound.borrow_mut().feed(bytes, |frame, length| self.record_inbound(frame, length));
    }

    /// Reports a frame that has begun, as far as it came: no more bytes will be read.
    pub fn ended(&self) {
        self.inbound.borrow_mut().end(|frame, length| self.record_inbound(frame, length));
    }

    fn record_inbound(&self, frame: TracedFrame, length: u64) {
        let mut byte_counts = self.byte_counts.get();
        add(&mut byte_counts.client, length);
        self.byte_counts.set(byte_counts);
        if self.remaining.get().is_some() {
            self.emit(Some(self.frame_item(frame).unwrap_or_else(|| self.counts_item())));
        }
    }

    /// Encodes the report of a frame that is queued for the client.
    pub fn sent(&self, frame: &Bytes) -> Option<Bytes> {
        let header = FrameHeader::read(frame).ok()?;
        let mut byte_counts = self.byte_counts.get();
        add(&mut byte_counts.server, frame.len() as u64);
        self.byte_counts.set(byte_counts);
        if self.remaining.get().is_none() {
            let is_time = matches!(header.opcode, Opcode::Ping | Opcode::Close);
            return is_time.then(|| self.counts_item());
        }
        let (header, payload) = frame.split_at(header.bytes());
        let payload = &payload[..payload.len().min(TRACE_PAYLOAD_BYTES_MAX)];
        let frame = TracedFrame {
            from: Side::Server,
            header: trace::HexBytes(header.to_vec()),
            payload: trace::HexBytes(payload.to_vec()),
        };
        Some(self.frame_item(frame).unwrap_or_else(|| self.counts_item()))
    }

    fn frame_item(&self, frame: TracedFrame) -> Option<Bytes> {
        self.item_within_limit(frame.header.0.len() + frame.payload.0.len(), || TraceItem::Frame(frame))
    }

    fn counts_item(&self) -> Bytes {
        item_frame(TraceItem::Counted(self.byte_counts.get()))
    }

    /// Encodes an item of this many bytes, unless it exceeds the limit.
    fn item_within_limit(&self, bytes: usize, item: impl FnOnce() -> TraceItem) -> Option<Bytes> {
        let remaining =
            self.remaining.get().and_then(|remaining| remaining.checked_sub(bytes + ITEM_TIME_BYTES));
        self.remaining.set(remaining);
        remaining.map(|_| item_frame(item()))
    }

    fn emit(&self, frame: Option<Bytes>) {
        if let (Some(frame), Some(sink)) = (frame, self.sink.get()) {
            sink(frame);
        }
    }
}

fn add(count: &mut DirectionCount, bytes: u64) {
    count.frames += 1;
    count.bytes = count.bytes.saturating_add(bytes);
}

fn item_frame(seen: TraceItem) -> Bytes {
    event(&Event::Trace(Trace { at: wall_ms(), seen }))
}

#[cfg(test)]
mod tests;
