//! `cargo xtask size`: the bytes that opening the chat and opening the inspector load, as the released server sends them.
//!
//! The server itself is asked for the bytes, so that the count is of what it embedded and compressed.
//! One kilobyte is 1,000 bytes. Browsers ask for brotli over https only, and for gzip on plain http: both are printed.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use crate::failure::{Failure, Outcome};
use crate::server::Running;
use crate::tally::Tally;
use crate::tree::Tree;
use crate::{fingerprint, page, run};

/// Largest size of each program with brotli, in bytes.
const BROTLI_LIMIT: u64 = 217_000;
/// Largest size with brotli of a program that was built without wasm-opt or with the compiled standard library, in bytes.
const BROTLI_LIMIT_PLAIN: u64 = 240_000;
/// Largest size of each program with gzip, in bytes. Browsers ask for gzip on plain http.
const GZIP_LIMIT: u64 = 260_000;
/// Goal for each program's size with brotli, in bytes.
const BROTLI_GOAL: u64 = 160_000;
/// Largest count of files that each program may load.
const REQUESTS_LIMIT: usize = 8;
/// Time without a byte from the server after which the command fails.
const PATIENCE: Duration = Duration::from_secs(10);
/// Largest answer that is read, in bytes.
const LARGEST: u64 = 64 * 1024 * 1024;

/// A program of the page, with the documents and styles that it loads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Program {
    /// The chat: every file at the top of `dist`. Its load is a member's first.
    Chat,
    /// The connection inspector: every file below `dist/inspect`.
    Inspector,
}

impl Program {
    const ALL: [Self; 2] = [Self::Chat, Self::Inspector];

    /// The program that loads the file at this path of `dist`.
    fn of(path: &str) -> Self {
        if path.starts_with("inspect/") { Self::Inspector } else { Self::Chat }
    }

    fn title(self) -> &'static str {
        match self {
            Self::Chat => "the first load, bytes",
            Self::Inspector => "/inspect, bytes",
        }
    }
}

/// Bytes of one file: uncompressed, with gzip, with brotli.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Weight {
    name: String,
    raw: u64,
    gzip: u64,
    brotli: u64,
}

