//! The chat page as a person sees it.
//!
//! Each `expect_…` method waits until the page shows the expected state and panics at the deadline.

use crate::{
    browser::Browser,
    keyboard::Enter,
    recorder::{RecorderEntry, SocketEvent},
    wait::{TIMEOUT, until},
};
use serde::Deserialize;
use serde_json::json;
use std::{ops::Deref, time::Duration};

/// One message of the list.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Row {
    /// Key of the row: author and `client_id`, the same from local echo to history.
    pub key: String,
    /// `settled`, `sending`, `waiting` or `failed`.
    pub state: String,
    /// Text of the message.
    pub text: String,
}

const ROWS: &str = "return [...document.querySelectorAll('#char_list p')].map((p) => ({
    key: p.dataset.key, state: p.dataset.state, text: p.textContent }))";

/// Reads the saved drafts. A missing database is not created; the upgrade is aborted.
const DRAFTS: &str = "const done = arguments[arguments.length - 1];
const open = indexedDB.open('teahouse');
open.onupgradeneeded = () => open.transaction.abort();
open.onerror = () => done('there is no database');
open.onsuccess = () => {
    const all = open.result.transaction('drafts').objectStore('drafts').getAll();
    all.onerror = () => done('nothing can be read');
    all.onsuccess = () => { open.result.close(); done(all.result.map(String).join(' ')); };
};";

/// A browser that shows the chat page.
#[derive(Clone, Debug)]
pub struct Page(pub Browser);

impl Deref for Page {
    type Target = Browser;

    fn deref(&self) -> &Browser {
        &self.0
    }
}

impl Page {
    /// Opens the page without a member and waits for the join page.
    pub async fn open(browser: Browser, url: &str) -> Page {
        browser.goto(url).await;
        browser.find("#name_str").await;
        Page(browser)
    }

    /// Opens the page and joins the house under a name.
    pub async fn join(browser: Browser, url: &str, name: &str) -> Page {
        let page = Page::open(browser, url).await;
        page.join_as(name).await;
        page
    }

    /// Joins the house under a name and waits for the connection.
    pub async fn join_as(&self, name: &str) {
        self.submit_name(name).await;
        self.expect_connected().await;
    }

    /// Submits a name on the join page.
    pub async fn submit_name(&self, name: &str) {
        self.clear("#name_str").await;
        self.insert(name).await;
        self.click("#name_btn").await;
    }

    /// Waits until a room is open and the client is connected.
    pub async fn expect_connected(&self) {
        self.find("#send_str").await;
        self.expect_ready_state(1).await;
        let name = self.name();
        until(&format!("{name} to be connected"), TIMEOUT, async || {
            if self.count("#reconnect_btn").await == 0 { Ok(()) } else { Err("not connected") }
        })
        .await;
    }

    /// Focuses a field and deletes its text, as Select All and Delete do.
    pub async fn clear(&self, field: &str) {
        self.find(field).await;
        let script = "const field = document.querySelector(arguments[0]); field.focus(); field.select();
            if (field.value !== '') document.execCommand('delete')";
        let _: serde_json::Value = self.execute(script, vec![json!(field)]).await;
    }

    /// Focuses the composer and inserts text.
    pub async fn write(&self, text: &str) {
        self.find("#send_str").await;
        let _: serde_json::Value =
            self.execute("document.querySelector('#send_str').focus()", Vec::new()).await;
        self.insert(text).await;
    }

    /// Writes a message into the composer and presses Enter.
    pub async fn post(&self, text: &str) {
        self.write(text).await;
        self.enter(Enter::Typed).await;
    }

    /// Returns the text in the composer.
    pub async fn draft(&self) -> String {
        self.execute("return document.querySelector('#send_str').value", Vec::new()).await
    }

    /// Waits until the composer holds this text.
    pub async fn expect_draft(&self, text: &str) {
        until(&format!("{text:?} in {}'s composer", self.name()), TIMEOUT, async || {
            let draft = self.draft().await;
            if draft == text { Ok(()) } else { Err(format!("{draft:?}")) }
        })
        .await;
    }

    /// Waits until the browser's database holds this draft.
    pub async fn expect_saved_draft(&self, text: &str) {
        until(&format!("{text:?} in the database of {}", self.name()), TIMEOUT, async || {
            let drafts: String = self.execute_async(DRAFTS, Vec::new()).await;
            if drafts.contains(text) { Ok(()) } else { Err(drafts) }
        })
        .await;
    }

    /// Returns the messages of the list.
    pub async fn rows(&self) -> Vec<Row> {
        self.execute(ROWS, Vec::new()).await
    }

    /// Waits until the list shows exactly these messages, in this order, all of them settled.
    pub async fn expect_rows(&self, texts: &[&str]) {
        self.expect_rows_within(texts, TIMEOUT).await;
    }

    /// Like [`Page::expect_rows`], with another deadline.
    pub async fn expect_rows_within(&self, texts: &[&str], deadline: Duration) {
        until(&format!("{texts:?} in {}", self.name()), deadline, async || {
            let rows = self.rows().await;
            let is_settled = rows.iter().all(|row| row.state == "settled");
            let is_right = rows.iter().map(|row| row.text.as_str()).eq(texts.iter().copied());
            if is_right && is_settled { Ok(()) } else { Err(format!("{rows:?}")) }
        })
        .await;
    }

