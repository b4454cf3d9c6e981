//! A long history: posting count messages, and scrolling back through them.

use crate::{
    page::Page,
    wait::{TIMEOUT, until},
};
use serde::Deserialize;
use serde_json::json;

/// Posts `line 1` to `line N` to the lobby as the page's member, over a WebSocket of its own. At most
/// 16 are in flight. Each message has one to five lines.
const POST_LINES: &str = "
    const [count, done] = arguments;
    const socket = new WebSocket(`ws://${location.host}/conn_ws?v=1`);
    const id = () => [...crypto.getRandomValues(new Uint8Array(16))].map((b) => b.toString(16).padStart(2, '0')).join('');
    let posted = 0, answered = 0;
    const post = () => { if (posted < count) { posted += 1;
        const text = [`line ${posted}`, ...Array(posted * 7 % 5).fill('and more of it')].join('\\n');
        socket.send(JSON.stringify({ type: 'post', ref: 1 + posted, client_id: id(), room: 1, text })); } };
    socket.onopen = () => socket.send(JSON.stringify({ type: 'hello', ref: 1, build: 'test' }));
    socket.onclose = () => done(answered);
    socket.onmessage = ({ data }) => { const event = JSON.parse(data);
        if (event.type === 'welcome') for (let n = 0; n < 16; n += 1) post();
        if (event.type === 'error') done(-event.code);
        if (event.type === 'reply') { answered += 1; post(); if (answered === count) socket.close(1000); } };";

/// Scrolls to `top` and measures the first visible message at each animation frame. The script ends two
/// frames after older rows came, or after 600 frames.
const SCROLL_UP: &str = "
    const [top, done] = arguments;
    const list = document.querySelector('.scroll');
    const texts = () => document.querySelectorAll('#char_list p');
    const edge = () => list.getBoundingClientRect().top;
    const first = texts()[0].dataset.key;
    list.scrollTop = top;
    const read = [...texts()].find((p) => p.getBoundingClientRect().bottom > edge());
    const place = () => read.getBoundingClientRect().top - edge();
    const before = place();
    let moved = 0, frames = 0, after = 0;
    const look = () => {
        frames += 1;
        moved = Math.max(moved, read.isConnected ? Math.abs(place() - before) : 9999);
        if (texts()[0].dataset.key !== first) after += 1;
        if (after > 2 || frames > 600) done({ moved, changed: after > 0, rows: texts().length, oldest: texts()[0].textContent });
        else requestAnimationFrame(look);
    };
    requestAnimationFrame(look);";

/// Records the largest number of rows in the list.
const TRACK_MAX_ROWS: &str = "
    const list = document.querySelector('#char_list');
    window.rowsMax = list.querySelectorAll('p').length;
    new MutationObserver(() => { window.rowsMax = Math.max(window.rowsMax, list.querySelectorAll('p').length) })
        .observe(list, { childList: true })";

/// Observations while older messages were loaded.
#[derive(Clone, Debug, Deserialize)]
pub struct ScrollResult {
    /// Largest shift of the first visible message, in CSS pixels.
    pub moved: f64,
    /// Whether older messages came.
    pub changed: bool,
    /// Number of rows in the list.
    pub rows: usize,
    /// Text of the first row.
    pub oldest: String,
}

impl Page {
    /// Posts `count` messages to the lobby without the page's composer.
    ///
    /// # Panics
    /// If the server does not accept all of them.
    pub async fn post_lines(&self, count: u32) {
        let accepted: i64 = self.execute_async(POST_LINES, vec![json!(count)]).await;
        assert_eq!(accepted, i64::from(count));
    }

    /// Scrolls to `top` CSS pixels from the first row, and watches the list until older rows came.
    pub async fn scroll_up(&self, top: u32) -> ScrollResult {
        self.execute_async(SCROLL_UP, vec![json!(top)]).await
    }

    /// Returns the first line of each message of the list.
    pub async fn first_lines(&self) -> Vec<String> {
        let script =
            "return [...document.querySelectorAll('#char_list p')].map((p) => p.textContent.split('\\n')[0])";
        self.execute(script, vec![]).await
    }

    /// Waits until the newest message of the list begins with this line.
    pub async fn expect_newest(&self, line: &str) {
        let script =
            "return [...document.querySelectorAll('#char_list p')].at(-1)?.textContent.split('\\n')[0]";
        until(&format!("{line:?} to be the newest in {}", self.name()), TIMEOUT, async || {
            let newest: Option<String> = self.execute(script, vec![]).await;
            if newest.as_deref() == Some(line) { Ok(()) } else { Err(format!("{newest:?}")) }
        })
        .await;
    }

    /// Starts recording the largest number of rows in the list.
    pub async fn track_max_rows(&self) {
        let _: serde_json::Value = self.execute(TRACK_MAX_ROWS, vec![]).await;
    }

    /// Returns the largest number of rows since [`Page::track_max_rows`].
    pub async fn max_rows(&self) -> usize {
        self.execute("return window.rowsMax", vec![]).await
    }

    /// Returns the distance of a row from the top of the list in CSS pixels, or none if the row is not in
    /// the list.
    pub async fn distance_from_top(&self, key: &str) -> Option<f64> {
        let script = "const p = document.querySelector(`p[data-key='${arguments[0]}']`);
            return p && p.getBoundingClientRect().top - document.querySelector('.scroll').getBoundingClientRect().top";
        self.execute(script, vec![json!(key)]).await
    }
}
