//! Connections over plain HTTP, as far as they go on a server that has no `/api`; and what pages of
//! one browser share them by.

use crate::stage::next_frame;
use client::share::{Lease, Tab, Word};
use client::transport::Transport;
use client::view::ReadyState;
use frontend::transport::channel::{self, Channel};
use frontend::transport::{Connection, Told};
use std::{cell::RefCell, rc::Rc};
use wasm_bindgen_test::wasm_bindgen_test;

const HELLO: &str = r#"{"type":"hello","ref":1,"build":"dev"}"#;

#[wasm_bindgen_test]
async fn what_is_no_house_ends_each_of_them_as_broken() {
    for transport in [Transport::EventStream, Transport::LongPoll, Transport::Poll] {
        let told = Rc::new(RefCell::new(Vec::new()));
        let hear = told.clone();
        let connection = Connection::open(transport, move |what| hear.borrow_mut().push(what)).unwrap();
        assert!(told.borrow().is_empty(), "nothing is told before it is there");
        while told.borrow().is_empty() {
            next_frame().await;
        }
        assert_eq!(
            (&*told.borrow(), connection.ready_state()),
            (&vec![Told::Opened], ReadyState::Connecting)
        );
        connection.send(HELLO);
        while told.borrow().len() < 2 {
            next_frame().await;
        }
        let closed = Told::Closed { code: 1006, reason: String::new() };
        assert_eq!((told.borrow().last(), connection.ready_state()), (Some(&closed), ReadyState::Closed));
        assert_eq!(channel::lease(), None, "nobody waits for it");
    }
}

#[wasm_bindgen_test]
async fn one_that_is_closed_says_so_and_is_closed_once() {
    let told = Rc::new(RefCell::new(Vec::new()));
    let hear = told.clone();
    let connection = Connection::open(Transport::Poll, move |what| hear.borrow_mut().push(what)).unwrap();
    connection.close(1000);
    connection.close(1000);
    connection.send(HELLO);
    while told.borrow().is_empty() {
        next_frame().await;
    }
    next_frame().await;
    assert_eq!(*told.borrow(), [Told::Closed { code: 1000, reason: String::new() }]);
}

#[wasm_bindgen_test]
async fn a_command_that_something_on_the_way_answers_is_refused_for_now() {
    let told = Rc::new(RefCell::new(Vec::new()));
    let hear = told.clone();
    let connection = Connection::open(Transport::LongPoll, move |what| hear.borrow_mut().push(what)).unwrap();
    // There is no house here, but a server that says so.
    connection.send(r#"{"type":"ping","ref":7}"#);
    let answers = || {
        let told = told.borrow();
        let answers = told.iter().filter_map(|what| match what {
            Told::Answer(answer) => Some(answer.clone()),
            _ => None,
        });
        answers.collect::<Vec<_>>()
    };
    while answers().is_empty() && told.borrow().len() < 2 {
        next_frame().await;
    }
    let refused = r#"{"type":"error","ref":7,"code":1301,"name":"","temporary":true}"#;
    assert_eq!(answers(), [refused], "{:?}", told.borrow());
    assert_ne!(connection.ready_state(), ReadyState::Closed);
    connection.close(1000);
}

#[wasm_bindgen_test]
async fn pages_hear_each_other_and_not_themselves() {
    let heard = Rc::new(RefCell::new(Vec::new()));
    let hear = heard.clone();
    const OF: &str = "member=1&epoch=00000000000000ab";
    let own = Channel::open(|of, word| assert!(of != OF, "its own {word:?}")).unwrap();
    let _other = Channel::open(move |of, word| {
        if of == OF {
            hear.borrow_mut().push(word);
        }
    })
    .unwrap();
    let words = [
        Word::Frame("{\"type\":\"posted\",\"text\":\"两\\n行\"}".to_owned()),
        Word::Live,
        Word::Bye,
        Word::Ask,
        Word::Lead(Tab(9)),
        Word::At(Tab(7), true),
        Word::At(Tab(u64::MAX), false),
    ];
    words.iter().for_each(|word| own.say(OF, word));
    while heard.borrow().len() < words.len() {
        next_frame().await;
    }
    assert_eq!(*heard.borrow(), words);
}

#[wasm_bindgen_test]
fn a_lease_is_kept_and_dropped() {
    let lease = Lease { tab: Tab(42), until: 1_790_000_000_000 };
    channel::keep(Some(lease));
    assert_eq!(channel::lease(), Some(lease));
    channel::keep(None);
    assert_eq!(channel::lease(), None);
}
