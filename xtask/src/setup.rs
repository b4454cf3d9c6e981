//! What a machine needs before something can be built here, each looked for first and installed only if missing.

use crate::failure::Outcome;
use crate::tool;
use crate::tree::Tree;
use crate::version::Wanted;
use crate::{rust, wasm_opt};

/// The tools that build the page, as they were found or installed.
#[derive(Clone, Debug)]
pub(crate) struct PageTools {
    /// Their versions.
    pub(crate) wanted: Wanted,
    /// Whether wasm-opt is there; not looked for in development.
    pub(crate) wasm_opt: bool,
}

/// Everything that the released page needs.
///
/// # Errors
/// When something can neither be found nor installed.
pub(crate) fn for_release(tree: &Tree) -> Outcome<PageTools> {
    let mut tools = for_development(tree)?;
    tools.wasm_opt = wasm_opt::ensure(tree, &tools.wanted.wasm_opt)?;
    Ok(tools)
}

/// The same without wasm-opt, which trunk uses in release only.
///
/// # Errors
/// When something can neither be found nor installed.
pub(crate) fn for_development(tree: &Tree) -> Outcome<PageTools> {
    let wanted = Wanted::read(tree)?;
    rust::ensure_target(tree)?;
    tool::trunk(&wanted.trunk).ensure(tree)?;
    tool::wasm_bindgen(&wanted.wasm_bindgen).ensure(tree)?;
    Ok(PageTools { wanted, wasm_opt: false })
}
