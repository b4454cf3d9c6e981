//! The browser's real database: stored rows and drafts survive the page.

use crate::driver::connected_with;
use crate::fixture::{find, next_frame, text, write};
use client::input::Conversation;
use client::input::Input;
use client::persisted::{CommandBody, Owner, StoredDraft, StoredRow, StoredRows};
use client::view::AtRisk;
use frontend::storage::database::Database;
use js_sys::Promise;
use shared::{ClientId, Epoch, ErrorCode, MemberId, RoomId};
use std::{cell::RefCell, rc::Rc};
use wasm_bindgen::closure::Closure;
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use wasm_bindgen_test::wasm_bindgen_test;
use web_sys::IdbDatabase;

const ME: Owner = Owner { epoch: Some(Epoch(0xab)), member: MemberId(1) };

/// Creates a database name that no other test uses, nor an earlier run in the same profile.
pub(crate) fn name() -> String {
    format!("test-{}", frontend::random::client_id())
}

/// Starts an access and waits for the value that it passes to its callback.
async fn answer<T: 'static>(ask: impl FnOnce(Box<dyn FnOnce(T)>)) -> T {
    let answer = Rc::new(RefCell::new(None));
    let promise = {
        let answer = answer.clone();
        let mut ask = Some(ask);
        Promise::new(&mut |resolve, _| {
            let answer = answer.clone();
            let tell = Box::new(move |result| {
                answer.replace(Some(result));
                drop(resolve.call0(&JsValue::UNDEFINED));
            });
            ask.take().unwrap()(tell);
        })
    };
    JsFuture::from(promise).await.unwrap();
    answer.take().unwrap()
}

async fn load(database: &Database) -> Option<StoredRows> {
    answer(|tell| database.load(tell)).await
}

async fn keep(database: &Database, row: &StoredRow) -> bool {
    answer(|tell| database.keep(row, tell)).await
}

/// Opens the database under a newer version, as a newer build of the page does.
async fn lay_out_newer(name: &str) {
    let factory = web_sys::window().unwrap().indexed_db().unwrap().unwrap();
    let request = factory.open_with_u32(name, 99).unwrap();
    while request.ready_state() != web_sys::IdbRequestReadyState::Done {
        next_frame().await;
    }
}

fn row(number: u8, text: &str) -> StoredRow {
    StoredRow {
        owner: ME,
        client_id: ClientId([number; 16]),
        name: "阿哲".to_owned(),
        body: CommandBody::post(RoomId::LOBBY, text.to_owned()),
        at: 1_790_000_000_000,
        send_order: number.into(),
        lease: 1_790_000_015_000,
        unsent: true,
        failed: None,
    }
}

fn draft(owner: Owner, room: u64, text: &str) -> StoredDraft {
    StoredDraft::new(owner, "阿哲", RoomId(room).into(), text)
}

#[wasm_bindgen_test]
async fn rows_are_loaded_as_they_were_saved() {
    let name = name();
    let database = Database::new(&name);
    assert_eq!(load(&database).await, Some(StoredRows::default()));
    assert!(keep(&database, &row(1, "茶")).await && keep(&database, &row(2, "two")).await);
    // Another life of the page.
    let mut stored = load(&Database::new(&name)).await.unwrap();
    stored.rows.sort_by_key(|row| row.send_order);
    assert_eq!(stored.rows, [row(1, "茶"), row(2, "two")]);
    assert!(database.is_usable());
}

