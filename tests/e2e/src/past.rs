//! A long past: how it is made, and how somebody reads in it.

use crate::{
    page::Page,
    wait::{SOON, until},
};
use serde::Deserialize;
use serde_json::json;

/// Says `line 1` to `line N` in the lobby over a WebSocket of its own, a few at a time, as the
/// member of the page; each in one to five lines.
const TALK: &str = "
    const [many, done] = arguments;
    const socket = new WebSocket(`ws://${location.host}/conn_ws?v=1`);
    const id = () => [...crypto.getRandomValues(new Uint8Array(16))].map((b) => b.toString(16).padStart(2, '0')).join('');
    let said = 0, answered = 0;
    const say = () => { if (said < many) { said += 1;
        const text = [`line ${said}`, ...Array(said * 7 % 5).fill('and more of it')].join('\\n');
        socket.send(JSON.stringify({ type: 'post', ref: 1 + said, client_id: id(), room: 1, text })); } };
    socket.onopen = () => socket.send(JSON.stringify({ type: 'hello', ref: 1, build: 'test' }));
    socket.onclose = () => done(answered);
    socket.onmessage = ({ data }) => { const event = JSON.parse(data);
        if (event.type === 'welcome') for (let n = 0; n < 16; n += 1) say();
        if (event.type === 'error') done(-event.code);
        if (event.type === 'reply') { answered += 1; say(); if (answered === many) socket.close(1000); } };";

/// Follows, frame by frame, where the first text that is read stands, until the rows have changed
/// and two frames are over.
const READ_UP: &str = "
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

/// Counts the most messages that ever stood in the list at once.
const COUNT_ROWS: &str = "
    const list = document.querySelector('#char_list');
    window.rowsMax = list.querySelectorAll('p').length;
    new MutationObserver(() => { window.rowsMax = Math.max(window.rowsMax, list.querySelectorAll('p').length) })
        .observe(list, { childList: true })";

/// What was seen while older messages came.
#[derive(Clone, Debug, Deserialize)]
pub struct Step {
    /// By how much the text that was read moved at the most, in CSS pixels.
    pub moved: f64,
    /// Whether older messages came at all.
    pub changed: bool,
    /// How many messages are on the screen.
    pub rows: usize,
    /// The text of the first.
    pub oldest: String,
}

impl Page {
    /// Says many lines in the lobby, as a program would.
    ///
    /// # Panics
    /// If the house does not take all.
    pub async fn say_lines(&self, many: u32) {
        let answered: i64 = self.run_until(TALK, vec![json!(many)]).await;
        assert_eq!(answered, i64::from(many));
    }

    /// Scrolls so far from the first message that older ones are fetched, and watches meanwhile.
    pub async fn read_up(&self, top: u32) -> Step {
        self.run_until(READ_UP, vec![json!(top)]).await
    }

    /// The first line of each message on the screen.
    pub async fn first_lines(&self) -> Vec<String> {
        let script =
            "return [...document.querySelectorAll('#char_list p')].map((p) => p.textContent.split('\\n')[0])";
        self.run(script, vec![]).await
    }

    /// Waits until the newest message on the screen begins with this line.
    pub async fn shows_newest(&self, line: &str) {
        let script =
            "return [...document.querySelectorAll('#char_list p')].at(-1)?.textContent.split('\\n')[0]";
        until(&format!("{line:?} to be the newest in {}", self.name()), SOON, async || {
            let newest: Option<String> = self.run(script, vec![]).await;
            if newest.as_deref() == Some(line) { Ok(()) } else { Err(format!("{newest:?}")) }
        })
        .await;
    }

    /// Counts the messages in the list from now on.
    pub async fn count_rows(&self) {
        let _: serde_json::Value = self.run(COUNT_ROWS, vec![]).await;
    }

    /// The most messages that stood in the list at once.
    pub async fn most_rows(&self) -> usize {
        self.run("return window.rowsMax", vec![]).await
    }

    /// How far below the list's top edge this message begins; none if it is not on the screen.
    pub async fn place_of(&self, key: &str) -> Option<f64> {
        let script = "const p = document.querySelector(`p[data-key='${arguments[0]}']`);
            return p && p.getBoundingClientRect().top - document.querySelector('.scroll').getBoundingClientRect().top";
        self.run(script, vec![json!(key)]).await
    }
}
