//! `/conn_ws`: one WebSocket, in one of two dialects.
//!
//! actix-ws answers the handshake and reads, behind [`FrameGuard`]; frames leave through [`OutboundBody`].
//! Each connection has one task that reads. When it ends for any reason, a guard removes the connection from
//! its worker, and the hub gets `Closed`.

use crate::clock::now_ms;
use crate::connection::direct_writer::DirectWriter;
use crate::connection::frame;
use crate::connection::frame_guard::{FrameGuard, Rejection};
use crate::connection::trace::Tracer;
use crate::connection::worker_inputs::WorkerInputs;
use crate::connection::{Connection, OutboundBody};
use crate::fanout::ConnectionGuard;
use crate::fanout::Connections;
use crate::http::app_state::{AppState, InboundHook, InboundRates};
use crate::http::device_token;
use crate::http::host_policy::Caller;
use crate::http::problem::ApiError;
use crate::limits::READ_STEP_BYTES_MAX;
use actix_http::BoxedPayloadStream;
use actix_web::{
    FromRequest, HttpRequest, HttpResponse,
    dev::Payload,
    http::{StatusCode, header},
    web,
};
use actix_ws::{AggregatedMessage, AggregatedMessageStream, CloseReason, ProtocolError};
use bytes::Bytes;
use bytestring::ByteString;
use futures_util::StreamExt;
use hub::{Dialect, Input, input::Unstored, rate::Bucket};
use shared::{
    ClientId, CloseCode, Command, ErrorCode, Event,
    event::Refusal,
    limits::{FRAME_BYTES_MAX, PLAIN_BYTES_MAX},
    version::SUBPROTOCOL,
};
use std::{io::ErrorKind, rc::Rc, time::Duration};

/// Opens a WebSocket.
pub async fn connect(
    request: HttpRequest,
    payload: web::Payload,
    caller: Caller,
) -> Result<HttpResponse, ApiError> {
    let state = AppState::of(&request);
    check_handshake(&request)?;
    let dialect = choose_dialect(&request, state.is_text_dialect_on)?;
    let permit =
        state.permits.try_acquire().ok_or(ApiError::new(StatusCode::SERVICE_UNAVAILABLE, ErrorCode::Full))?;
    let message_max = match dialect {
        Dialect::V1 => FRAME_BYTES_MAX,
        Dialect::Text => PLAIN_BYTES_MAX,
    };
    let tracer = if dialect == Dialect::V1 { Tracer::of(&request) } else { None };
    let (guarded, rejection) = FrameGuard::new(payload.into_inner(), message_max, tracer.clone());
    let guarded: BoxedPayloadStream = Box::pin(guarded);
    let mut guarded = Payload::Stream { payload: guarded };
    let payload =
        web::Payload::from_request(&request, &mut guarded).into_inner().map_err(|_| bad_handshake())?;
    let (mut response, _, messages) =
        actix_ws::handle_with_protocols(&request, payload, &[SUBPROTOCOL]).map_err(|_| bad_handshake())?;
    let messages =
        messages.max_frame_size(message_max).aggregate_continuations().max_continuation_size(message_max);

    // A request that a test made without a socket has none.
    let direct_writer = request.conn_data::<Rc<DirectWriter>>().cloned().unwrap_or_default();
    let sent_names = direct_writer.take_header_names();
    let connection = state.connections.add_socket(dialect, direct_writer);
    let guard = ConnectionGuard::new(Rc::clone(&state.connections), Rc::clone(&connection), permit);
    if let Some(tracer) = tracer {
        connection.set_tracer(Rc::clone(&tracer));
        tracer.begin(connection.trace_sink(), &request, sent_names.as_deref(), &mut response);
    }
    let device = device_token::trusted(&request, &state.policy, &caller);
    let reader = MessageReader {
        connection: Rc::clone(&connection),
        inputs: state.connections.inputs(),
        connections: Rc::clone(&state.connections),
        rejection,
        rates: state.inbound_rates,
        inbound_hook: state.inbound_hook.clone(),
    };
    // Tell the registry before answering 101. The registry handles its inbox in order, and so does each
    // worker its batches. So the connection is attached before any later post is published, on any worker.
    // Otherwise a client of the text dialect would miss such a post: it gets no replay.
    let opened = Input::Opened { session: connection.session, dialect, device };
    // A client that leaves while the inbox is full drops this future, and `guard` with it.
    state.tell(opened).await?;
    actix_web::rt::spawn(async move {
        let _guard = guard;
        reader.run(messages).await;
    });
    Ok(response.map_body(|_, body| OutboundBody::new(connection, body)).map_into_boxed_body())
}

