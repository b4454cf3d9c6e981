//! The page on a stage: a view goes in, what it emits is kept, its elements
//! are looked up as a person or a test would.

use client::input::Input;
use client::transport::Transport;
use client::view::{
    ConnectionStatus, DraftView, IdentityView, ReadyState, RoomItem, Row, RowKey, RowState, View,
};
use frontend::context::ViewRef;
use frontend::page::{Page, PageProps};
use shared::{ClientId, Member, MemberId, RoomId};
use std::{cell::RefCell, rc::Rc};
use wasm_bindgen::JsCast;
use web_sys::{
    Document, Element, HtmlElement, HtmlInputElement, HtmlTextAreaElement, KeyboardEvent, KeyboardEventInit,
};
use yew::{AppHandle, Callback, scheduler};

/// The page, taken away when dropped.
pub(crate) struct Stage {
    app: Option<AppHandle<Page>>,
    root: Element,
    emitted: Rc<RefCell<Vec<Input>>>,
    emit: Callback<Input>,
}

impl Stage {
    /// Shows the page with nothing kept from a test before.
    pub(crate) async fn open(view: View) -> Self {
        forget();
        let root = new_root();
        let emitted = Rc::new(RefCell::new(Vec::new()));
        let emit = {
            let emitted = emitted.clone();
            Callback::from(move |input| emitted.borrow_mut().push(input))
        };
        let props = PageProps { view: ViewRef(Rc::new(view)), emit: emit.clone() };
        let app = yew::Renderer::<Page>::with_root_and_props(root.clone(), props).render();
        scheduler::flush().await;
        Stage { app: Some(app), root, emitted, emit }
    }

    /// Shows another view.
    pub(crate) async fn show(&mut self, view: View) {
        let props = PageProps { view: ViewRef(Rc::new(view)), emit: self.emit.clone() };
        self.app.as_mut().unwrap().update(props);
        scheduler::flush().await;
    }

    /// What the page emitted since the last time, but for what was typed.
    pub(crate) fn emitted(&self) -> Vec<Input> {
        let is_typing = |input: &mut Input| matches!(input, Input::DraftChanged { .. });
        self.emitted.borrow_mut().extract_if(.., |input| !is_typing(input)).collect()
    }

    /// What was typed since the last time, and where.
    pub(crate) fn typed(&self) -> Vec<(RoomId, String)> {
        let typed = |input| match input {
            Input::DraftChanged { room, text } => Some((room, text)),
            _ => None,
        };
        let is_typing = |input: &mut Input| matches!(input, Input::DraftChanged { .. });
        self.emitted.borrow_mut().extract_if(.., is_typing).filter_map(typed).collect()
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        if let Some(app) = self.app.take() {
            app.destroy();
        }
        self.root.remove();
    }
}

/// A place for the page, in its own styles.
pub(crate) fn new_root() -> Element {
    let page = page();
    if page.get_element_by_id("styles").is_none() {
        let style = page.create_element("style").unwrap();
        style.set_id("styles");
        style.set_text_content(Some(concat!(
            include_str!("../../src/styles/tokens.css"),
            include_str!("../../src/styles/page.css"),
            include_str!("../../src/styles/inspect.css")
        )));
        page.head().unwrap().append_child(&style).unwrap();
    }
    // A test that failed has left its page behind.
    while let Some(left) = page.get_element_by_id("app") {
        left.remove();
    }
    let root = page.create_element("div").unwrap();
    root.set_id("app");
    page.body().unwrap().append_child(&root).unwrap();
    root
}

/// Clears what the browser keeps for the page.
pub(crate) fn forget() {
    let storage = web_sys::window().unwrap().local_storage().unwrap().unwrap();
    storage.clear().unwrap();
}

pub(crate) fn page() -> Document {
    web_sys::window().unwrap().document().unwrap()
}

/// The one element of this selector.
#[track_caller]
pub(crate) fn find(selector: &str) -> HtmlElement {
    maybe(selector).unwrap_or_else(|| panic!("there is no {selector}"))
}

pub(crate) fn maybe(selector: &str) -> Option<HtmlElement> {
    page().query_selector(selector).unwrap().map(JsCast::unchecked_into)
}

