//! The build of the page.
//!
//! trunk writes a hash of the page's own code into its file names. The build of a released page is defined as
//! **the text between `/frontend-` and `.js` at the first `/frontend-` in `index.html`**. The server computes
//! the same text from the `index.html` that it serves.

use shared::version::DEVELOPMENT_BUILD;

/// Build of the running page; [`DEVELOPMENT_BUILD`] in a debug build, or if the document names no build.
pub fn of_this_page() -> String {
    if cfg!(debug_assertions) {
        return DEVELOPMENT_BUILD.to_owned();
    }
    let head =
        web_sys::window().and_then(|window| window.document()).and_then(|page| page.document_element());
    // The elements that name the file are in the head, in their original order.
    let build = head.map(|html| html.inner_html()).as_deref().and_then(of_index).map(str::to_owned);
    build.unwrap_or_else(|| DEVELOPMENT_BUILD.to_owned())
}

/// Finds the build in the text of an `index.html`; `None` if it names no file of the page.
pub fn of_index(html: &str) -> Option<&str> {
    let name = html.split('/').skip(1).find_map(|part| part.strip_prefix("frontend-"))?;
    let (build, extension) = name.split_once('.')?;
    extension.starts_with("js").then_some(build)
}

#[cfg(test)]
mod tests {
    use super::of_index;

    #[test]
    fn the_build_is_the_hash_in_the_file_name() {
        let index = "<script type=module>import init from '/frontend-210afd03ccc57856.js';\
                     init('/frontend-210afd03ccc57856_bg.wasm')</script>";
        assert_eq!(of_index(index), Some("210afd03ccc57856"));
        assert_eq!(of_index("<html><!-- /frontend-00.js --><script src=\"/frontend-ff.js\">"), Some("00"));
        assert_eq!(of_index("<script src=/other.js></script>"), None);
        assert_eq!(of_index("<script src=/frontend-00.css></script>"), None);
    }
}