/// Explains the upgrade to a request that is no handshake.
fn check_handshake(request: &HttpRequest) -> Result<(), ApiError> {
    use actix_http::ws::HandshakeError::{GetMethodRequired, NoConnectionUpgrade, NoWebsocketUpgrade};
    match actix_http::ws::verify_handshake(request.head()) {
        Ok(()) => Ok(()),
        Err(GetMethodRequired | NoWebsocketUpgrade | NoConnectionUpgrade) => {
            let refused = ApiError::new(StatusCode::UPGRADE_REQUIRED, ErrorCode::UpgradeRequired);
            Err(refused.with_header(header::UPGRADE, "websocket").with_header(header::CONNECTION, "upgrade"))
        }
        Err(_) => Err(bad_handshake()),
    }
}

fn bad_handshake() -> ApiError {
    // RFC 6455 §4.2.2: name the version that the server speaks.
    ApiError::new(StatusCode::BAD_REQUEST, ErrorCode::BadHandshake)
        .with_header(header::SEC_WEBSOCKET_VERSION, "13")
}

fn choose_dialect(request: &HttpRequest, is_text_dialect_on: bool) -> Result<Dialect, ApiError> {
    let mut offered = request
        .headers()
        .get_all(header::SEC_WEBSOCKET_PROTOCOL)
        .flat_map(|value| value.to_str().unwrap_or("?").split(','))
        .map(str::trim)
        .filter(|protocol| !protocol.is_empty())
        .peekable();
    let is_offered = offered.peek().is_some();
    let asks_v1 = request.query_string().split('&').any(|pair| pair == "v=1");
    if asks_v1 || offered.any(|protocol| protocol == SUBPROTOCOL) {
        return Ok(Dialect::V1);
    }
    if is_offered {
        return Err(ApiError::new(StatusCode::BAD_REQUEST, ErrorCode::SubprotocolUnknown));
    }
    if is_text_dialect_on {
        return Ok(Dialect::Text);
    }
    Err(ApiError::new(StatusCode::FORBIDDEN, ErrorCode::PlainOff))
}

struct MessageReader {
    connection: Rc<Connection>,
    inputs: Rc<WorkerInputs>,
    connections: Rc<Connections>,
    rejection: Rejection,
    rates: InboundRates,
    inbound_hook: Option<InboundHook>,
}

impl MessageReader {
    async fn run(&self, mut messages: AggregatedMessageStream) {
        let now = now_ms();
        let mut buckets = (Bucket::full(self.rates.messages, now), Bucket::full(self.rates.bytes, now));
        loop {
            self.wait_out_pause().await;
            let (code, reason) = match messages.next().await {
                Some(Ok(AggregatedMessage::Close(reason))) => echo(reason),
                Some(Ok(message)) => {
                    self.connection.note_read(self.connections.now_s());
                    match self.handle(message, &mut buckets).await {
                        Ok(()) => continue,
                        Err(code) => (Some(code.number()), ""),
                    }
                }
                Some(Err(error)) => {
                    (Some(self.rejection.get().unwrap_or(close_code_of(&error)).number()), "")
                }
                None => match self.rejection.get() {
                    Some(code) => (Some(code.number()), ""),
                    None => (Some(CloseCode::GoingAway.number()), ""),
                },
            };
            self.connection.close(code, reason);
            return self.connection.flush();
        }
    }

    /// Reads nothing while the connection is paused.
    async fn wait_out_pause(&self) {
        loop {
            let wait = self.connection.pause_ms(now_ms());
            if wait == 0 {
                return;
            }
            tokio::time::sleep(Duration::from_millis(wait)).await;
            // The server did not read, so silence is not the client's fault.
            self.connection.note_read(self.connections.now_s());
        }
    }

