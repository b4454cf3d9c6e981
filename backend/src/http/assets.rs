//! The page: embedded in the binary in release, read from `dist/` in development.

mod accept;
pub(crate) mod not_found;
mod scan;

use crate::http::problem::Refused;
use crate::routes::Parts;
use actix_web::{
    HttpRequest, HttpResponse,
    http::{
        StatusCode,
        header::{self, HeaderValue},
    },
};
use base64::{Engine, prelude::BASE64_STANDARD};
use bytes::Bytes;
use sha2::{Digest, Sha256};
use shared::{ErrorCode, version::DEVELOPMENT_BUILD};
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

/// A page, ready to be sent.
#[derive(Debug)]
pub struct Page {
    files: BTreeMap<String, File>,
    build: String,
    policy: String,
}

#[derive(Debug)]
struct File {
    kind: &'static str,
    cache: &'static str,
    hash: String,
    raw: Bytes,
    /// Absent in development, and where it would not be smaller.
    gzip: Option<Bytes>,
    brotli: Option<Bytes>,
}

impl Page {
    /// The page in this binary, or in development the one in `dist/`.
    pub fn load() -> Self {
        if cfg!(debug_assertions) {
            let dist = Path::new(env!("CARGO_MANIFEST_DIR")).join("../dist");
            return Page { build: DEVELOPMENT_BUILD.to_owned(), ..Page::read(&dist) };
        }
        let files = FILES.iter().map(|file| {
            let smaller =
                |packed: &'static [u8]| (packed.len() < file.raw.len()).then(|| Bytes::from_static(packed));
            let new = File {
                gzip: smaller(file.gzip),
                brotli: smaller(file.brotli),
                ..File::new(file.name, file.hash, Bytes::from_static(file.raw))
            };
            (format!("/{}", file.name), new)
        });
        Page::of(files.collect())
    }

    /// The page in a folder.
    pub fn read(folder: &Path) -> Self {
        let entries = fs::read_dir(folder).into_iter().flatten().flatten();
        let files = entries.filter_map(|entry| {
            let name = entry.file_name().into_string().ok()?;
            let raw = fs::read(entry.path()).ok()?;
            let hash: String = Sha256::digest(&raw)[..12].iter().map(|byte| format!("{byte:02x}")).collect();
            Some((format!("/{name}"), File::new(&name, &hash, raw.into())))
        });
        Page::of(files.collect())
    }

    fn of(files: BTreeMap<String, File>) -> Self {
        let index = files.get("/index.html").map(|file| String::from_utf8_lossy(&file.raw).into_owned());
        let index = index.unwrap_or_default();
        let build = scan::build_of(&index).unwrap_or(DEVELOPMENT_BUILD).to_owned();
        Page { files, build, policy: policy(&index) }
    }

    /// Which build of the page this is.
    pub fn build(&self) -> &str {
        &self.build
    }

    /// The content security policy that it needs, and no more.
    pub fn policy(&self) -> &str {
        &self.policy
    }

    /// Whether there is one at all.
    pub fn is_built(&self) -> bool {
        self.files.contains_key("/index.html")
    }

    fn file(&self, path: &str) -> Option<&File> {
        let path = if is_route(path) { "/index.html" } else { path };
        self.files.get(path)
    }
}

/// Whether the page itself knows what is at this path: the lobby, a room by its number, or the
/// connection inspector. It is answered with the page's index.html.
fn is_route(path: &str) -> bool {
    matches!(path, "/" | "/inspect") || path.strip_prefix("/r/").is_some_and(is_room)
}

/// Whether this can be the number of a room, as [`shared::RoomId`] holds it.
fn is_room(id: &str) -> bool {
    // To parse it alone would let a sign pass.
    id.bytes().all(|digit| digit.is_ascii_digit()) && id.parse::<u64>().is_ok()
}

/// The path that is meant where one of the page's has slashes behind it.
fn without_slashes(path: &str) -> Option<&str> {
    let bare = path.trim_end_matches('/');
    let meant = if bare.is_empty() { "/" } else { bare };
    (meant != path && is_route(meant)).then_some(meant)
}

