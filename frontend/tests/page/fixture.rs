//! The fixture of the page tests: it shows the page for a view, records emitted inputs, and finds elements.

use client::input::Conversation;
use client::input::Input;
use client::transport::Transport;
use client::view::{
    AtRisk, ComposerView, ConnectionStatus, DirectoryPage, DraftView, Edge, IdentityView, JumpTarget,
    LeftBehind, NewLine, Notices, Pane, PendingCommand, People, Person, ReadyState, RoomItem, Row, RowKey,
    RowState, Slice, UnjoinedRoom, View,
};
use frontend::context::ViewRef;
use frontend::language::{self, Language};
use frontend::page::{Page, PageProps};
use shared::{ClientId, Member, MemberId, RoomId};
use std::{cell::RefCell, rc::Rc};
use wasm_bindgen::JsCast;
use web_sys::{
    Document, Element, HtmlElement, HtmlInputElement, HtmlTextAreaElement, KeyboardEvent, KeyboardEventInit,
};
use yew::{AppHandle, Callback, scheduler};

/// The page for one view at a time. Dropping it removes the page from the document.
pub(crate) struct Fixture {
    app: Option<AppHandle<Page>>,
    root: Element,
    emitted: Rc<RefCell<Vec<Input>>>,
    emit: Callback<Input>,
}

impl Fixture {
    /// Shows the page, after clearing the storage of earlier tests.
    pub(crate) async fn open(parts: Parts) -> Self {
        forget();
        let root = new_root();
        let emitted = Rc::new(RefCell::new(Vec::new()));
        let emit = {
            let emitted = emitted.clone();
            Callback::from(move |input| emitted.borrow_mut().push(input))
        };
        let props = PageProps { view: parts.view(), emit: emit.clone() };
        let app = yew::Renderer::<Page>::with_root_and_props(root.clone(), props).render();
        scheduler::flush().await;
        Fixture { app: Some(app), root, emitted, emit }
    }

    /// Shows another view on the same page.
    pub(crate) async fn show(&mut self, parts: Parts) {
        let props = PageProps { view: parts.view(), emit: self.emit.clone() };
        self.app.as_mut().unwrap().update(props);
        scheduler::flush().await;
    }

    /// Takes the inputs that the page has emitted since the last call, except changes of drafts and rows that were
    /// seen.
    pub(crate) fn take_inputs(&self) -> Vec<Input> {
        let is_apart = |input: &mut Input| matches!(input, Input::DraftChanged { .. } | Input::RowSeen(_));
        self.emitted.borrow_mut().extract_if(.., |input| !is_apart(input)).collect()
    }

    /// Takes the rows that were seen since the last call.
    pub(crate) fn take_seen(&self) -> Vec<RowKey> {
        let is_seen = |input: &mut Input| matches!(input, Input::RowSeen(_));
        let seen = |input| if let Input::RowSeen(key) = input { Some(key) } else { None };
        self.emitted.borrow_mut().extract_if(.., is_seen).filter_map(seen).collect()
    }

    /// Takes the changes of drafts since the last call: room and text of each.
    pub(crate) fn take_drafts(&self) -> Vec<(RoomId, String)> {
        let typed = |input| match input {
            Input::DraftChanged { conversation, text } => Some((conversation.room, text)),
            _ => None,
        };
        let is_typing = |input: &mut Input| matches!(input, Input::DraftChanged { .. });
        self.emitted.borrow_mut().extract_if(.., is_typing).filter_map(typed).collect()
    }
}

impl Drop for Fixture {
    fn drop(&mut self) {
        if let Some(app) = self.app.take() {
            app.destroy();
        }
        self.root.remove();
    }
}

/// Creates an element for the page, with the page's styles.
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

/// Deletes the page's values in localStorage.
pub(crate) fn forget() {
    let storage = web_sys::window().unwrap().local_storage().unwrap().unwrap();
    storage.clear().unwrap();
}

pub(crate) fn page() -> Document {
    web_sys::window().unwrap().document().unwrap()
}

/// Finds the first element that matches a selector; panics if there is none.
#[track_caller]
pub(crate) fn find(selector: &str) -> HtmlElement {
    maybe(selector).unwrap_or_else(|| panic!("there is no {selector}"))
}

pub(crate) fn maybe(selector: &str) -> Option<HtmlElement> {
    page().query_selector(selector).unwrap().map(JsCast::unchecked_into)
}

/// Text of the first element that matches a selector; panics if there is none.
#[track_caller]
pub(crate) fn text(selector: &str) -> String {
    find(selector).text_content().unwrap_or_default()
}

/// State and text of each message in the list, in order.
pub(crate) fn paragraphs() -> Vec<(String, String)> {
    let found = page().query_selector_all("#char_list p").unwrap();
    (0..found.length())
        .map(|index| {
            let node: Element = found.get(index).unwrap().unchecked_into();
            (node.get_attribute("data-state").unwrap(), node.text_content().unwrap())
        })
        .collect()
}

/// The English text of a key, without its values; panics if the catalogue has no such key.
pub(crate) fn english(key: &str) -> &'static str {
    language::lookup(key)[Language::English as usize]
}

pub(crate) async fn press(selector: &str) {
    find(selector).click();
    scheduler::flush().await;
}

