//! The benchmarks: measure the server's cost next to a floor that only writes, and test that the server keeps
//! its guarantees.
//!
//! ```text
//! cargo build --release -p backend -p bench
//! target/release/bench all
//! ```
//!
//! The program starts the release binary itself (`TEAHOUSE_BIN`, else `target/release/teahouse`), uses
//! loopback addresses only, and is bounded in count and time. Figures go to stdout, errors to stderr.
//!
//! - `arguments` parses the command line.
//! - `linux` holds the measurements, and a map of their modules.
//!
//! Exit codes: 0 if every bound holds, 1 if a bound does not hold, 2 if the arguments are wrong or something
//! could not be measured.

#[cfg(target_os = "linux")]
mod arguments;
#[cfg(target_os = "linux")]
mod linux;

use std::process::ExitCode;

/// Exit code when something could not be measured.
const EXIT_UNMEASURED: u8 = 2;

#[cfg(target_os = "linux")]
fn main() -> ExitCode {
    let command = match arguments::Command::parse(std::env::args().skip(1)) {
        Ok(command) => command,
        Err(sentence) => {
            eprintln!("bench: {sentence}\n\n{}", arguments::USAGE);
            return ExitCode::from(EXIT_UNMEASURED);
        }
    };
    match linux::run(command) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(failure) => {
            eprintln!("bench: {failure}");
            ExitCode::from(EXIT_UNMEASURED)
        }
    }
}

#[cfg(not(target_os = "linux"))]
fn main() -> ExitCode {
    eprintln!("bench: measuring needs Linux (epoll, CPU affinity and /proc).");
    ExitCode::from(EXIT_UNMEASURED)
}
