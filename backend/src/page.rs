//! The page: its files are embedded in the binary in release, and read from `dist/` in development.

mod index_html;

use crate::hex;
use base64::{Engine, prelude::BASE64_STANDARD};
use bytes::Bytes;
use sha2::{Digest, Sha256};
use shared::version::DEVELOPMENT_BUILD;
use std::{collections::BTreeMap, fs, path::Path};

/// A file as build.rs embeds it.
struct EmbeddedFile {
    name: &'static str,
    hash: &'static str,
    raw: &'static [u8],
    gzip: &'static [u8],
    brotli: &'static [u8],
}

include!(concat!(env!("OUT_DIR"), "/page.rs"));

/// The files of a page, ready to be sent.
#[derive(Debug)]
pub struct Page {
    files: BTreeMap<String, PageFile>,
    build: String,
    policy: String,
}

#[derive(Debug)]
pub(crate) struct PageFile {
    pub(crate) kind: &'static str,
    pub(crate) cache: &'static str,
    pub(crate) hash: String,
    pub(crate) raw: Bytes,
    /// Absent in development, and if it is not smaller than the raw file.
    pub(crate) gzip: Option<Bytes>,
    pub(crate) brotli: Option<Bytes>,
    /// Content security policy of a document. It allows the document's own inline scripts only.
    pub(crate) policy: Option<String>,
}

impl Page {
    /// Loads the page of this binary, or in development the one in `dist/`.
    pub fn load() -> Self {
        if cfg!(debug_assertions) {
            let dist = Path::new(env!("CARGO_MANIFEST_DIR")).join("../dist");
            return Page { build: DEVELOPMENT_BUILD.to_owned(), ..Page::read(&dist) };
        }
        let files = FILES.iter().map(|file| {
            let smaller =
                |packed: &'static [u8]| (packed.len() < file.raw.len()).then(|| Bytes::from_static(packed));
            let new = PageFile {
                gzip: smaller(file.gzip),
                brotli: smaller(file.brotli),
                ..PageFile::new(file.name, file.hash, Bytes::from_static(file.raw))
            };
            (format!("/{}", file.name), new)
        });
        Page::of(files.collect())
    }

    /// Reads the page in a folder.
    pub fn read(folder: &Path) -> Self {
        let mut files = BTreeMap::new();
        collect(folder, "", &mut files);
        Page::of(files)
    }

    fn of(files: BTreeMap<String, PageFile>) -> Self {
        let index = files.get("/index.html").map(|file| String::from_utf8_lossy(&file.raw).into_owned());
        let index = index.unwrap_or_default();
        let build = index_html::build_of(&index).unwrap_or(DEVELOPMENT_BUILD).to_owned();
        Page { files, build, policy: policy(&index) }
    }

    /// Build of the page.
    pub fn build(&self) -> &str {
        &self.build
    }

    /// Content security policy of every response that has none of its own: that of the chat's document.
    pub fn policy(&self) -> &str {
        &self.policy
    }

    /// Whether the page was built.
    pub fn is_built(&self) -> bool {
        self.files.contains_key("/index.html")
    }

    pub(crate) fn file(&self, path: &str) -> Option<&PageFile> {
        self.files.get(document_of(path).unwrap_or(path))
    }
}

/// Reads the files of a folder and of its folders. `prefix` is what their names begin with.
fn collect(folder: &Path, prefix: &str, files: &mut BTreeMap<String, PageFile>) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let Ok(name) = entry.file_name().into_string() else { continue };
        let name = format!("{prefix}{name}");
        if entry.path().is_dir() {
            collect(&entry.path(), &format!("{name}/"), files);
        } else if let Ok(raw) = fs::read(entry.path()) {
            let hash = hex::encode(&Sha256::digest(&raw)[..12]);
            files.insert(format!("/{name}"), PageFile::new(&name, &hash, raw.into()));
        }
    }
}

/// The document at a path that the page handles: the chat's for the lobby and for a room by its number, the
/// inspector's for `/inspect`.
pub(crate) fn document_of(path: &str) -> Option<&'static str> {
    match path {
        "/" => Some("/index.html"),
        "/inspect" => Some("/inspect/index.html"),
        _ => path.strip_prefix("/r/").is_some_and(is_room).then_some("/index.html"),
    }
}

/// Whether this is the number of a room, as [`shared::RoomId`] holds it.
fn is_room(id: &str) -> bool {
    // Parsing alone would accept a sign.
    id.bytes().all(|digit| digit.is_ascii_digit()) && id.parse::<u64>().is_ok()
}

