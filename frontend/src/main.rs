//! Starts the page.

use frontend::app::{App, AppProps};
use frontend::driver::Driver;

fn main() {
    let driver = Driver::new();
    driver.start();
    let host =
        web_sys::window().and_then(|window| window.document()).and_then(|page| page.get_element_by_id("app"));
    // Without its element the page is not ours: there is nothing to be shown in.
    if let Some(host) = host {
        yew::Renderer::<App>::with_root_and_props(host, AppProps { driver }).render();
    }
}
