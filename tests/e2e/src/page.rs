//! The page as the one who sits before it sees it.

use crate::{
    keyboard::Enter,
    recorder::{Note, SocketEvent},
    wait::{SOON, until},
    window::Window,
};
use serde::Deserialize;
use serde_json::json;
use std::{ops::Deref, time::Duration};

/// One message on the screen.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Row {
    /// What tells it apart; stays from local echo to history.
    pub key: String,
    /// `settled`, `sending`, `waiting` or `failed`.
    pub state: String,
    /// What it says.
    pub text: String,
}

const ROWS: &str = "return [...document.querySelectorAll('#char_list p')].map((p) => ({
    key: p.dataset.key, state: p.dataset.state, text: p.textContent }))";

/// What the page has stored of drafts. Whoever only looks must not make the database.
const DRAFTS: &str = "const done = arguments[arguments.length - 1];
const open = indexedDB.open('teahouse');
open.onupgradeneeded = () => open.transaction.abort();
open.onerror = () => done('there is no database');
open.onsuccess = () => {
    const all = open.result.transaction('drafts').objectStore('drafts').getAll();
    all.onerror = () => done('nothing can be read');
    all.onsuccess = () => { open.result.close(); done(all.result.map(String).join(' ')); };
};";

/// A window with the page in it.
#[derive(Clone, Debug)]
pub struct Page(pub Window);

impl Deref for Page {
    type Target = Window;

    fn deref(&self) -> &Window {
        &self.0
    }
}

impl Page {
    /// Opens the page at the door.
    pub async fn visit(window: Window, url: &str) -> Page {
        window.goto(url).await;
        window.find("#name_str").await;
        Page(window)
    }

    /// Opens the page and comes in under a name.
    pub async fn join(window: Window, url: &str, name: &str) -> Page {
        let page = Page::visit(window, url).await;
        page.come_in(name).await;
        page
    }

    /// Asks for a name at the door, and comes in.
    pub async fn come_in(&self, name: &str) {
        self.ask_for(name).await;
        self.is_inside().await;
    }

    /// Asks for a name at the door.
    pub async fn ask_for(&self, name: &str) {
        self.clear("#name_str").await;
        self.insert(name).await;
        self.click("#name_btn").await;
    }

    /// Waits until the room is there and can be used.
    pub async fn is_inside(&self) {
        self.find("#send_str").await;
        self.shows_ready_state(1).await;
        let name = self.name();
        until(&format!("{name} to be welcome"), SOON, async || {
            if self.count("#reconnect_btn").await == 0 { Ok(()) } else { Err("not connected") }
        })
        .await;
    }

    /// Empties a field and puts the focus into it, as select-all and Delete do.
    pub async fn clear(&self, field: &str) {
        self.find(field).await;
        let script = "const field = document.querySelector(arguments[0]); field.focus(); field.select();
            if (field.value !== '') document.execCommand('delete')";
        let _: serde_json::Value = self.run(script, vec![json!(field)]).await;
    }

    /// Puts text into the composer.
    pub async fn write(&self, text: &str) {
        self.find("#send_str").await;
        let _: serde_json::Value = self.run("document.querySelector('#send_str').focus()", Vec::new()).await;
        self.insert(text).await;
    }

    /// Writes a message and presses Enter.
    pub async fn say(&self, text: &str) {
        self.write(text).await;
        self.enter(Enter::Typed).await;
    }

    /// What stands in the composer.
    pub async fn draft(&self) -> String {
        self.run("return document.querySelector('#send_str').value", Vec::new()).await
    }

    /// Waits until this stands in the composer.
    pub async fn shows_draft(&self, text: &str) {
        until(&format!("{text:?} in {}'s composer", self.name()), SOON, async || {
            let draft = self.draft().await;
            if draft == text { Ok(()) } else { Err(format!("{draft:?}")) }
        })
        .await;
    }

    /// Waits until the browser has stored this draft.
    pub async fn stores_draft(&self, text: &str) {
        until(&format!("{text:?} in the database of {}", self.name()), SOON, async || {
            let drafts: String = self.run_until(DRAFTS, Vec::new()).await;
            if drafts.contains(text) { Ok(()) } else { Err(drafts) }
        })
        .await;
    }

    /// The messages on the screen.
    pub async fn rows(&self) -> Vec<Row> {
        self.run(ROWS, Vec::new()).await
    }

    /// Waits until these are the messages on the screen, each once, in this
    /// order, and all of them settled.
    pub async fn shows(&self, texts: &[&str]) {
        self.shows_within(texts, SOON).await;
    }

