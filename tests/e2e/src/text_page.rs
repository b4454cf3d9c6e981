//! The example page of the text dialect: an input, a button, and one `<p>` for each message.

use crate::{
    browser::Browser,
    fixture::Fixture,
    static_server::StaticServer,
    wait::{TIMEOUT, until},
};
use serde_json::json;
use std::rc::Rc;

/// The project's example page, unchanged.
const EXAMPLE: &str = include_str!("../../../examples/plain.html");

/// Serves the example from an origin of its own.
pub async fn serve(fixture: &Fixture) -> Rc<StaticServer> {
    fixture.keep(StaticServer::start([("/plain.html", EXAMPLE.to_owned())]).await)
}

/// Returns the URL of the example with the loopback port of its server.
pub fn url(static_server: &StaticServer, server: u16) -> String {
    format!("{}/plain.html?server=127.0.0.1:{server}", static_server.origin())
}

/// A browser that shows the example or another page of the text dialect.
#[derive(Clone, Debug)]
pub struct TextPage(pub Browser);

impl TextPage {
    /// Opens the page and waits until its WebSocket is open.
    pub async fn open(browser: Browser, url: &str) -> TextPage {
        browser.goto(url).await;
        until(&format!("{}'s socket to open", browser.name()), TIMEOUT, async || {
            let state: Option<u16> = browser.execute("return window.e2eSocket?.readyState", Vec::new()).await;
            if state == Some(1) { Ok(()) } else { Err(format!("{state:?}")) }
        })
        .await;
        TextPage(browser)
    }

    /// Writes text into the input and clicks the button.
    pub async fn post(&self, text: &str) {
        let script = "const field = document.querySelector('input'); field.focus(); field.select()";
        let _: serde_json::Value = self.0.execute(script, Vec::new()).await;
        self.0.insert(text).await;
        self.0.click("button").await;
    }

    /// Waits until the page shows exactly these messages, in this order.
    pub async fn expect_rows(&self, texts: &[&str]) {
        until(&format!("{texts:?} in {}", self.0.name()), TIMEOUT, async || {
            let rows: Vec<String> = self
                .0
                .execute(
                    "return [...document.querySelectorAll(arguments[0])].map((p) => p.textContent)",
                    vec![json!("p")],
                )
                .await;
            if rows.iter().eq(texts.iter()) { Ok(()) } else { Err(format!("{rows:?}")) }
        })
        .await;
    }
}
