//! A plain page in a window: an input, a button, and one `<p>` for each
//! message that came.

use crate::{
    shelf::Shelf,
    stage::Stage,
    wait::{SOON, until},
    window::Window,
};
use serde_json::json;
use std::rc::Rc;

/// The example of the project, as it is.
const EXAMPLE: &str = include_str!("../../../examples/plain.html");

/// Puts the example on a shelf of its own: another origin than any house's.
pub async fn shelf(stage: &Stage) -> Rc<Shelf> {
    stage.keep(Shelf::of([("/plain.html", EXAMPLE.to_owned())]).await)
}

/// Where the example is that talks to the house on this port of loopback.
pub fn url(shelf: &Shelf, house: u16) -> String {
    format!("{}/plain.html?server=127.0.0.1:{house}", shelf.origin())
}

/// The page.
#[derive(Clone, Debug)]
pub struct PlainPage(pub Window);

impl PlainPage {
    /// Opens it, and waits until its WebSocket is open.
    pub async fn open(window: Window, url: &str) -> PlainPage {
        window.goto(url).await;
        until(&format!("{}'s socket to open", window.name()), SOON, async || {
            let state: Option<u16> = window.run("return window.e2eSocket?.readyState", Vec::new()).await;
            if state == Some(1) { Ok(()) } else { Err(format!("{state:?}")) }
        })
        .await;
        PlainPage(window)
    }

    /// Types into the input and presses the button.
    pub async fn say(&self, text: &str) {
        let script = "const field = document.querySelector('input'); field.focus(); field.select()";
        let _: serde_json::Value = self.0.run(script, Vec::new()).await;
        self.0.insert(text).await;
        self.0.click("button").await;
    }

    /// Waits until these are all messages that it has shown, in this order.
    pub async fn shows(&self, texts: &[&str]) {
        until(&format!("{texts:?} in {}", self.0.name()), SOON, async || {
            let seen: Vec<String> = self
                .0
                .run(
                    "return [...document.querySelectorAll(arguments[0])].map((p) => p.textContent)",
                    vec![json!("p")],
                )
                .await;
            if seen.iter().eq(texts.iter()) { Ok(()) } else { Err(format!("{seen:?}")) }
        })
        .await;
    }
}
