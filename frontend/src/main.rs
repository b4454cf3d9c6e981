//! Starts the page: the inspector at its own address, the house at every other.

use frontend::app::{App, AppProps};
use frontend::driver::Driver;
use frontend::inspector::{self, InspectorApp, InspectorProps, Shell};

fn main() {
    let Some(window) = web_sys::window() else { return };
    let host = window.document().and_then(|page| page.get_element_by_id("app"));
    // Without its element the page is not ours: there is nothing to be shown in.
    let Some(host) = host else { return };
    if inspector::is_here(&window.location().pathname().unwrap_or_default()) {
        let props = InspectorProps { shell: Shell::default() };
        yew::Renderer::<InspectorApp>::with_root_and_props(host, props).render();
    } else {
        let driver = Driver::new();
        driver.start();
        yew::Renderer::<App>::with_root_and_props(host, AppProps { driver }).render();
    }
}
