//! The driver with the real client and the browser's real WebSocket. The test's own server has no `/conn_ws`,
//! so these tests pass the server's frames to the driver themselves.

use crate::fixture::*;
use client::input::{ConnectionId, Input};
use client::persisted::StoredRows;
use client::transport::Transport;
use client::view::{ConnectionStatus, IdentityView, ReadyState, View};
use frontend::app::App;
use frontend::driver::Driver;
use frontend::storage::database::Database;
use shared::{ClientId, Member, MemberId};
use std::{cell::RefCell, rc::Rc};
use wasm_bindgen::JsCast;
use wasm_bindgen_test::wasm_bindgen_test;
use yew::{Callback, scheduler};

const WELCOME: &str = r#"{"type":"welcome","ref":1,"build":"dev","through":"00000000000000ab.4",
    "you":{"id":1,"name":"阿哲"},"as_of":4,"rooms":[{"id":1,"name":"","members":1,"joined":1,"last":4,"seq":0}],
    "room":{"room":1,"as_of":4,"last":4,"older":false,"messages":[],"authors":[]},
    "present":[{"member":{"id":1,"name":"阿哲"}}],"present_count":1}"#;

/// The page of a driver, in the document until [`Shown::close`].
pub(crate) struct DriverPage {
    app: App,
    driver: Driver,
    root: web_sys::Element,
}

impl DriverPage {
    pub(crate) fn close(self) {
        self.app.remove(&self.driver);
        self.root.remove();
    }
}

async fn connected() -> (Driver, DriverPage) {
    connected_with(Database::new(&crate::database::name())).await
}

/// Starts a driver whose client takes its connection for open, and shows its page.
pub(crate) async fn connected_with(database: Database) -> (Driver, DriverPage) {
    forget();
    let driver = Driver::with(database);
    let root = new_root();
    let app = App::show(&driver, root.clone());
    // A refused WebSocket would fall back to other transports, and lead the tabs of the other tests.
    driver.handle(Input::TransportHints { last_good: None, pinned: Some(Transport::WebSocket) });
    driver.handle(Input::Started { build: "dev".to_owned(), name: None, join_id: ClientId([9; 16]) });
    driver.handle(Input::IdentityFetched(Ok(Some(Member { id: MemberId(1), name: "阿哲".to_owned() }))));
    driver.handle(Input::ConnectionOpened(ConnectionId(1)));
    driver.handle(Input::FrameReceived(ConnectionId(1), WELCOME.to_owned()));
    scheduler::flush().await;
    (driver.clone(), DriverPage { app, driver, root })
}

#[wasm_bindgen_test]
async fn a_message_is_shown_in_the_next_frame_and_settles_in_its_place() {
    let (driver, page) = connected().await;
    // Nothing is sent before the first read of the database has ended, which may take a while.
    driver.handle(Input::RowsLoaded(Some(StoredRows::default())));
    write("茶来了").await;
    assert!(enter("#send_str", |_| {}).await);
    next_frame().await;
    assert_eq!(paragraphs(), [("sending".to_owned(), "茶来了".to_owned())]);
    let node = find("#char_list p");
    // It leaves, and its text leaves the field, once the database has it. The test does not wait
    // for that: its server would refuse the WebSocket meanwhile.
    driver.handle(Input::RowSaved { key: driver.view().pane().rows[0].key, ok: true });
    scheduler::flush().await;
    assert_eq!(find("#send_str").unchecked_into::<web_sys::HtmlTextAreaElement>().value(), "");
    let reply = r#"{"type":"reply","ref":2,"n":5,"seq":1,"at":1790000000000}"#;
    driver.handle(Input::FrameReceived(ConnectionId(1), reply.to_owned()));
    next_frame().await;
    assert_eq!(paragraphs(), [("settled".to_owned(), "茶来了".to_owned())]);
    assert!(find("#char_list p").is_same_node(Some(&node)));
    page.close();
}

#[wasm_bindgen_test]
async fn the_shown_ready_state_is_the_sockets_own() {
    let (driver, page) = connected().await;
    // The client was told that it is open; the socket is not.
    assert_eq!(driver.view().connection.ready_state, ReadyState::Connecting);
    assert_eq!(text("#ready_state"), "Connecting");
    // The test's server refuses the WebSocket, and the driver reports this. The next attempt may follow at
    // once, so the test records every status.
    let statuses = Rc::new(RefCell::new(Vec::new()));
    let watcher = statuses.clone();
    driver.watch(Callback::from(move |view: Rc<View>| watcher.borrow_mut().push(view.connection)));
    let waits = |link: &ConnectionStatus| link.ready_state == ReadyState::Closed && link.retry_at.is_some();
    while !statuses.borrow().iter().any(waits) {
        next_frame().await;
    }
    driver.handle(Input::ReconnectNow);
    assert_eq!(driver.view().connection.ready_state, ReadyState::Connecting);
    page.close();
}

#[wasm_bindgen_test]
async fn the_view_has_failed_when_the_server_does_not_answer() {
    forget();
    let driver = Driver::with(Database::new(&crate::database::name()));
    // `/api/me` is not there on the test's server.
    driver.start();
    while *driver.view().identity == (IdentityView::Unknown { failed: false }) {
        next_frame().await;
    }
    assert_eq!(*driver.view().identity, IdentityView::Unknown { failed: true });
    assert!(driver.view().connection.retry_at.is_some());
}
