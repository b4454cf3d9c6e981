//! Connections over plain HTTP on a server without `/api`, and the lease and the channel that the tabs of one
//! browser share. The decisions are those of the client, whose own tests check them.

use crate::stage::next_frame;
use client::http_session::{HttpSession, SessionEvent, SessionInput};
use client::input::{ConnectionId, Input};
use client::tabs::Lease;
use client::transport::Transport;
use client::view::ReadyState;
use frontend::storage::{self, Slot};
use frontend::transport::Connection;
use frontend::transport::broadcast_channel::Channel;
use frontend::transport::fetch::HttpConnection;
use shared::command::{Command, Hello};
use shared::event::Refusal;
use shared::{ErrorCode, Event};
use std::{cell::RefCell, rc::Rc};
use wasm_bindgen_test::wasm_bindgen_test;

const ID: ConnectionId = ConnectionId(1);

fn hello() -> Command {
    Command::Hello(Hello { reference: 1, build: "dev".to_owned(), cursor: None, room: None })
}

fn lease() -> Option<Lease> {
    storage::read(Slot::Leader)?.parse().ok()
}

/// Opens a connection. The list receives its inputs as they arrive.
fn open(transport: Transport) -> (Connection, Rc<RefCell<Vec<Input>>>) {
    let given = Rc::new(RefCell::new(Vec::new()));
    let hear = given.clone();
    let connection = Connection::open(ID, transport, move |input| hear.borrow_mut().push(input)).unwrap();
    assert!(given.borrow().is_empty(), "nothing is given before it is there");
    (connection, given)
}

#[wasm_bindgen_test]
async fn a_server_that_is_no_house_breaks_a_session_of_each_transport() {
    for transport in [Transport::EventStream, Transport::LongPoll, Transport::Poll] {
        let (connection, given) = open(transport);
        while given.borrow().is_empty() {
            next_frame().await;
        }
        let opened = vec![Input::ConnectionOpened(ID)];
        assert_eq!((&*given.borrow(), connection.ready_state()), (&opened, ReadyState::Connecting));
        assert!(lease().is_some(), "it leads");
        connection.send(hello());
        while given.borrow().len() < 2 {
            next_frame().await;
        }
        let closed = Input::ConnectionClosed { socket: ID, code: 1006, reason: String::new() };
        assert_eq!((given.borrow().last(), connection.ready_state()), (Some(&closed), ReadyState::Closed));
        assert_eq!(lease(), None, "nobody waits for it");
    }
}

#[wasm_bindgen_test]
async fn a_connection_that_is_closed_at_once_is_closed_once() {
    let (connection, given) = open(Transport::Poll);
    connection.close(1000);
    connection.close(1000);
    connection.send(hello());
    next_frame().await;
    next_frame().await;
    assert_eq!(*given.borrow(), [Input::ConnectionClosed { socket: ID, code: 1000, reason: String::new() }]);
}

#[wasm_bindgen_test]
async fn a_command_that_something_on_the_way_answers_is_refused_for_now() {
    let (connection, given) = open(Transport::LongPoll);
    while given.borrow().is_empty() {
        next_frame().await;
    }
    // There is no house here, but a server that says so.
    connection.send(Command::Ping);
    while given.borrow().len() < 2 {
        next_frame().await;
    }
    let code = ErrorCode::StoreRefused;
    let refusal = Refusal { reference: Some(0), code, name: String::new(), temporary: true };
    assert_eq!(given.borrow()[1], Input::AnswerReceived(ID, Event::Error(refusal)));
    assert_ne!(connection.ready_state(), ReadyState::Closed);
    connection.close(1000);
}

#[wasm_bindgen_test]
async fn a_page_that_is_left_ends_its_session_at_once() {
    let told = Rc::new(RefCell::new(Vec::new()));
    let hear = told.clone();
    let session = HttpSession::new(Transport::Poll, 7);
    let connection = HttpConnection::open(session, true, move |event| hear.borrow_mut().push(event));
    while told.borrow().is_empty() {
        next_frame().await;
    }
    connection.handle(SessionInput::Leave);
    let closed = SessionEvent::Closed { code: 1001, reason: String::new() };
    assert_eq!(*told.borrow(), [SessionEvent::Opened, closed]);
    assert_eq!(lease(), None);
}

#[wasm_bindgen_test]
async fn tabs_hear_each_other_and_not_themselves() {
    let heard = Rc::new(RefCell::new(Vec::new()));
    let hear = heard.clone();
    let own = Channel::open(|text| assert!(!text.starts_with("test "), "its own {text:?}")).unwrap();
    let _other = Channel::open(move |text| {
        if text.starts_with("test ") {
            hear.borrow_mut().push(text);
        }
    })
    .unwrap();
    let texts = ["test 两\n行", "test ", "test {\"type\":\"posted\"}"];
    texts.iter().for_each(|text| own.send(text));
    while heard.borrow().len() < texts.len() {
        next_frame().await;
    }
    assert_eq!(*heard.borrow(), texts);
}