    async fn handle(
        &self,
        message: AggregatedMessage,
        buckets: &mut (Bucket, Bucket),
    ) -> Result<(), CloseCode> {
        if let (Some(hook), AggregatedMessage::Text(text)) = (&self.inbound_hook, &message) {
            hook(text);
        }
        self.count_rate(length(&message), buckets);
        match (message, self.connection.dialect) {
            (AggregatedMessage::Ping(payload), _) => self.enqueue(frame::pong(&payload)),
            (AggregatedMessage::Pong(_) | AggregatedMessage::Close(_), _) => {}
            (AggregatedMessage::Text(text), Dialect::V1) => self.handle_command(&text).await?,
            (AggregatedMessage::Binary(_), Dialect::V1) => self.refuse(None, ErrorCode::BinaryRefused),
            (AggregatedMessage::Text(text), Dialect::Text) => self.handle_text(text).await?,
            (AggregatedMessage::Binary(bytes), Dialect::Text) => {
                self.tell(Input::UnstoredReceived(self.connection.session, Unstored::Binary(bytes.to_vec())))
                    .await?;
            }
        }
        Ok(())
    }

    async fn handle_command(&self, text: &str) -> Result<(), CloseCode> {
        match Command::parse(text) {
            Ok(command) => self.tell(Input::CommandReceived(self.connection.session, command)).await,
            Err(error) => {
                self.refuse(error.reference, error.code);
                Ok(())
            }
        }
    }

    async fn handle_text(&self, text: ByteString) -> Result<(), CloseCode> {
        let session = self.connection.session;
        if text.is_empty() {
            return self.tell(Input::UnstoredReceived(session, Unstored::EmptyText)).await;
        }
        let mut client_id = [0; 16];
        getrandom::fill(&mut client_id).map_err(|_| CloseCode::Internal)?;
        // Copy the text: as it came it keeps the whole read buffer alive.
        let text = String::from(&*text);
        self.tell(Input::TextReceived { session, client_id: ClientId(client_id), text }).await
    }

    fn count_rate(&self, bytes: usize, (per_message, per_byte): &mut (Bucket, Bucket)) {
        let now = now_ms();
        let bytes = u32::try_from(bytes).unwrap_or(u32::MAX);
        let wait =
            per_message.take(self.rates.messages, 1, now).max(per_byte.take(self.rates.bytes, bytes, now));
        if wait > 0 {
            self.connection.pause_until(now.saturating_add(wait));
        }
    }

    fn refuse(&self, reference: Option<u64>, code: ErrorCode) {
        // A refusal is a reply: it stays when buffered frames are dropped.
        self.connection.send(Box::new(Event::Error(Refusal::new(reference, code))));
        self.connection.flush();
    }

    fn enqueue(&self, frame: Bytes) {
        self.connection.enqueue(frame);
        self.connection.flush();
    }

    async fn tell(&self, input: Input) -> Result<(), CloseCode> {
        self.inputs.send(input).await.map_err(|_| CloseCode::Internal)
    }
}

fn length(message: &AggregatedMessage) -> usize {
    match message {
        AggregatedMessage::Text(text) => text.len(),
        AggregatedMessage::Binary(bytes)
        | AggregatedMessage::Ping(bytes)
        | AggregatedMessage::Pong(bytes) => bytes.len(),
        AggregatedMessage::Close(_) => 0,
    }
}

/// Returns the peer's own code (RFC 6455 §5.5.1).
fn echo(reason: Option<CloseReason>) -> (Option<u16>, &'static str) {
    (reason.map(|reason| u16::from(reason.code)), "")
}

fn close_code_of(error: &ProtocolError) -> CloseCode {
    match error {
        ProtocolError::Overflow => CloseCode::TooBig,
        ProtocolError::Io(error) if error.kind() == ErrorKind::InvalidData => CloseCode::InvalidData,
        _ => CloseCode::Protocol,
    }
}

// A smaller step could not take a whole message: a long message would need many steps.
const _: () = assert!(READ_STEP_BYTES_MAX >= PLAIN_BYTES_MAX);

#[cfg(test)]
mod tests;
