//! Starts the chat.

use frontend::app::{App, AppProps};
use frontend::driver::Driver;

fn main() {
    // Without this element, the document is not the page's, and there is no place to draw in.
    let Some(host) = frontend::host() else { return };
    let driver = Driver::new();
    driver.start();
    yew::Renderer::<App>::with_root_and_props(host, AppProps { driver }).render();
}
