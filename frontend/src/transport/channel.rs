//! What pages of one browser share a connection by: a lease in its storage, and a channel between them.
//! The rules are `client::share`'s.

use crate::storage::{self, Slot};
use client::share::{Lease, Tab, Word};
use wasm_bindgen::{JsCast, JsValue, closure::Closure};
use web_sys::{BroadcastChannel, MessageEvent};

const NAME: &str = "teahouse.reader";

/// The channel, until it is dropped.
#[derive(Debug)]
pub struct Channel {
    channel: BroadcastChannel,
    _on_message: Closure<dyn FnMut(MessageEvent)>,
}

impl Channel {
    /// Opens it; `hear` gets what other pages say, with whose session it is of (see [`Channel::say`]).
    /// None where the browser has no such thing, or nothing to keep a lease in: then every page reads
    /// for itself.
    pub fn open(hear: impl Fn(&str, Word) + 'static) -> Option<Self> {
        storage::is_there().then_some(())?;
        let channel = BroadcastChannel::new(NAME).ok()?;
        let on_message = Closure::new(move |event: MessageEvent| {
            let Some(text) = event.data().as_string() else { return };
            if let Some((of, word)) = text.split_once('\n')
                && let Some(word) = read(word)
            {
                hear(of, word);
            }
        });
        channel.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
        Some(Channel { channel, _on_message: on_message })
    }

    /// Tells the other pages, `of` whose session it is: member and epoch.
    pub fn say(&self, of: &str, word: &Word) {
        let word = match word {
            Word::Frame(frame) => format!("frame {frame}"),
            Word::Live => "live".to_owned(),
            Word::Bye => "bye".to_owned(),
            Word::Ask => "ask".to_owned(),
            Word::Lead(Tab(tab)) => format!("lead {tab}"),
            Word::At(Tab(tab), true) => format!("here {tab}"),
            Word::At(Tab(tab), false) => format!("away {tab}"),
        };
        // Text can always be sent.
        drop(self.channel.post_message(&JsValue::from_str(&format!("{of}\n{word}"))));
    }
}

impl Drop for Channel {
    fn drop(&mut self) {
        self.channel.set_onmessage(None);
        self.channel.close();
    }
}

fn read(word: &str) -> Option<Word> {
    let (kind, rest) = word.split_once(' ').unwrap_or((word, ""));
    Some(match kind {
        "frame" => Word::Frame(rest.to_owned()),
        "live" => Word::Live,
        "bye" => Word::Bye,
        "ask" => Word::Ask,
        "lead" => Word::Lead(Tab(rest.parse().ok()?)),
        "here" => Word::At(Tab(rest.parse().ok()?), true),
        "away" => Word::At(Tab(rest.parse().ok()?), false),
        _ => return None,
    })
}

/// Who leads, as far as the storage says.
pub fn lease() -> Option<Lease> {
    let text = storage::read(Slot::Leader)?;
    let (tab, until) = text.split_once(' ')?;
    Some(Lease { tab: Tab(tab.parse().ok()?), until: until.parse().ok()? })
}

/// Keeps the lease, or drops it.
pub fn keep(lease: Option<Lease>) {
    let text = lease.map(|Lease { tab, until }| format!("{} {until}", tab.0));
    storage::write(Slot::Leader, text.as_deref());
}
