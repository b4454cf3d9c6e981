use super::*;
use crate::{
    connection::{
        address_limits::AddressLimits, deadlines::Deadlines, permit::ConnectionPermits,
        server_socket::tests::pair, worker_inputs::WaitingInput,
    },
    fanout::{BatchReceiver, Delivery, batch_channel},
    http::host_policy::HostPolicy,
    join_secret::JoinSecret,
    limits::{ANSWER_BYTES_MAX, HANDSHAKES, HELD_BYTES_PER_ADDRESS_MAX, INBOX_MAX},
    page::Page,
    registry::Actor,
    store::{Store as _, memory::MemoryStore},
};
use actix_web::{FromRequest as _, test::TestRequest};
use futures_util::FutureExt as _;
use hub::{Settings, rate::Rate};
use shared::Epoch;
use std::{
    net::{IpAddr, Ipv4Addr},
    path::Path,
    pin::pin,
    sync::Arc,
};

/// A worker whose registry does not run yet, with a full inbox.
struct Worker {
    state: Rc<AppState>,
    actor: Actor,
    batches: BatchReceiver,
}

impl Worker {
    async fn new() -> Self {
        Worker::with_limits(AddressLimits::new(2, false)).await
    }

    async fn with_limits(address_limits: Arc<AddressLimits>) -> Self {
        let (sender, batches) = batch_channel();
        let store = Box::new(MemoryStore::new(Epoch(1)));
        let health = store.health();
        let (actor, registry) = Actor::new(Settings::default(), store, vec![sender]).unwrap();
        for _ in 0..INBOX_MAX {
            registry.tell(Input::Tick).await.unwrap();
        }
        let house = HostPolicy {
            cookie: "th".to_owned(),
            public_url: None,
            allowed_origins: Vec::new(),
            own_names: Vec::new(),
            proxy_hops: 0,
            notes: Arc::default(),
        };
        let unlimited = Rate { per_s: 0, burst: 0 };
        let state = Rc::new(AppState {
            metrics: Arc::default(),
            registry,
            health,
            connections: Connections::new(0),
            policy: Arc::new(house),
            join_secret: JoinSecret([7; 32]),
            page: Arc::new(Page::read(Path::new("no page"))),
            build: String::new(),
            permits: ConnectionPermits::new(1),
            is_text_dialect_on: true,
            inbound_rates: InboundRates { messages: unlimited, bytes: unlimited, texts: unlimited },
            address_limits,
            inbound_hook: None,
            deadlines: Deadlines::default(),
        });
        Worker { state, actor, batches }
    }
}

async fn ask(state: Rc<AppState>) -> Result<HttpResponse, ApiError> {
    let (request, mut payload) = TestRequest::get()
        .uri("/conn_ws")
        .insert_header((header::UPGRADE, "websocket"))
        .insert_header((header::CONNECTION, "upgrade"))
        .insert_header((header::SEC_WEBSOCKET_VERSION, "13"))
        .insert_header((header::SEC_WEBSOCKET_KEY, "dGhlIHNhbXBsZSBub25jZQ=="))
        .app_data(state)
        .to_http_parts();
    let payload = web::Payload::from_request(&request, &mut payload).await.unwrap();
    let ip = IpAddr::V4(Ipv4Addr::LOCALHOST);
    let caller = Caller { ip, has_origin: false, is_https: false, is_trustworthy: true };
    connect(request, payload, caller).await
}

#[actix_web::test]
async fn a_handshake_that_opens_nothing_does_not_count_for_the_rate() {
    let Worker { state, actor, .. } = Worker::with_limits(AddressLimits::new(1_000, true)).await;
    let permit = state.permits.try_acquire();
    // As fast as they come, the rate allows few more than the burst.
    for number in 0..4 * HANDSHAKES.burst {
        let refused = ask(Rc::clone(&state)).await.unwrap_err();
        assert_eq!(refused.to_string(), "503 full", "{number}");
    }
    drop(permit);
    actix_web::rt::spawn(actor.run());
    let response = ask(state).await.unwrap_or_else(|refused| panic!("{refused}"));
    assert_eq!(response.status(), StatusCode::SWITCHING_PROTOCOLS);
}

