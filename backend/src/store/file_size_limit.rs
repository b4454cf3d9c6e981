//! The limit on the size of files that a process may write: `ulimit -f`, or LimitFSIZE= of systemd. SQLite reports a write
//! beyond it as any other failure of the disk, so an operator would look for the cause in the wrong place.

use std::{fs, io, path::Path};

/// Bytes that a database needs beside what it has: a start writes less.
const ROOM: u64 = 1 << 20;

/// Advice for a failed write to one of these files; empty if the limit does not explain it.
pub fn advice<'a>(files: impl IntoIterator<Item = &'a Path>) -> String {
    let longest = files.into_iter().filter_map(|file| Some(fs::metadata(file).ok()?.len())).max();
    match limit() {
        Some(bytes) if bytes < longest.unwrap_or(0).saturating_add(ROOM) => sentence(bytes),
        _ => String::new(),
    }
}

/// Advice for a write to one file that was too long for the limit.
pub fn advice_for(error: &io::Error) -> String {
    match limit() {
        Some(bytes) if error.kind() == io::ErrorKind::FileTooLarge => sentence(bytes),
        _ => String::new(),
    }
}

fn sentence(bytes: u64) -> String {
    format!(
        ": this process may write no file of more than {bytes} bytes; raise the limit with `ulimit -f unlimited`, \
         or LimitFSIZE= of systemd"
    )
}

/// The limit in bytes; none if there is none.
fn limit() -> Option<u64> {
    #[cfg(unix)]
    let limit = rustix::process::getrlimit(rustix::process::Resource::Fsize).current;
    #[cfg(not(unix))]
    let limit = None;
    limit
}
