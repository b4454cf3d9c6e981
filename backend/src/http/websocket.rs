//! `/conn_ws`: one WebSocket, in one of two dialects.
//!
//! actix-http answers the handshake. Messages arrive through [`InboundMessages`], and frames leave through
//! [`OutboundBody`]. Each connection has one task that reads. When it ends for any reason, a guard removes the connection from
//! its worker, and the hub gets `Closed`.

use crate::clock::mono_ms;
use crate::connection::address_limits::{Act, AddressLimits, Kind};
use crate::connection::direct_writer::DirectWriter;
use crate::connection::frame;
use crate::connection::inbound_messages::InboundMessages;
use crate::connection::message_decoder::Message;
use crate::connection::read_ahead::ReadAhead;
use crate::connection::request_cycle::RequestCycle;
use crate::connection::trace::Tracer;
use crate::connection::worker_inputs::WorkerInputs;
use crate::connection::{Connection, OutboundBody};
use crate::fanout::ConnectionGuard;
use crate::fanout::Connections;
use crate::http::app_state::{AppState, InboundHook, InboundRates};
use crate::http::device_token;
use crate::http::field_fault;
use crate::http::host_policy::Caller;
use crate::http::problem::ApiError;
use crate::limits::PEER_CHECK_EVERY;
use actix_web::{
    HttpRequest, HttpResponse,
    body::MessageBody as _,
    http::{StatusCode, header},
    web,
};
use bytes::Bytes;
use hub::{Dialect, Input, input::Unstored, rate::Bucket};
use shared::{
    ClientId, CloseCode, Command, ErrorCode, Event,
    event::Refusal,
    limits::{FRAME_BYTES_MAX, PLAIN_BYTES_MAX},
    version::SUBPROTOCOL,
};
use std::{net::IpAddr, rc::Rc, sync::Arc, time::Duration};
use tokio::time::timeout;

