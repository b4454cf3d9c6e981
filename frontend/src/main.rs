//! Starts the chat.

use frontend::app::App;
use frontend::driver::Driver;

/// Options of the allocator: small code, and one pool. Pools that never merge waste memory when texts are as long as a
/// page of WebAssembly's memory (64 KiB), and snapshots are.
#[cfg(target_family = "wasm")]
struct AllocatorOptions;

#[cfg(target_family = "wasm")]
impl rlsf::GlobalTlsfOptions for AllocatorOptions {
    const ENABLE_REALLOCATION: bool = false;
    const COALESCE_POOLS: bool = true;
}

/// Allocator of the page: TLSF (Masmano et al., 2004) takes constant time, and is smaller than the dlmalloc of std.
#[cfg(target_family = "wasm")]
#[global_allocator]
static ALLOCATOR: rlsf::GlobalTlsf<AllocatorOptions> = rlsf::GlobalTlsf::new();

fn main() {
    // Without this element, the document is not the page's, and there is no place to draw in.
    let Some(host) = frontend::host() else { return };
    let driver = Driver::new();
    driver.start();
    App::show(&driver, host);
}