/// The path without slashes at its end, if it has any and the page handles the rest.
pub(crate) fn without_slashes(path: &str) -> Option<&str> {
    let bare = path.trim_end_matches('/');
    let meant = if bare.is_empty() { "/" } else { bare };
    (meant != path && document_of(meant).is_some()).then_some(meant)
}

impl PageFile {
    fn new(name: &str, hash: &str, raw: Bytes) -> Self {
        let policy = name.ends_with(".html").then(|| policy(&String::from_utf8_lossy(&raw)));
        PageFile {
            kind: kind(name),
            cache: cache(name),
            hash: hash.to_owned(),
            raw,
            gzip: None,
            brotli: None,
            policy,
        }
    }
}

fn kind(name: &str) -> &'static str {
    match name.rsplit_once('.').map(|(_, ending)| ending) {
        Some("html") => "text/html; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("wasm") => "application/wasm",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("txt") => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

/// Cache policy of a file. A name with trunk's hash in it (`name-0123456789abcdef…`) always means the same
/// bytes.
fn cache(name: &str) -> &'static str {
    let stem = name.split_once('.').map_or(name, |(stem, _)| stem);
    let is_hashed = stem
        .split(['-', '_'])
        .any(|part| part.len() >= 16 && part.bytes().all(|byte| byte.is_ascii_hexdigit()));
    if is_hashed { "public, max-age=31536000, immutable" } else { "no-cache" }
}

fn policy(index: &str) -> String {
    let hashes = index_html::inline_scripts(index).into_iter().map(|script| {
        let hash = BASE64_STANDARD.encode(Sha256::digest(script.as_bytes()));
        format!(" 'sha256-{hash}'")
    });
    format!(
        "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'{}; style-src 'self'; \
         img-src 'self' blob: data:; connect-src 'self'; base-uri 'none'; form-action 'self'; \
         frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'",
        hashes.collect::<String>()
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const INDEX: &str = "<html><script type=\"module\">\nimport init from '/frontend-0f1e2d3c4b5a6978.js';\n</script>\
        <script src=\"/x.js\"></script><link rel=\"modulepreload\" href=\"/frontend-0f1e2d3c4b5a6978.js\"></html>";

    #[test]
    fn the_policy_allows_exactly_the_inline_scripts() {
        assert_eq!(
            index_html::inline_scripts(INDEX),
            ["\nimport init from '/frontend-0f1e2d3c4b5a6978.js';\n"]
        );
        let policy = policy(INDEX);
        assert_eq!(policy.matches("sha256-").count(), 1);
        assert!(!policy.contains("unsafe-inline") && !policy.contains("'unsafe-eval'"), "{policy}");
    }

    #[test]
    fn the_build_is_the_hash_in_the_script_name() {
        assert_eq!(index_html::build_of(INDEX), Some("0f1e2d3c4b5a6978"));
        assert_eq!(index_html::build_of("<html></html>"), None);
        assert_eq!(index_html::build_of("/frontend-<b>.js"), None);
    }

    #[test]
    fn only_hashed_names_are_immutable() {
        for hashed in [
            "frontend-0f1e2d3c4b5a6978.js",
            "frontend-0f1e2d3c4b5a6978_bg.wasm",
            "style-0f1e2d3c4b5a6978.css",
        ] {
            assert!(cache(hashed).contains("immutable"), "{hashed}");
        }
        for plain in ["index.html", "favicon.svg", "frontend-new.js"] {
            assert_eq!(cache(plain), "no-cache");
        }
    }

    #[test]
    fn a_room_path_holds_a_room_number() {
        assert_eq!(document_of("/inspect"), Some("/inspect/index.html"));
        for room in ["/", "/r/1", "/r/007", "/r/18446744073709551615"] {
            assert_eq!(document_of(room), Some("/index.html"), "{room}");
        }
        let no_number = ["/r", "/r/", "/r/x", "/r/+1", "/r/-1", "/r/1/2", "/r/18446744073709551616"];
        for other in no_number.into_iter().chain(["", "/inspect/x", "/Inspect"]) {
            assert_eq!(document_of(other), None, "{other}");
        }
    }

    #[test]
    fn trailing_slashes_are_removed_from_page_paths_only() {
        for (path, meant) in [("/r/2/", "/r/2"), ("/inspect/", "/inspect"), ("/r/2//", "/r/2"), ("//", "/")] {
            assert_eq!(without_slashes(path), Some(meant), "{path}");
        }
        for path in
            ["/", "/r/2", "/r/", "/r/x/", "/index.html/", "//evil.example/", "/r/18446744073709551616/"]
        {
            assert_eq!(without_slashes(path), None, "{path}");
        }
    }
}
