//! Starts the connection inspector.

use frontend::inspector::shell::Shell;
use frontend::inspector::{InspectorApp, InspectorProps};

fn main() {
    // Without this element, the document is not the page's, and there is no place to draw in.
    let Some(host) = frontend::host() else { return };
    let props = InspectorProps { shell: Shell::default() };
    yew::Renderer::<InspectorApp>::with_root_and_props(host, props).render();
}
