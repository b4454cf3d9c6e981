//! Connections over plain HTTP on a server without `/api`, and the lease and the channel that the tabs of one
//! browser share. The decisions are those of the client, whose own tests check them.

use crate::fixture::next_frame;
use client::http_session::{HttpSession, SessionEvent, SessionInput};
use client::identity::IdentityRequest;
use client::input::{ConnectionId, Input};
use client::tabs::Lease;
use client::transport::Transport;
use client::view::{NameRefusal, ReadyState};
use frontend::storage::{self, StorageKey};
use frontend::transport::Connection;
use frontend::transport::broadcast_channel::Channel;
use frontend::transport::fetch::HttpConnection;
use frontend::transport::http::request_identity;
use shared::command::{Command, Hello};
use shared::event::Refusal;
use shared::{ErrorCode, Event};
use std::{cell::RefCell, rc::Rc};
use wasm_bindgen_test::wasm_bindgen_test;

const ID: ConnectionId = ConnectionId(1);

fn hello() -> Command {
    Command::Hello(Hello { reference: 1, build: "dev".to_owned(), cursor: None, held: vec![], room: None })
}

fn lease() -> Option<Lease> {
    storage::read(StorageKey::Leader)?.parse().ok()
}

/// Opens a connection. The list receives its inputs as they arrive.
fn open(transport: Transport) -> (Connection, Rc<RefCell<Vec<Input>>>) {
    let inputs = Rc::new(RefCell::new(Vec::new()));
    let hear = inputs.clone();
    let connection = Connection::open(ID, transport, move |input| hear.borrow_mut().push(input)).unwrap();
    assert!(inputs.borrow().is_empty(), "no input comes before the connection is returned");
    (connection, inputs)
}

#[wasm_bindgen_test]
async fn nobody_joins_when_the_browser_accepts_no_cookies() {
    let navigator = web_sys::window().unwrap().navigator();
    let key = "cookieEnabled".into();
    let blocked = js_sys::Object::new();
    for (name, value) in [("value", false), ("configurable", true)] {
        js_sys::Reflect::set(&blocked, &name.into(), &value.into()).unwrap();
    }
    js_sys::Object::define_property(&navigator, &key, &blocked);
    let answer = request_identity(IdentityRequest::Join("Ann".to_owned(), None)).await;
    js_sys::Reflect::delete_property(&navigator, &key).unwrap();
    assert_eq!(answer, Input::Named(Err(NameRefusal::cookies_blocked())));
    // This server has no members, so a request that is made has no answer.
    let answer = request_identity(IdentityRequest::Join("Ann".to_owned(), None)).await;
    assert!(
        matches!(&answer, Input::Named(Err(refusal)) if refusal.code == ErrorCode::Internal),
        "{answer:?}"
    );
}

#[wasm_bindgen_test]
async fn a_session_of_each_transport_breaks_when_the_server_is_no_house() {
    for transport in [Transport::EventStream, Transport::LongPoll, Transport::Poll] {
        let (connection, inputs) = open(transport);
        while inputs.borrow().is_empty() {
            next_frame().await;
        }
        let opened = vec![Input::ConnectionOpened(ID)];
        assert_eq!((&*inputs.borrow(), connection.ready_state()), (&opened, ReadyState::Connecting));
        assert!(lease().is_some(), "it leads");
        connection.send(hello());
        while inputs.borrow().len() < 2 {
            next_frame().await;
        }
        let closed = Input::ConnectionClosed { connection: ID, code: 1006, reason: String::new() };
        assert_eq!((inputs.borrow().last(), connection.ready_state()), (Some(&closed), ReadyState::Closed));
        assert_eq!(lease(), None, "the lease is released");
    }
}

#[wasm_bindgen_test]
async fn a_connection_reports_one_close_when_it_is_closed_twice() {
    let (connection, inputs) = open(Transport::Poll);
    connection.close(1000);
    connection.close(1000);
    connection.send(hello());
    next_frame().await;
    next_frame().await;
    assert_eq!(
        *inputs.borrow(),
        [Input::ConnectionClosed { connection: ID, code: 1000, reason: String::new() }]
    );
}

#[wasm_bindgen_test]
async fn a_command_is_refused_temporarily_when_an_intermediary_answers() {
    let (connection, inputs) = open(Transport::LongPoll);
    while inputs.borrow().is_empty() {
        next_frame().await;
    }
    // The server is no house, and answers that it has no such path.
    connection.send(Command::Ping);
    while inputs.borrow().len() < 2 {
        next_frame().await;
    }
    let code = ErrorCode::StoreRefused;
    let refusal = Refusal { reference: Some(0), code, name: String::new(), temporary: true, detail: None };
    assert_eq!(inputs.borrow()[1], Input::AnswerReceived(ID, Event::Error(refusal).into()));
    assert_ne!(connection.ready_state(), ReadyState::Closed);
    connection.close(1000);
}

#[wasm_bindgen_test]
async fn a_session_ends_at_once_when_its_page_is_left() {
    let events = Rc::new(RefCell::new(Vec::new()));
    let hear = events.clone();
    let session = HttpSession::new(Transport::Poll, 7);
    let connection = HttpConnection::open(session, true, move |event| hear.borrow_mut().push(event));
    while events.borrow().is_empty() {
        next_frame().await;
    }
    connection.handle(SessionInput::Leave);
    let closed = SessionEvent::Closed { code: 1001, reason: String::new() };
    assert_eq!(*events.borrow(), [SessionEvent::Opened, closed]);
    assert_eq!(lease(), None);
}

#[wasm_bindgen_test]
async fn a_tab_receives_only_messages_of_other_tabs() {
    let received = Rc::new(RefCell::new(Vec::new()));
    let hear = received.clone();
    let own = Channel::open(|text| assert!(!text.starts_with("test "), "its own {text:?}")).unwrap();
    let _other = Channel::open(move |text| {
        if text.starts_with("test ") {
            hear.borrow_mut().push(text);
        }
    })
    .unwrap();
    let texts = ["test 两\n行", "test ", "test {\"type\":\"posted\"}"];
    texts.iter().for_each(|text| own.send(text));
    while received.borrow().len() < texts.len() {
        next_frame().await;
    }
    assert_eq!(*received.borrow(), texts);
}