    /// Waits until this page and the other one show the same rows in the same order, all of them settled.
    ///
    /// A message appears at its reader before the reply settles it at its author, so two pages are equal only
    /// a little later.
    pub async fn expect_same_rows(&self, other: &Page) {
        until(&format!("equal rows in {} and {}", self.name(), other.name()), TIMEOUT, async || {
            let (here, there) = (self.rows().await, other.rows().await);
            let is_settled = here.iter().all(|row| row.state == "settled");
            if here == there && is_settled { Ok(()) } else { Err(format!("{here:?}\nand {there:?}")) }
        })
        .await;
    }

    /// Waits until a message has this text and this state.
    pub async fn expect_row(&self, text: &str, state: &str) {
        until(&format!("{text:?} {state} in {}", self.name()), TIMEOUT, async || {
            let rows = self.rows().await;
            let is_it = |row: &Row| row.text == text && row.state == state;
            if rows.iter().any(is_it) { Ok(()) } else { Err(format!("{rows:?}")) }
        })
        .await;
    }

    /// Waits until the connection badge shows this `readyState`.
    pub async fn expect_ready_state(&self, state: u16) {
        until(&format!("readyState {state} in {}", self.name()), TIMEOUT, async || {
            let value = self.attribute("#ready_state", "data-state").await;
            if value == Some(state.to_string()) { Ok(()) } else { Err(format!("{value:?}")) }
        })
        .await;
    }

    /// Waits until the page is connected over this transport.
    pub async fn expect_transport(&self, transport: &str) {
        until(&format!("{} to use {transport}", self.name()), TIMEOUT, async || {
            let state = self.attribute("#ready_state", "data-state").await;
            let value = self.attribute("#ready_state", "data-transport").await;
            let is_so = state.as_deref() == Some("1") && value.as_deref() == Some(transport);
            if is_so { Ok(()) } else { Err(format!("{state:?}, {value:?}")) }
        })
        .await;
    }

    /// Saves a transport as the only one, as the settings do, and opens the join page.
    pub async fn open_with_transport(browser: Browser, url: &str, transport: &str) -> Page {
        // `localStorage` belongs to an origin, so the origin must be open.
        browser.goto(url).await;
        let script = "localStorage.setItem('teahouse.transport.pin', arguments[0])";
        let _: serde_json::Value = browser.execute(script, vec![json!(transport)]).await;
        Page::open(browser, url).await
    }

    /// Waits until an error is shown next to a field and returns its text.
    pub async fn expect_error(&self, error: &str) -> String {
        until(&format!("an error in {error} of {}", self.name()), TIMEOUT, async || {
            self.text(error).await.filter(|text| !text.is_empty()).ok_or("nothing")
        })
        .await
    }

    /// Returns each `readyState` that the page has shown so far, in order.
    pub async fn shown_ready_states(&self) -> Vec<u16> {
        let entries = self.recorder_entries().await;
        entries
            .iter()
            .filter_map(
                |entry| if let RecorderEntry::ReadyState { shown, .. } = entry { Some(*shown) } else { None },
            )
            .collect()
    }

    /// Returns the close codes of the page's WebSockets so far.
    pub async fn close_codes(&self) -> Vec<u16> {
        let code = |entry: &RecorderEntry| match entry {
            RecorderEntry::Socket { event: SocketEvent::Close { code, .. }, .. } => Some(*code),
            _ => None,
        };
        self.recorder_entries().await.iter().filter_map(code).collect()
    }

    /// Marks the document. A reload removes the mark.
    pub async fn mark_document(&self) {
        let _: serde_json::Value = self.execute("window.e2eMark = true", Vec::new()).await;
    }

    /// Returns whether the document still has the mark.
    pub async fn is_marked(&self) -> bool {
        self.execute("return window.e2eMark === true", Vec::new()).await
    }

    /// Waits until a marked document was replaced and the new one is connected.
    pub async fn expect_reloaded(&self) {
        until(&format!("the reload of {}", self.name()), TIMEOUT, async || {
            if self.is_marked().await { Err("the old document") } else { Ok(()) }
        })
        .await;
        self.expect_connected().await;
    }

    /// Waits until an element has the focus.
    pub async fn expect_focus(&self, selector: &str) {
        until(&format!("{selector} in {} to have the focus", self.name()), TIMEOUT, async || {
            if self.has_focus(selector).await { Ok(()) } else { Err("another element has the focus") }
        })
        .await;
    }

    /// Opens the page in another browser with this browser's cookies, as the same member.
    pub async fn open_on_second_device(&self, browser: Browser, url: &str) -> Page {
        browser.goto(url).await;
        let cookies = self.devtools("Network.getCookies", json!({})).await;
        browser.devtools("Network.setCookies", cookies).await;
        browser.reload().await;
        let page = Page(browser);
        page.expect_connected().await;
        page
    }

    /// Returns whether an element has the focus.
    pub async fn has_focus(&self, selector: &str) -> bool {
        self.execute("return document.activeElement?.matches(arguments[0]) === true", vec![json!(selector)])
            .await
    }
}