/// Creates a database as the build with layout 2 wrote it: two rows, the lease of one of them, and two drafts. It gets
/// this version.
async fn lay_out(name: &str, version: u32) {
    let factory = web_sys::window().unwrap().indexed_db().unwrap().unwrap();
    let request = factory.open_with_u32(name, version).unwrap();
    let fill = {
        let request = request.clone();
        Closure::once_into_js(move || {
            let database: IdbDatabase = request.result().unwrap().unchecked_into();
            let put = |store: &str, entries: &[(&str, JsValue)]| {
                let store = database.create_object_store(store).unwrap();
                for (key, value) in entries {
                    store.put_with_key(value, &(*key).into()).unwrap();
                }
            };
            let one = r#"{"owner":{"epoch":"00000000000000ab","member":1},"client_id":"01010101010101010101010101010101","name":"阿哲","body":{"kind":"post","room":1,"text":"茶"},"at":1790000000000,"place":1,"lease":5,"unsent":true}"#;
            let two = r#"{"owner":{"epoch":"00000000000000ab","member":1},"client_id":"02020202020202020202020202020202","name":"阿哲","body":{"kind":"create","name":"tea","description":"Leaves."},"at":1790000000000,"place":2,"lease":0,"unsent":false,"failed":1104}"#;
            put(
                "rows",
                &[
                    ("01010101010101010101010101010101", one.into()),
                    ("02020202020202020202020202020202", two.into()),
                ],
            );
            put("leases", &[("01010101010101010101010101010101", 1_790_000_015_000_f64.into())]);
            let draft =
                r#"{"owner":{"epoch":"00000000000000ab","member":1},"name":"阿哲","room":7,"text":"half a"}"#;
            let other = r#"{"owner":{"member":2},"name":"Bo","room":1,"text":"another"}"#;
            put("drafts", &[("00000000000000ab/1/7", draft.into()), ("/2/1", other.into())]);
        })
    };
    request.set_onupgradeneeded(Some(fill.unchecked_ref()));
    while request.ready_state() != web_sys::IdbRequestReadyState::Done {
        next_frame().await;
    }
    request.result().unwrap().unchecked_into::<IdbDatabase>().close();
}

#[wasm_bindgen_test]
async fn a_database_of_an_earlier_build_keeps_its_rows_and_drafts() {
    let name = name();
    lay_out(&name, 2).await;
    let database = Database::new(&name);
    let mut stored = load(&database).await.unwrap();
    stored.rows.sort_by_key(|row| row.send_order);
    stored.drafts.sort_by(|one, other| one.text.cmp(&other.text));
    let create = CommandBody::create("tea".to_owned(), "Leaves.".to_owned());
    let refused =
        StoredRow { body: create, lease: 0, unsent: false, failed: Some(ErrorCode::NameTaken), ..row(2, "") };
    assert_eq!(stored.rows, [row(1, "茶"), refused]);
    let bo = StoredDraft {
        name: "Bo".to_owned(),
        ..draft(Owner { epoch: None, member: MemberId(2) }, 1, "another")
    };
    assert_eq!(stored.drafts, [bo, draft(ME, 7, "half a")]);
    // The new layout stores rows too, and is opened again as it is.
    assert!(keep(&database, &row(3, "three")).await);
    assert_eq!(load(&Database::new(&name)).await.unwrap().rows.len(), 3);
}

#[wasm_bindgen_test]
async fn a_database_of_a_later_build_is_used_when_it_has_the_known_stores() {
    let name = name();
    lay_out(&name, 99).await;
    let database = Database::new(&name);
    assert!(keep(&database, &row(3, "three")).await);
    assert_eq!(load(&database).await.unwrap().rows.len(), 3);
    assert!(database.is_usable());
}

#[wasm_bindgen_test]
async fn requests_are_executed_in_their_order() {
    let database = Database::new(&name());
    let changed = StoredRow { send_order: 9, ..row(1, "changed") };
    // None of them waits for the one before: not even for the database to open.
    database.keep(&row(1, "first"), |_| ());
    database.keep(&row(2, "gone"), |_| ());
    database.drop_row(row(2, "").key());
    database.lease(vec![row(1, "").key()], 7);
    database.keep(&changed, |_| ());
    database.lease(vec![row(1, "").key()], 0);
    let stored = load(&database).await.unwrap();
    assert_eq!(stored.rows, [StoredRow { lease: 0, ..changed }]);
}

#[wasm_bindgen_test]
async fn a_lease_is_deleted_when_its_row_is_missing() {
    let name = name();
    let database = Database::new(&name);
    database.lease(vec![row(3, "").key()], 5);
    assert_eq!(load(&database).await, Some(StoredRows::default()));
    // The row comes later, with a lease of its own.
    assert!(keep(&database, &row(3, "tea")).await);
    assert_eq!(load(&database).await.unwrap().rows, [row(3, "tea")]);
}

