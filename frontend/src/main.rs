//! Starts the chat.

use frontend::app::{App, AppProps};
use frontend::driver::Driver;

fn main() {
    // A document without this element is not ours: there is no place to draw in.
    let Some(host) = frontend::host() else { return };
    let driver = Driver::new();
    driver.start();
    yew::Renderer::<App>::with_root_and_props(host, AppProps { driver }).render();
}