/// The text of the one element of this selector.
#[track_caller]
pub(crate) fn text(selector: &str) -> String {
    find(selector).text_content().unwrap_or_default()
}

/// The `<p>`s of the list: state and text.
pub(crate) fn paragraphs() -> Vec<(String, String)> {
    let found = page().query_selector_all("#char_list p").unwrap();
    (0..found.length())
        .map(|index| {
            let node: Element = found.get(index).unwrap().unchecked_into();
            (node.get_attribute("data-state").unwrap(), node.text_content().unwrap())
        })
        .collect()
}

pub(crate) async fn press(selector: &str) {
    find(selector).click();
    scheduler::flush().await;
}

/// Puts text into the composer as typing does.
pub(crate) async fn write(text: &str) -> HtmlTextAreaElement {
    let field: HtmlTextAreaElement = find("#send_str").unchecked_into();
    field.set_value(text);
    tell_input(&field).await;
    field
}

/// Puts text into an input as typing does.
pub(crate) async fn type_into(selector: &str, text: &str) {
    let field: HtmlInputElement = find(selector).unchecked_into();
    field.set_value(text);
    tell_input(&field).await;
}

async fn tell_input(field: &Element) {
    let event = web_sys::InputEvent::new("input").unwrap();
    event.init_event_with_bubbles_and_cancelable("input", true, false);
    field.dispatch_event(&event).unwrap();
    scheduler::flush().await;
}

/// A `keydown` of Enter; `tune` makes it a special one. True if the page took it.
pub(crate) async fn enter(selector: &str, tune: impl Fn(&KeyboardEventInit)) -> bool {
    let init = KeyboardEventInit::new();
    init.set_key("Enter");
    init.set_key_code(13);
    init.set_bubbles(true);
    init.set_cancelable(true);
    tune(&init);
    let event = KeyboardEvent::new_with_keyboard_event_init_dict("keydown", &init).unwrap();
    find(selector).dispatch_event(&event).unwrap();
    scheduler::flush().await;
    event.default_prevented()
}

/// Lets the browser lay out and tell observers, twice.
pub(crate) async fn next_frame() {
    for _ in 0..2 {
        let frame = js_sys::Promise::new(&mut |resolve, _| {
            web_sys::window().unwrap().request_animation_frame(&resolve).unwrap();
        });
        wasm_bindgen_futures::JsFuture::from(frame).await.unwrap();
    }
    scheduler::flush().await;
}

pub(crate) const ME: u64 = 1;

/// A room with me in it, connected, nothing said.
pub(crate) fn room() -> View {
    View {
        identity: IdentityView::Somebody {
            me: Member { id: MemberId(ME), name: "阿哲".to_owned() },
            busy: false,
            refusal: None,
        },
        connection: ConnectionStatus {
            transport: Transport::WebSocket,
            ready_state: ReadyState::Open,
            welcomed: true,
            retry_at: None,
            offline: false,
        },
        rooms: Rc::from([room_item(1, "")]),
        following: true,
        can_send: true,
        ..View::empty()
    }
}

/// A room that one is in.
pub(crate) fn room_item(id: u64, name: &str) -> RoomItem {
    RoomItem {
        id: RoomId(id),
        name: name.into(),
        description: Rc::default(),
        members: Some(3),
        unread: 0,
        draft: false,
        failed: false,
    }
}

/// The client says that the composer has this in it, as it does once a text has left or come back.
pub(crate) fn with_draft(text: &str, revision: u64) -> View {
    View { draft: DraftView { room: RoomId::LOBBY, text: text.into(), revision }, ..room() }
}

pub(crate) fn with_rows(rows: impl IntoIterator<Item = Row>) -> View {
    View { rows: rows.into_iter().map(Rc::new).collect(), ..room() }
}

/// A message; all were written within one minute.
pub(crate) fn row(author: u64, number: u16, text: &str, state: RowState) -> Row {
    let [low, high] = number.to_le_bytes();
    let mut client_id = ClientId([low; 16]);
    client_id.0[0] ^= high;
    Row {
        key: RowKey { author: MemberId(author), client_id },
        name: if author == ME { "阿哲".into() } else { "Jonas Okafor".into() },
        tag: None,
        mine: author == ME,
        text: text.into(),
        at: 1_790_000_000_000 + u64::from(number) * 200,
        state,
    }
}
