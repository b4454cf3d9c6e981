//! The measuring program: what the server costs, beside a floor that only
//! writes.
//!
//! ```text
//! cargo build --release -p backend -p bench
//! target/release/bench all
//! ```
//!
//! It starts the release binary itself (`TEAHOUSE_BIN`, else
//! `target/release/teahouse`), aims at 127.0.0.1 only, is bounded in count and
//! time, and stops by itself. Figures go to stdout, complaints to stderr.
//!
//! Exit codes: 0 every bound holds, 1 a bound does not hold, 2 the arguments
//! are wrong or something could not be measured.

#[cfg(target_os = "linux")]
mod arguments;
#[cfg(target_os = "linux")]
mod linux;

use std::process::ExitCode;

/// What the program ends with when it could not measure.
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
    eprintln!("bench: measuring needs Linux (epoll, core affinity and /proc).");
    ExitCode::from(EXIT_UNMEASURED)
}
