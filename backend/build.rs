//! Embeds the page in the binary: every file of `dist/`, raw, gzipped and in brotli, with a hash of each.
//!
//! Compressing once at build time costs the server nothing at run time, and allows the slowest and best
//! level.

use sha2::{Digest, Sha256};
use std::{
    env, fs,
    io::{Read, Write},
    path::{Path, PathBuf},
};

#[path = "src/page/index_html.rs"]
#[allow(dead_code, reason = "the library uses all of it")]
mod index_html;

fn main() {
    let dist = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default()).join("../dist");
    let out = PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default());
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=src/page/index_html.rs");
    println!("cargo::rerun-if-changed={}", dist.display());
    let is_release = env::var("PROFILE").is_ok_and(|profile| profile == "release");
    let files = if is_release { list(&dist) } else { Vec::new() };
    let mut table = String::from("static FILES: &[EmbeddedFile] = &[\n");
    for (number, file) in files.iter().enumerate() {
        println!("cargo::rerun-if-changed={}", file.display());
        table.push_str(&entry(&dist, file, number, &out));
    }
    table.push_str("];\n");
    write(&out.join("page.rs"), table.as_bytes());
}

/// The files of the page, including those in folders.
fn list(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            files.extend(list(&path));
        } else {
            files.push(path);
        }
    }
    files.sort();
    files
}

fn entry(dist: &Path, file: &Path, number: usize, out: &Path) -> String {
    let mut raw = Vec::new();
    let read = fs::File::open(file).and_then(|mut file| file.read_to_end(&mut raw));
    read.unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    // The name is a part of a URL, so its folders end with a slash on every system.
    let name = file.strip_prefix(dist).unwrap_or(file).to_string_lossy().replace('\\', "/");
    let hash: String = Sha256::digest(&raw)[..12].iter().map(|byte| format!("{byte:02x}")).collect();
    let path = |kind: &str| out.join(format!("{number}.{kind}"));
    write(&path("raw"), &raw);
    write(&path("gz"), &gzip(&raw));
    write(&path("br"), &brotli(&raw));
    let include = |kind: &str| format!("include_bytes!({:?})", path(kind));
    format!(
        "EmbeddedFile {{ name: {name:?}, hash: {hash:?}, raw: {}, gzip: {}, brotli: {} }},\n",
        include("raw"),
        include("gz"),
        include("br")
    )
}

fn gzip(raw: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(raw).and_then(|()| encoder.finish()).unwrap_or_else(|error| panic!("gzip: {error}"))
}

fn brotli(raw: &[u8]) -> Vec<u8> {
    let mut compressed = Vec::new();
    let parameters = brotli::enc::BrotliEncoderParams { quality: 11, lgwin: 22, ..Default::default() };
    let result = brotli::BrotliCompress(&mut &raw[..], &mut compressed, &parameters);
    result.unwrap_or_else(|error| panic!("brotli: {error}"));
    compressed
}

fn write(path: &Path, bytes: &[u8]) {
    fs::write(path, bytes).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
}