impl File {
    fn new(name: &str, hash: &str, raw: Bytes) -> Self {
        File { kind: kind(name), cache: cache(name), hash: hash.to_owned(), raw, gzip: None, brotli: None }
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

/// A name with trunk's hash in it (`name-0123456789abcdef…`) never means other bytes.
fn cache(name: &str) -> &'static str {
    let stem = name.split_once('.').map_or(name, |(stem, _)| stem);
    let is_hashed = stem
        .split(['-', '_'])
        .any(|part| part.len() >= 16 && part.bytes().all(|byte| byte.is_ascii_hexdigit()));
    if is_hashed { "public, max-age=31536000, immutable" } else { "no-cache" }
}

fn policy(index: &str) -> String {
    let hashes = scan::inline_scripts(index).into_iter().map(|script| {
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

/// Everything that no other route takes.
pub async fn serve(request: HttpRequest) -> Result<HttpResponse, Refused> {
    let parts = Parts::of(&request);
    if !request.method().is_safe() {
        return Err(Refused::new(StatusCode::METHOD_NOT_ALLOWED, ErrorCode::MethodNotAllowed)
            .with(header::ALLOW, "GET, HEAD"));
    }
    if is_route(request.path()) && !parts.page.is_built() {
        return Ok(not_built());
    }
    if let Some(path) = without_slashes(request.path()) {
        return Ok(moved(path, request.query_string()));
    }
    let Some(file) = parts.page.file(request.path()) else { return nothing_here(&request) };
    let mut response = HttpResponse::Ok();
    response.insert_header((header::CACHE_CONTROL, file.cache));
    let (body, encoding) = choose(file, &accept::list(request.headers(), header::ACCEPT_ENCODING));
    // Other bytes, another tag (RFC 9110 §8.8.3.3).
    let etag = format!("\"{}{}\"", file.hash, encoding.unwrap_or_default());
    response.insert_header((header::ETAG, etag.as_str()));
    response.insert_header((header::VARY, "Accept-Encoding"));
    if request.headers().get_all(header::IF_NONE_MATCH).any(|value| names(value, &etag)) {
        return Ok(response.status(StatusCode::NOT_MODIFIED).finish());
    }
    response.insert_header((header::CONTENT_TYPE, file.kind));
    if let Some(encoding) = encoding {
        response.insert_header((header::CONTENT_ENCODING, encoding));
    }
    Ok(response.body(body))
}

/// `path` is one of the page's own: it never leads to another host.
fn moved(path: &str, query: &str) -> HttpResponse {
    let target = if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") };
    let mut response = HttpResponse::PermanentRedirect();
    response.insert_header((header::LOCATION, target)).insert_header((header::CACHE_CONTROL, "no-cache"));
    response.finish()
}

/// For who would read it a page; for programs a problem.
fn nothing_here(request: &HttpRequest) -> Result<HttpResponse, Refused> {
    if accept::names(&accept::list(request.headers(), header::ACCEPT), "text/html") {
        let languages = accept::list(request.headers(), header::ACCEPT_LANGUAGE);
        return Ok(not_found::respond(&accept::by_weight(&languages)));
    }
    Err(Refused::new(StatusCode::NOT_FOUND, ErrorCode::NotFound).with(header::VARY, "Accept"))
}

fn not_built() -> HttpResponse {
    let text = "The page is not built. Run `cargo xtask run`, or `trunk serve` beside this server.\n";
    HttpResponse::ServiceUnavailable().content_type("text/plain; charset=utf-8").body(text)
}

/// Whether an `If-None-Match` names this tag (RFC 9110 §13.1.2: compared weakly).
fn names(value: &HeaderValue, etag: &str) -> bool {
    let text = value.to_str().unwrap_or_default();
    text.split(',').map(str::trim).any(|tag| tag == "*" || tag.trim_start_matches("W/") == etag)
}

fn choose(file: &File, accepted: &str) -> (Bytes, Option<&'static str>) {
    for (name, packed) in [("br", &file.brotli), ("gzip", &file.gzip)] {
        if let Some(packed) = packed
            && accept::names(accepted, name)
        {
            return (packed.clone(), Some(name));
        }
    }
    (file.raw.clone(), None)
}

#[cfg(test)]
mod tests {
    use super::*;

    const INDEX: &str = "<html><script type=\"module\">\nimport init from '/frontend-0f1e2d3c4b5a6978.js';\n</script>\
        <script src=\"/x.js\"></script><link rel=\"modulepreload\" href=\"/frontend-0f1e2d3c4b5a6978.js\"></html>";

    #[test]
    fn the_policy_names_every_inline_script_and_no_other() {
        assert_eq!(scan::inline_scripts(INDEX), ["\nimport init from '/frontend-0f1e2d3c4b5a6978.js';\n"]);
        let policy = policy(INDEX);
        assert_eq!(policy.matches("sha256-").count(), 1);
        assert!(!policy.contains("unsafe-inline") && !policy.contains("'unsafe-eval'"), "{policy}");
    }

    #[test]
    fn the_build_is_the_hash_in_the_name_of_the_code() {
        assert_eq!(scan::build_of(INDEX), Some("0f1e2d3c4b5a6978"));
        assert_eq!(scan::build_of("<html></html>"), None);
        assert_eq!(scan::build_of("/frontend-<b>.js"), None);
    }

    #[test]
    fn only_hashed_names_are_kept_for_ever() {
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
    fn a_room_is_what_a_number_can_name() {
        assert!(is_route("/inspect") && !is_route("/inspect/x") && !is_route("/Inspect"));
        for room in ["/", "/r/1", "/r/007", "/r/18446744073709551615"] {
            assert!(is_route(room), "{room}");
        }
        for other in ["", "/r", "/r/", "/r/x", "/r/+1", "/r/-1", "/r/1/2", "/r/18446744073709551616"] {
            assert!(!is_route(other), "{other}");
        }
    }

    #[test]
    fn only_slashes_behind_a_path_of_the_page_are_too_many() {
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
