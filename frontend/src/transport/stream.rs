//! Reads `GET /api/events`, by `fetch`: `EventSource` tells no status, and reconnects by itself.

use super::fields::Fields;
use super::line::Line;
use super::request::Cutter;
use client::event_stream::{Message, Reader};
use gloo_net::http::Response;
use js_sys::{Reflect, Uint8Array};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{ReadableStreamDefaultReader, TextDecodeOptions, TextDecoder};

/// Reads until the stream ends.
pub(super) async fn read(line: Line, query: String) {
    let cutter = Cutter::new(None);
    line.cut_by(&cutter);
    let path = format!("/api/events?{query}");
    match cutter.get(&path).await {
        Some(answer) if answer.ok() => {
            take(answer, |message| tell(&line, message)).await;
            line.broke();
        }
        Some(answer) if line.refused(answer.status(), &answer.text().await.unwrap_or_default()) => {}
        Some(_) => line.broke(),
        None => line.broke(),
    }
}

/// Reads an answer as it comes. Ends where the stream does, or cannot be read on.
pub(crate) async fn take(answer: Response, mut tell: impl FnMut(Message)) -> Option<()> {
    let reader: ReadableStreamDefaultReader = answer.body()?.get_reader().unchecked_into();
    let decoder = TextDecoder::new().ok()?;
    let going_on = TextDecodeOptions::new();
    going_on.set_stream(true);
    let mut events = Reader::default();
    loop {
        let part = JsFuture::from(reader.read()).await.ok()?;
        let bytes: Uint8Array = Reflect::get(&part, &JsValue::from_str("value")).ok()?.dyn_into().ok()?;
        let text = decoder.decode_with_js_u8_array_and_options(&bytes, &going_on).ok()?;
        events.push(&text, &mut tell).ok()?;
    }
}

fn tell(line: &Line, message: Message) {
    if message.event == "close" {
        let (code, reason) = close(&message.data).unwrap_or_default();
        return line.closed(code, &reason);
    }
    if !message.data.is_empty() {
        line.frame(&message.data);
        if ends_what_was_missed(&message.data) {
            line.live();
        }
    }
    if let Some(id) = message.id {
        line.through(&id);
    }
}

/// Whether all that was missed has been told with this frame.
fn ends_what_was_missed(frame: &str) -> bool {
    let is_fresh = || !Fields::of(frame).is_some_and(|welcome| welcome.flag("resumed"));
    frame.starts_with(r#"{"type":"caught_up""#) || (frame.starts_with(r#"{"type":"welcome""#) && is_fresh())
}

fn close(data: &str) -> Option<(u16, String)> {
    let close = Fields::of(data)?;
    Some((close.number("code")?.try_into().ok()?, close.text("reason")?))
}
