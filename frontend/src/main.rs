//! Starts the chat.

use frontend::app::{App, AppProps};
use frontend::driver::Driver;

/// Allocator of the page: TLSF (Masmano et al., 2004) takes constant time, and is smaller than the dlmalloc of std.
#[global_allocator]
static ALLOCATOR: rlsf::SmallGlobalTlsf = rlsf::SmallGlobalTlsf::new();

fn main() {
    // Without this element, the document is not the page's, and there is no place to draw in.
    let Some(host) = frontend::host() else { return };
    let driver = Driver::new();
    driver.start();
    yew::Renderer::<App>::with_root_and_props(host, AppProps { driver }).render();
}