/// Opens a WebSocket.
pub async fn connect(
    request: HttpRequest,
    payload: web::Payload,
    caller: Caller,
) -> Result<HttpResponse, ApiError> {
    let state = AppState::of(&request);
    check_handshake(&request)?;
    let dialect = choose_dialect(&request, state.is_text_dialect_on)?;
    let permit = state.acquire_permit(Kind::Socket, &caller)?;
    // The last refusal: a handshake that opens no WebSocket costs nothing.
    state.address_limits.act(caller.ip, Act::Handshake)?;
    let message_max = match dialect {
        Dialect::V1 => FRAME_BYTES_MAX,
        Dialect::Text => PLAIN_BYTES_MAX,
    };
    let tracer = if dialect == Dialect::V1 { Tracer::of(&request) } else { None };
    // A request that a test made without a socket has none of these three.
    let direct_writer = request.conn_data::<Rc<DirectWriter>>().cloned().unwrap_or_default();
    let read_ahead = request.conn_data::<Rc<ReadAhead>>().cloned().unwrap_or_default();
    if let Some(cycle) = request.conn_data::<Rc<RequestCycle>>() {
        read_ahead.begin();
        cycle.upgrade();
    }
    let messages = InboundMessages::new(
        payload.into_inner(),
        message_max,
        state.deadlines.message,
        read_ahead,
        tracer.clone(),
    )
    .count_held(state.address_limits.held_bytes(caller.ip));
    let sent_names = direct_writer.take_header_names();
    let connection = state.connections.add_socket(dialect, Rc::clone(&direct_writer));
    connection.count_held(state.address_limits.held_bytes(caller.ip));
    let guard = ConnectionGuard::new(Rc::clone(&state.connections), Rc::clone(&connection), permit);
    let mut response = respond(&request, &connection)?;
    if let Some(tracer) = tracer {
        connection.set_tracer(Rc::clone(&tracer));
        tracer.begin(connection.trace_sink(), &request, sent_names.as_deref(), &mut response);
    }
    let device = device_token::trusted(&request, &state, &caller).await;
    let reader = MessageReader {
        connection: Rc::clone(&connection),
        inputs: state.connections.inputs(),
        connections: Rc::clone(&state.connections),
        direct_writer,
        ip: caller.ip,
        address_limits: Arc::clone(&state.address_limits),
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
    Ok(response)
}

/// The response that accepts the handshake. It repeats the subprotocol if it was offered.
fn respond(request: &HttpRequest, connection: &Rc<Connection>) -> Result<HttpResponse, ApiError> {
    let mut response = actix_http::ws::handshake(request.head()).map_err(|_| bad_handshake())?;
    if offered_subprotocols(request).any(|protocol| protocol == SUBPROTOCOL) {
        response.insert_header((header::SEC_WEBSOCKET_PROTOCOL, SUBPROTOCOL));
    }
    let body = OutboundBody::new(Rc::clone(connection)).boxed();
    Ok(response.message_body(body).map_err(|_| bad_handshake())?.into())
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
    let mut offered = offered_subprotocols(request).peekable();
    let is_offered = offered.peek().is_some();
    let version = request.query_string().split('&').find_map(|pair| pair.strip_prefix("v="));
    if version == Some("1") || offered.any(|protocol| protocol == SUBPROTOCOL) {
        return Ok(Dialect::V1);
    }
    if is_offered {
        return Err(ApiError::new(StatusCode::BAD_REQUEST, ErrorCode::SubprotocolUnknown));
    }
    // A client of another version must not be taken for one of the text dialect: its commands would be posted.
    if version.is_some() {
        let why = "`v` in the address must be 1, the only version of this server.".to_owned();
        return Err(ApiError::new(StatusCode::UNPROCESSABLE_ENTITY, ErrorCode::BadField).with_detail(why));
    }
    if is_text_dialect_on {
        return Ok(Dialect::Text);
    }
    Err(ApiError::new(StatusCode::FORBIDDEN, ErrorCode::PlainOff))
}

fn offered_subprotocols(request: &HttpRequest) -> impl Iterator<Item = &str> {
    request
        .headers()
        .get_all(header::SEC_WEBSOCKET_PROTOCOL)
        .flat_map(|value| value.to_str().unwrap_or("?").split(','))
        .map(str::trim)
        .filter(|protocol| !protocol.is_empty())
}

struct MessageReader {
    connection: Rc<Connection>,
    inputs: Rc<WorkerInputs>,
    connections: Rc<Connections>,
    direct_writer: Rc<DirectWriter>,
    /// IP address that the messages count for.
    ip: IpAddr,
    address_limits: Arc<AddressLimits>,
    rates: InboundRates,
    inbound_hook: Option<InboundHook>,
}

impl MessageReader {
    async fn run(&self, mut messages: InboundMessages) {
        let now = mono_ms();
        let InboundRates { messages: per_message, bytes: per_byte, texts: per_text } = self.rates;
        let mut buckets = [per_message, per_byte, per_text].map(|rate| Bucket::full(rate, now));
        let code = loop {
            // What a peer left unread that has gone is dropped.
            if !self.wait_for_answers().await || !self.wait_out_pause(&mut messages).await {
                break Some(CloseCode::GoingAway.number());
            }
            // Other connections have their turn even if this peer sends without end.
            tokio::task::consume_budget().await;
            match messages.next().await {
                Ok(Some(Message::Close(code))) => break code,
                Ok(Some(message)) => {
                    self.connection.note_read(self.connections.now_s());
                    self.count_rate(&message, &mut buckets);
                    if matches!(message, Message::Ping(_)) && messages.take_answered_ping() {
                        continue;
                    }
                    if let Err(code) = self.handle(message).await {
                        break Some(code.number());
                    }
                }
                Ok(None) => break Some(CloseCode::GoingAway.number()),
                Err(code) => break Some(code.number()),
            }
        };
        // A close by the peer is echoed with its own code (RFC 6455 §5.5.1).
        self.connection.close(code, "");
        self.connection.flush();
    }

    /// Reads nothing while many answers wait for the client. Returns false if the connection ends meanwhile.
    async fn wait_for_answers(&self) -> bool {
        while self.connection.holds_many_answers() {
            // If the answers leave in time, this is no error; if not, the connection is looked at.
            let _ = timeout(PEER_CHECK_EVERY, self.connection.answers_left()).await;
            self.connection.bound_held();
            if self.direct_writer.is_peer_gone() || self.connection.is_closing() {
                return false;
            }
            // The server did not read, so silence is not the client's fault.
            self.connection.note_read(self.connections.now_s());
        }
        true
    }

    /// Handles nothing but pings while the connection is paused. Returns false if the connection ends meanwhile.
    async fn wait_out_pause(&self, messages: &mut InboundMessages) -> bool {
        loop {
            let wait = Duration::from_millis(self.connection.pause_ms(mono_ms()));
            if wait.is_zero() {
                return true;
            }
            let check = tokio::time::sleep(wait.min(PEER_CHECK_EVERY));
            tokio::select! {
                ping = messages.next_waiting_ping() => {
                    self.enqueue(frame::pong(&ping));
                    tokio::task::consume_budget().await;
                    continue;
                }
                () = check => {}
            }
            if self.direct_writer.is_peer_gone() || self.connection.is_closing() {
                return false;
            }
            // The server did not read, so silence is not the client's fault.
            self.connection.note_read(self.connections.now_s());
        }
    }

    async fn handle(&self, message: Message) -> Result<(), CloseCode> {
        if let (Some(hook), Message::Text(text)) = (&self.inbound_hook, &message) {
            hook(text);
        }
        match (message, self.connection.dialect) {
            (Message::Ping(payload), _) => self.enqueue(frame::pong(&payload)),
            (Message::Pong(_) | Message::Close(_), _) => {}
            (Message::Text(text), Dialect::V1) => self.handle_command(&text).await?,
            (Message::Binary(_), Dialect::V1) => self.refuse(Refusal::new(None, ErrorCode::BinaryRefused)),
            (Message::Text(text), Dialect::Text) => self.handle_text(text).await?,
            (Message::Binary(bytes), Dialect::Text) => {
                self.tell(Input::UnstoredReceived(self.connection.session, Unstored::Binary(bytes))).await?;
            }
        }
        Ok(())
    }

    async fn handle_command(&self, text: &str) -> Result<(), CloseCode> {
        let command = match Command::parse(text) {
            Ok(command) => command,
            Err(error) => {
                let detail = field_fault::of_command(text.as_bytes(), error.code);
                self.refuse(Refusal { detail, ..Refusal::new(error.reference, error.code) });
                return Ok(());
            }
        };
        let is_charged = matches!(command, Command::RoomCreate(_));
        let charge = is_charged.then(|| self.address_limits.charge(self.ip, Act::CreateRoom));
        let Ok(charge) = charge.transpose() else {
            self.refuse(Refusal::new(Some(command.reference()), ErrorCode::TooManyRequests));
            return Ok(());
        };
        let input = Input::CommandReceived(self.connection.session, command);
        self.inputs.send_charged(input, charge).await.map_err(|_| CloseCode::Internal)
    }

    async fn handle_text(&self, text: String) -> Result<(), CloseCode> {
        let session = self.connection.session;
        if text.is_empty() {
            return self.tell(Input::UnstoredReceived(session, Unstored::EmptyText)).await;
        }
        let mut client_id = [0; 16];
        getrandom::fill(&mut client_id).map_err(|_| CloseCode::Internal)?;
        self.tell(Input::TextReceived { session, client_id: ClientId(client_id), text }).await
    }

    /// Counts a message. Over a rate, the connection is paused.
    fn count_rate(&self, message: &Message, [per_message, per_byte, per_text]: &mut [Bucket; 3]) {
        let now = mono_ms();
        let bytes = u32::try_from(message.length()).unwrap_or(u32::MAX);
        let mut wait =
            per_message.take(self.rates.messages, 1, now).max(per_byte.take(self.rates.bytes, bytes, now));
        let is_text_dialect = self.connection.dialect == Dialect::Text;
        if is_text_dialect && matches!(message, Message::Text(_) | Message::Binary(_)) {
            wait = wait.max(per_text.take(self.rates.texts, 1, now)).max(self.address_limits.text(self.ip));
        }
        if wait > 0 {
            self.connection.pause_until(now.saturating_add(wait));
        }
    }

    fn refuse(&self, refusal: Refusal) {
        // A refusal is a reply: it stays when buffered frames are dropped.
        self.connection.send(Box::new(Event::Error(refusal)));
        self.connection.flush();
    }

    fn enqueue(&self, frame: Bytes) {
        self.connection.enqueue_own(frame);
        self.connection.flush();
    }

    async fn tell(&self, input: Input) -> Result<(), CloseCode> {
        self.inputs.send(input).await.map_err(|_| CloseCode::Internal)
    }
}

#[cfg(test)]
mod tests;
