// The server reads these parts of the page's index.html. The library and build.rs share this file, so it
// uses nothing else of the crate.

/// The build of a page: the text between `/frontend-` and `.js` of the first `/frontend-` in its index.html.
/// It is trunk's hash of the page's code. The page reads the same text from its own document.
pub(crate) fn build_of(index: &str) -> Option<&str> {
    let (_, rest) = index.split_once("/frontend-")?;
    let (build, _) = rest.split_once(".js")?;
    let is_hash = !build.is_empty() && build.bytes().all(|byte| byte.is_ascii_alphanumeric());
    is_hash.then_some(build)
}

/// The contents of the inline scripts. The content security policy names them by their hashes.
pub(crate) fn inline_scripts(index: &str) -> Vec<&str> {
    let mut scripts = Vec::new();
    let mut rest = index;
    while let Some((_, after)) = rest.split_once("<script") {
        let Some((attributes, body)) = after.split_once('>') else { break };
        let Some((script, next)) = body.split_once("</script>") else { break };
        if !attributes.contains("src=") {
            scripts.push(script);
        }
        rest = next;
    }
    scripts
}