/// Whether these inputs are exactly one `Closed`.
fn is_one_closed(inputs: &[Input]) -> bool {
    matches!(inputs, [Input::Closed(_)])
}

#[actix_web::test]
async fn a_101_is_sent_after_the_registry_has_the_connection() {
    let Worker { state, actor, mut batches } = Worker::new().await;
    let mut answer = pin!(ask(Rc::clone(&state)));
    assert!(answer.as_mut().now_or_never().is_none(), "the registry's inbox is full");
    actix_web::rt::spawn(actor.run());
    let response = answer.await.unwrap_or_else(|_| panic!("a handshake"));
    assert_eq!(response.status(), StatusCode::SWITCHING_PROTOCOLS);

    // Another connection posts as soon as the response is there.
    let talker = hub::SessionId(77);
    let (dialect, device) = (Dialect::Text, None);
    state.registry.tell(Input::Opened { session: talker, dialect, device }).await.unwrap();
    let post = Input::TextReceived { session: talker, client_id: ClientId([7; 16]), text: "tea".to_owned() };
    state.registry.tell(post).await.unwrap();
    let mut is_attached = false;
    'posted: loop {
        let mut deliveries = Vec::new();
        assert!(batches.next_round(|batch| deliveries.extend(batch.deliveries)).await);
        for delivery in deliveries {
            match delivery {
                Delivery::Attach(session, _) => is_attached |= session != talker,
                Delivery::Publish { .. } => break 'posted,
                _ => {}
            }
        }
    }
    assert!(is_attached, "the post would be missed");

    drop(response);
    let closed = state.connections.inputs().next().await;
    assert!(matches!(&closed[..], [WaitingInput { input: Input::Closed(_), .. }]), "{closed:?}");
    assert!(state.permits.try_acquire().is_some());
    tokio::task::yield_now().await;
    assert!(state.connections.inputs().take().is_empty());
}

#[actix_web::test]
async fn a_client_that_leaves_before_its_101_is_closed_once() {
    let Worker { state, actor, mut batches } = Worker::new().await;
    let mut answer = Box::pin(ask(Rc::clone(&state)));
    assert!((&mut answer).now_or_never().is_none(), "the registry's inbox is full");
    assert!(state.permits.try_acquire().is_none());
    drop(answer);
    assert!(is_one_closed(&state.connections.inputs().take()));
    assert!(state.permits.try_acquire().is_some());
    drop(state);
    actor.run().await.unwrap();
    assert!(!batches.next_round(|_| ()).await, "the registry never knew of it");
}

#[tokio::test(start_paused = true)]
async fn a_client_that_reads_no_answers_goes_when_its_address_holds_too_much() {
    let (socket, _peer) = pair().await;
    let (limits, ip) = (AddressLimits::new(1_000, true), IpAddr::V4(Ipv4Addr::LOCALHOST));
    let (connections, unlimited) = (Connections::new(0), Rate::NONE);
    let connection = connections.add_socket(Dialect::V1, socket.direct_writer());
    connection.count_held(limits.held_bytes(ip));
    connection.enqueue_own(Bytes::from(vec![0; ANSWER_BYTES_MAX]));
    let reader = MessageReader {
        connection,
        inputs: connections.inputs(),
        connections,
        direct_writer: socket.direct_writer(),
        ip,
        address_limits: Arc::clone(&limits),
        rates: InboundRates { messages: unlimited, bytes: unlimited, texts: unlimited },
        inbound_hook: None,
    };
    let wait = || timeout(10 * PEER_CHECK_EVERY, reader.wait_for_answers());
    assert_eq!(wait().await.ok(), None, "the address holds little");
    let other = limits.held_bytes(ip);
    other.set(HELD_BYTES_PER_ADDRESS_MAX);
    assert_eq!(wait().await.ok(), Some(false));
    assert_eq!(reader.connection.close_code(), Some(4008));
    assert!(!other.is_over_limit());
}
