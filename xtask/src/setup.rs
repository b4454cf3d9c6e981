//! Sets up a machine for a build: finds each tool, and installs it if it is missing.

use crate::failure::Outcome;
use crate::tool;
use crate::tree::Tree;
use crate::version::Wanted;
use crate::{rust, wasm_opt};

/// Tools that build the page, as they were found or installed.
#[derive(Clone, Debug)]
pub(crate) struct PageTools {
    /// Versions that the tools have.
    pub(crate) wanted: Wanted,
    /// Whether wasm-opt is there. Always false for development, which does not use it.
    pub(crate) wasm_opt: bool,
    /// Whether the source of the standard library is there. Always false for development, which does not use it.
    pub(crate) library_source: bool,
}

/// Ensures all tools that the release build of the page needs.
///
/// # Errors
/// When a tool can be neither found nor installed.
pub(crate) fn for_release(tree: &Tree) -> Outcome<PageTools> {
    let mut tools = for_development(tree)?;
    tools.wasm_opt = wasm_opt::ensure(tree, &tools.wanted.wasm_opt)?;
    tools.library_source = rust::ensure_library_source(tree);
    Ok(tools)
}

/// Ensures the same tools except wasm-opt, which trunk uses in release only.
///
/// # Errors
/// When a tool can be neither found nor installed.
pub(crate) fn for_development(tree: &Tree) -> Outcome<PageTools> {
    let wanted = Wanted::read(tree)?;
    rust::ensure_target(tree)?;
    tool::trunk(&wanted.trunk).ensure(tree)?;
    tool::wasm_bindgen(&wanted.wasm_bindgen).ensure(tree)?;
    Ok(PageTools { wanted, wasm_opt: false, library_source: false })
}