    /// As [`Page::shows`], with a deadline of its own.
    pub async fn shows_within(&self, texts: &[&str], deadline: Duration) {
        until(&format!("{texts:?} in {}", self.name()), deadline, async || {
            let rows = self.rows().await;
            let is_settled = rows.iter().all(|row| row.state == "settled");
            let is_right = rows.iter().map(|row| row.text.as_str()).eq(texts.iter().copied());
            if is_right && is_settled { Ok(()) } else { Err(format!("{rows:?}")) }
        })
        .await;
    }

    /// Waits until the message with this text is in this state.
    pub async fn shows_row(&self, text: &str, state: &str) {
        until(&format!("{text:?} {state} in {}", self.name()), SOON, async || {
            let rows = self.rows().await;
            let is_it = |row: &Row| row.text == text && row.state == state;
            if rows.iter().any(is_it) { Ok(()) } else { Err(format!("{rows:?}")) }
        })
        .await;
    }

    /// Waits until the page shows this readyState.
    pub async fn shows_ready_state(&self, state: u16) {
        until(&format!("readyState {state} in {}", self.name()), SOON, async || {
            let shown = self.attribute("#ready_state", "data-state").await;
            if shown == Some(state.to_string()) { Ok(()) } else { Err(format!("{shown:?}")) }
        })
        .await;
    }

    /// Waits until the page is connected by this transport.
    pub async fn speaks_by(&self, transport: &str) {
        until(&format!("{} to speak by {transport}", self.name()), SOON, async || {
            let state = self.attribute("#ready_state", "data-state").await;
            let shown = self.attribute("#ready_state", "data-transport").await;
            let is_so = state.as_deref() == Some("1") && shown.as_deref() == Some(transport);
            if is_so { Ok(()) } else { Err(format!("{state:?}, {shown:?}")) }
        })
        .await;
    }

    /// Has the browser keep that this transport is wanted and no other, as the settings do, and opens
    /// the page at the door.
    pub async fn visit_by(window: Window, url: &str, transport: &str) -> Page {
        // What is kept belongs to its origin.
        window.goto(url).await;
        let script = "localStorage.setItem('teahouse.transport.pin', arguments[0])";
        let _: serde_json::Value = window.run(script, vec![json!(transport)]).await;
        Page::visit(window, url).await
    }

    /// Waits until something is said beside a field, and returns it.
    pub async fn is_told(&self, error: &str) -> String {
        until(&format!("a reason in {error} of {}", self.name()), SOON, async || {
            self.text(error).await.filter(|text| !text.is_empty()).ok_or("nothing")
        })
        .await
    }

    /// Each readyState that the page has shown so far, in this order.
    pub async fn shown_ready_states(&self) -> Vec<u16> {
        let notes = self.notes().await;
        notes
            .iter()
            .filter_map(|note| if let Note::Shown { state, .. } = note { Some(*state) } else { None })
            .collect()
    }

    /// The close codes of the page's WebSockets so far.
    pub async fn close_codes(&self) -> Vec<u16> {
        let code = |note: &Note| match note {
            Note::Socket { event: SocketEvent::Close { code, .. }, .. } => Some(*code),
            _ => None,
        };
        self.notes().await.iter().filter_map(code).collect()
    }

    /// Puts a mark on the document that only loading it again takes away.
    pub async fn mark(&self) {
        let _: serde_json::Value = self.run("window.e2eMark = true", Vec::new()).await;
    }

    /// Whether the mark is still there.
    pub async fn is_marked(&self) -> bool {
        self.run("return window.e2eMark === true", Vec::new()).await
    }

    /// Waits until an element has the focus.
    pub async fn gets_focus(&self, selector: &str) {
        until(&format!("{selector} in {} to have the focus", self.name()), SOON, async || {
            if self.has_focus(selector).await { Ok(()) } else { Err("it is elsewhere") }
        })
        .await;
    }

    /// Opens the page of the same member at another device.
    pub async fn at_another_device(&self, window: Window, url: &str) -> Page {
        window.goto(url).await;
        let cookies = self.devtools("Network.getCookies", json!({})).await;
        window.devtools("Network.setCookies", cookies).await;
        window.reload().await;
        let page = Page(window);
        page.is_inside().await;
        page
    }

    /// Whether an element has the focus.
    pub async fn has_focus(&self, selector: &str) -> bool {
        self.run("return document.activeElement?.matches(arguments[0]) === true", vec![json!(selector)]).await
    }
}
