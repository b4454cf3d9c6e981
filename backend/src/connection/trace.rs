//! What a traced connection is told of itself: its handshake, and each frame in either direction.
//!
//! A connection is traced if it was opened with `trace=1`, and then for its whole life. Its trace hangs on it and
//! goes into its own queue, so that nobody else can come to see it; a connection that is not traced has none.
//! Bounded by [`TRACE_BYTES_MAX`]: past it frames are byte_counts only.

pub(crate) mod headers;
mod inbound;

use crate::clock::now_ms;
use crate::connection::frame::event;
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

/// What one telling counts for its time.
const ITEM_TIME_BYTES: usize = 8;

/// Queues what a connection is told of itself. It must not keep the connection alive, which holds its tracer.
pub type TraceSink = Box<dyn Fn(Bytes)>;

/// The trace of one connection.
pub struct Tracer {
    /// Empty until the handshake is answered.
    sink: OnceCell<TraceSink>,
    inbound: RefCell<InboundFrames>,
    byte_counts: Cell<ByteCounts>,
    /// What may still be told, in bytes; `None` once something was too much.
    remaining: Cell<Option<usize>>,
}

impl Tracer {
    /// The trace of the connection that this request opens; none, unless the request asks for it.
    pub fn of(request: &HttpRequest) -> Option<Rc<Self>> {
        let asks = request.query_string().split('&').any(|pair| pair == "trace=1");
        asks.then(Tracer::new)
    }

    fn new() -> Rc<Self> {
        Rc::new(Tracer {
            sink: OnceCell::new(),
            inbound: RefCell::default(),
            byte_counts: Cell::default(),
            remaining: Cell::new(Some(TRACE_BYTES_MAX)),
        })
    }

    /// Tells the handshake to `sink`, which takes all that follows too. `response` leaves as it is told.
    pub fn begin(&self, sink: TraceSink, request: &HttpRequest, response: &mut HttpResponse) {
        // actix-http would add it when it writes the head.
        if let Ok(now) = HttpDate::from(SystemTime::now()).to_string().try_into() {
            response.headers_mut().insert(header::DATE, now);
        }
        // Called once: a second sink would take nothing.
        let _ = self.sink.set(sink);
        let (handshake, bytes) = headers::handshake(request, response);
        let told = self.item_within_limit(bytes, || TraceItem::Handshake(Box::new(handshake)));
        self.emit(Some(told.unwrap_or_else(|| self.counts_item())));
    }

    /// Bytes were read from the client. What is to be told of the frames in them is queued.
    pub fn received(&self, bytes: &[u8]) {
        self.inbound.borrow_mut().feed(bytes, |frame, length| self.record_inbound(frame, length));
    }

    /// No more will be read: a frame that had begun is told as far as it came.
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

    /// A frame is queued for the client: what is to be told of it, as a frame of its own.
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

    /// Tells something of so many bytes, unless that is too much.
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
    event(&Event::Trace(Trace { at: now_ms(), seen }))
}

#[cfg(test)]
mod tests;