/// Replaces the composer's text and dispatches the event of typing.
pub(crate) async fn write(text: &str) -> HtmlTextAreaElement {
    let field: HtmlTextAreaElement = find("#send_str").unchecked_into();
    field.set_value(text);
    dispatch_input(&field).await;
    field
}

/// Replaces the text of an input and dispatches the event of typing.
pub(crate) async fn type_into(selector: &str, text: &str) {
    let field: HtmlInputElement = find(selector).unchecked_into();
    field.set_value(text);
    dispatch_input(&field).await;
}

async fn dispatch_input(field: &Element) {
    let event = web_sys::InputEvent::new("input").unwrap();
    event.init_event_with_bubbles_and_cancelable("input", true, false);
    field.dispatch_event(&event).unwrap();
    scheduler::flush().await;
}

/// Dispatches a `keydown` of Enter, changed by `tune`. Returns whether the page prevented the default action.
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

/// Waits for two animation frames, in which the browser lays out the page and calls its observers.
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

/// The content of a view, without its division into slices.
#[derive(Clone)]
pub(crate) struct Parts {
    pub(crate) identity: IdentityView,
    pub(crate) connection: ConnectionStatus,
    pub(crate) pinned: Option<Transport>,
    pub(crate) rooms: Vec<RoomItem>,
    pub(crate) room: RoomId,
    pub(crate) rows: Vec<Rc<Row>>,
    pub(crate) older: Edge,
    pub(crate) newer: Edge,
    pub(crate) loaded: bool,
    pub(crate) following: bool,
    pub(crate) new_below: u32,
    pub(crate) jumping: bool,
    pub(crate) jump_failed: bool,
    pub(crate) jump_target: Option<JumpTarget>,
    pub(crate) draft: DraftView,
    pub(crate) waiting: u32,
    pub(crate) can_send: bool,
    pub(crate) at_risk: AtRisk,
    pub(crate) people: Vec<Person>,
    pub(crate) people_count: u32,
    pub(crate) line: Option<NewLine>,
    pub(crate) pending: Vec<PendingCommand>,
    pub(crate) directory: Option<DirectoryPage>,
    pub(crate) left_behind: Vec<LeftBehind>,
    pub(crate) unjoined_room: Option<UnjoinedRoom>,
    pub(crate) ready_room: Option<RoomId>,
    pub(crate) catching_up: bool,
    pub(crate) new_version: bool,
    pub(crate) new_epoch: bool,
}

impl Parts {
    pub(crate) fn view(self) -> ViewRef {
        let pane = Pane {
            conversation: self.room.into(),
            rows: self.rows.into(),
            older: self.older,
            newer: self.newer,
            loaded: self.loaded,
            following: self.following,
            new_below: self.new_below,
            jumping: self.jumping,
            jump_failed: self.jump_failed,
            jump_target: self.jump_target,
            line: self.line,
        };
        let Parts { draft, waiting, can_send, at_risk, .. } = self;
        let notices = Notices {
            left_behind: self.left_behind.into(),
            unjoined_room: self.unjoined_room,
            ready_room: self.ready_room,
            catching_up: self.catching_up,
            new_version: self.new_version,
            new_epoch: self.new_epoch,
        };
        ViewRef(Rc::new(View {
            identity: self.identity.into(),
            connection: self.connection,
            pinned: self.pinned,
            rooms: self.rooms.into_iter().map(Slice::from).collect(),
            panes: [Slice::from(pane)].into(),
            composer: ComposerView { draft, waiting, can_send, at_risk }.into(),
            people: People { list: self.people, count: self.people_count }.into(),
            pending: self.pending.into(),
            directory: self.directory.map(Slice::from),
            notices: notices.into(),
        }))
    }
}

/// Parts of the view of a connected member in a room without messages.
pub(crate) fn room() -> Parts {
    Parts {
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
            silent: false,
        },
        pinned: None,
        rooms: vec![room_item(1, "")],
        room: RoomId::LOBBY,
        rows: Vec::new(),
        older: Edge::End,
        newer: Edge::End,
        loaded: true,
        following: true,
        new_below: 0,
        jumping: false,
        jump_failed: false,
        jump_target: None,
        line: None,
        draft: DraftView { conversation: Conversation::LOBBY, text: Rc::default(), revision: 0 },
        waiting: 0,
        can_send: true,
        at_risk: AtRisk::Nothing,
        people: Vec::new(),
        people_count: 0,
        pending: Vec::new(),
        directory: None,
        left_behind: Vec::new(),
        unjoined_room: None,
        ready_room: None,
        catching_up: false,
        new_version: false,
        new_epoch: false,
    }
}

/// Entry of a room in the member's list.
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

/// Parts of [`room`] with this draft. The client gives a draft a new revision when a text was sent or came
/// back.
pub(crate) fn with_draft(text: &str, revision: u64) -> Parts {
    Parts { draft: DraftView { conversation: Conversation::LOBBY, text: text.into(), revision }, ..room() }
}

pub(crate) fn with_rows(rows: impl IntoIterator<Item = Row>) -> Parts {
    Parts { rows: rows.into_iter().map(Rc::new).collect(), ..room() }
}

/// Row of a message. All of them were written within one minute.
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