/// Builds, weighs, and fails when a program is over its budget.
///
/// # Errors
/// When page or server cannot be built, or the server does not serve a file of the page.
pub(crate) fn size(tree: &Tree) -> Outcome<ExitCode> {
    run::build(tree)?;
    let tally = weigh(tree)?;
    Ok(if tally.failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Weighs what is built, prints a table of each program and counts two checks of each: bytes and requests.
///
/// # Errors
/// When the server does not start or does not serve a file of the page.
pub(crate) fn weigh(tree: &Tree) -> Outcome<Tally> {
    let dist = tree.dist();
    let server = Running::start(tree)?;
    let brotli_limit = if page::is_optimised(tree) { BROTLI_LIMIT } else { BROTLI_LIMIT_PLAIN };
    let files = fingerprint::files(&dist)?;
    let mut tally = Tally::default();
    for program in Program::ALL {
        let mut weights = Vec::new();
        for file in &files {
            let name = url_path(file.strip_prefix(&dist).unwrap_or(file));
            if Program::of(&name) != program {
                continue;
            }
            let raw = file.metadata().map_err(|error| Failure::file("Reading", file, &error))?.len();
            let path = address(&name);
            let gzip = fetch(&server.address, path, "gzip")?;
            let brotli = fetch(&server.address, path, "br")?;
            weights.push(Weight { name, raw, gzip, brotli });
        }
        print!("{}", table(program, &weights, brotli_limit));
        tally += judge(&weights, brotli_limit);
    }
    Ok(tally)
}

/// The path, without its first slash, at which a browser asks for a file.
fn address(name: &str) -> &str {
    match name {
        "index.html" => "",
        "inspect/index.html" => "inspect",
        other => other,
    }
}

fn judge(weights: &[Weight], brotli_limit: u64) -> Tally {
    let brotli: u64 = weights.iter().map(|it| it.brotli).sum();
    let gzip: u64 = weights.iter().map(|it| it.gzip).sum();
    let mut tally = Tally::one(!weights.is_empty() && brotli <= brotli_limit && gzip <= GZIP_LIMIT);
    tally += Tally::one(!weights.is_empty() && weights.len() <= REQUESTS_LIMIT);
    tally
}

fn table(program: Program, weights: &[Weight], brotli_limit: u64) -> String {
    let mut sum =
        Weight { name: format!("{} requests of {REQUESTS_LIMIT}", weights.len()), ..Weight::default() };
    for it in weights {
        sum.raw += it.raw;
        sum.gzip += it.gzip;
        sum.brotli += it.brotli;
    }
    let mut table = format!("{:40}{:>12}{:>12}{:>12}\n", program.title(), "raw", "gzip", "brotli");
    for it in weights.iter().chain([&sum]) {
        table += &format!(
            "{:40}{:>12}{:>12}{:>12}\n",
            it.name,
            grouped(it.raw),
            grouped(it.gzip),
            grouped(it.brotli)
        );
    }
    let word = if sum.brotli <= BROTLI_GOAL {
        "within the goal"
    } else if sum.brotli <= brotli_limit && sum.gzip <= GZIP_LIMIT {
        "over the goal, within the limit"
    } else {
        "over the limit"
    };
    table
        + &format!(
            "brotli {}: limit {}, goal {}; gzip {}: limit {}: {word}\n",
            kb(sum.brotli),
            kb(brotli_limit),
            kb(BROTLI_GOAL),
            kb(sum.gzip),
            kb(GZIP_LIMIT)
        )
}

fn kb(bytes: u64) -> String {
    format!("{}.{} KB", bytes / 1000, bytes % 1000 / 100)
}

/// A number with its thousands apart.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// A file's place under the page's top, with slashes on every system.
fn url_path(path: &Path) -> String {
    let parts: Vec<_> = path.components().map(|part| part.as_os_str().to_string_lossy()).collect();
    parts.join("/")
}

/// Returns the bytes that the server sends for a file to a client that takes this encoding only.
fn fetch(address: &str, path: &str, encoding: &str) -> Outcome<u64> {
    let failed = |what: &str| Failure::new(format!("The server cannot serve /{path}: {what}."));
    let answer = ask(address, path, encoding).map_err(|error| failed(&error.to_string()))?;
    body_length(&answer).map_err(failed)
}

fn ask(address: &str, path: &str, encoding: &str) -> std::io::Result<Vec<u8>> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    let request = format!(
        "GET /{path} HTTP/1.1\r\nHost: {address}\r\nAccept-Encoding: {encoding}\r\nConnection: close\r\n\r\n"
    );
    stream.write_all(request.as_bytes())?;
    let mut answer = Vec::new();
    stream.take(LARGEST).read_to_end(&mut answer)?;
    Ok(answer)
}

/// The length of the body of a whole answer.
fn body_length(answer: &[u8]) -> Result<u64, &'static str> {
    let end = answer.windows(4).position(|it| it == b"\r\n\r\n").ok_or("the response is incomplete")?;
    let head = String::from_utf8_lossy(&answer[..end]);
    if head.split_whitespace().nth(1) != Some("200") {
        return Err("the status is not 200");
    }
    let stated = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<u64>().ok())?
    });
    let actual = (answer.len() - end - 4) as u64;
    match stated {
        None => Err("the response has no content-length"),
        Some(stated) if stated != actual => Err("the response is incomplete"),
        Some(stated) => Ok(stated),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(brotli: u64) -> Weight {
        Weight { brotli, ..Weight::default() }
    }

    #[test]
    fn the_limits_hold_at_their_edge() {
        for limit in [BROTLI_LIMIT, BROTLI_LIMIT_PLAIN] {
            let bytes = |n| judge(&[of(n)], limit).failed;
            assert_eq!([bytes(limit - 1), bytes(limit), bytes(limit + 1)], [0, 0, 1]);
        }
        let gzip = |n| judge(&[Weight { gzip: n, ..of(1) }], BROTLI_LIMIT).failed;
        assert_eq!([gzip(GZIP_LIMIT - 1), gzip(GZIP_LIMIT), gzip(GZIP_LIMIT + 1)], [0, 0, 1]);
        let files = |n| judge(&vec![of(1); n], BROTLI_LIMIT).failed;
        assert_eq!([files(REQUESTS_LIMIT - 1), files(REQUESTS_LIMIT), files(REQUESTS_LIMIT + 1)], [0, 0, 1]);
        assert_eq!(judge(&[], BROTLI_LIMIT), Tally { passed: 0, failed: 2 });
    }

    #[test]
    fn the_length_of_an_answer_is_read() {
        assert_eq!(body_length(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"), Ok(2));
        assert!(body_length(b"HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nok").is_err());
        assert!(body_length(b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n").is_err());
        assert!(body_length(b"HTTP/1.1 200 OK\r\n\r\nok").is_err());
        assert!(body_length(b"HTTP/1.1 200 OK\r\n").is_err());
    }

    #[test]
    fn numbers_are_formatted_for_people() {
        assert_eq!([999, 1000, 1_234_567].map(grouped), ["999", "1,000", "1,234,567"]);
        assert_eq!(kb(159_990), "159.9 KB");
        let text = table(
            Program::Chat,
            &[Weight { name: "a.js".into(), raw: 1000, gzip: 500, brotli: 400 }],
            BROTLI_LIMIT,
        );
        assert!(text.contains("1 requests of 8") && text.contains("within the goal"), "{text}");
    }

    #[test]
    fn each_file_belongs_to_the_program_that_loads_it() {
        for chat in ["index.html", "favicon.svg", "frontend-0f1e2d3c4b5a6978.js", "inspect.css"] {
            assert_eq!(Program::of(chat), Program::Chat, "{chat}");
        }
        for inspector in ["inspect/index.html", "inspect/inspect_bg.wasm"] {
            assert_eq!(Program::of(inspector), Program::Inspector, "{inspector}");
        }
        assert_eq!(
            ["index.html", "inspect/index.html", "inspect/inspect.js"].map(address),
            ["", "inspect", "inspect/inspect.js"]
        );
    }

    #[test]
    fn paths_have_slashes() {
        assert_eq!(url_path(&Path::new("snippets").join("a.js")), "snippets/a.js");
    }
}