#[wasm_bindgen_test]
async fn drafts_are_distinguished_by_log_member_and_room() {
    let database = Database::new(&name());
    let other = Owner { member: MemberId(2), ..ME };
    let before = Owner { epoch: None, ..ME };
    let drafts =
        [draft(ME, 1, "one"), draft(ME, 2, "two"), draft(other, 1, "three"), draft(before, 1, "four")];
    for draft in &drafts {
        database.keep_draft(draft, drop);
    }
    let mut stored = load(&database).await.unwrap().drafts;
    stored.sort_by(|one, other| one.text.cmp(&other.text));
    let mut wanted = drafts.to_vec();
    wanted.sort_by(|one, other| one.text.cmp(&other.text));
    assert_eq!(stored, wanted);
    database.keep_draft(&draft(ME, 2, ""), drop);
    assert_eq!(load(&database).await.unwrap().drafts.len(), 3);
}

#[wasm_bindgen_test]
async fn the_database_reports_when_nothing_can_be_stored() {
    let name = name();
    // A newer page has laid it out in another way.
    let request = web_sys::window().unwrap().indexed_db().unwrap().unwrap().open_with_u32(&name, 99).unwrap();
    while request.ready_state() != web_sys::IdbRequestReadyState::Done {
        next_frame().await;
    }
    let database = Database::new(&name);
    assert!(database.is_usable(), "nothing is known yet");
    assert!(!keep(&database, &row(1, "tea")).await);
    assert!(!database.is_usable());
    assert_eq!(load(&database).await, None);
}

#[wasm_bindgen_test]
async fn a_database_is_reopened_when_it_was_deleted() {
    let name = name();
    let database = Database::new(&name);
    assert!(keep(&database, &row(1, "tea")).await);
    let factory = web_sys::window().unwrap().indexed_db().unwrap().unwrap();
    let request = factory.delete_database(&name).unwrap();
    while request.ready_state() != web_sys::IdbRequestReadyState::Done {
        next_frame().await;
    }
    assert!(keep(&database, &row(2, "again")).await);
    assert_eq!(load(&database).await.unwrap().rows, [row(2, "again")]);
}

#[wasm_bindgen_test]
async fn a_driver_stores_its_rows_and_drafts() {
    let name = name();
    let (driver, page) = connected_with(Database::new(&name)).await;
    driver.handle(Input::DraftChanged { conversation: RoomId(1).into(), text: "half a".to_owned() });
    let client_id = ClientId([5; 16]);
    driver.handle(Input::Send { client_id, conversation: Conversation::LOBBY, text: "waits".to_owned() });
    let stored = loop {
        let stored = load(&Database::new(&name)).await.unwrap();
        if !stored.rows.is_empty() && !stored.drafts.is_empty() {
            break stored;
        }
        next_frame().await;
    };
    assert_eq!(stored.rows[0].body, CommandBody::post(RoomId::LOBBY, "waits".to_owned()));
    assert_eq!(stored.drafts, [draft(ME, 1, "half a")]);
    assert_eq!(driver.view().composer.at_risk, AtRisk::Nothing);
    page.close();
}

#[wasm_bindgen_test]
async fn a_driver_loads_what_an_earlier_one_stored() {
    let name = name();
    let database = Database::new(&name);
    assert!(keep(&database, &StoredRow { lease: 0, ..row(5, "waits") }).await);
    database.keep_draft(&draft(ME, 1, "half a"), drop);
    let (driver, page) = connected_with(Database::new(&name)).await;
    while driver.view().pane().rows.is_empty() || driver.view().composer.draft.text.is_empty() {
        next_frame().await;
    }
    next_frame().await;
    assert_eq!(text("#char_list p"), "waits");
    write("half a sentence").await;
    assert_eq!(find("#send_str").unchecked_into::<web_sys::HtmlTextAreaElement>().value(), "half a sentence");
    page.close();
}

#[wasm_bindgen_test]
async fn the_page_shows_a_notice_when_nothing_can_be_stored() {
    let name = name();
    lay_out_newer(&name).await;
    let (driver, page) = connected_with(Database::new(&name)).await;
    driver.handle(Input::Send {
        client_id: ClientId([5; 16]),
        conversation: Conversation::LOBBY,
        text: "tea".to_owned(),
    });
    while driver.view().composer.at_risk != AtRisk::Commands || driver.view().composer.waiting == 0 {
        next_frame().await;
    }
    next_frame().await;
    assert!(text(".waiting_line").ends_with("Keep this page open: this browser can't save it."));
    page.close();
}
