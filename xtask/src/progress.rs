//! Runs programs as steps: prints the title and the expected time, keeps the program's output, prints the
//! time taken.
//!
//! A step that ends at once prints nothing. On a terminal a status line counts the seconds. Without a terminal
//! a line every half minute shows in the log that the step is still running.

use std::io::{self, BufRead, BufReader, IsTerminal, Write};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use crate::failure::{Failure, Outcome};
use crate::transcript::Transcript;

/// Time below which a step prints nothing.
const SILENT_FOR: Duration = Duration::from_millis(800);
/// Interval between two drawings of the status line.
const REDRAW: Duration = Duration::from_millis(250);
/// Interval between two lines about a step without a terminal.
const HEARTBEAT: Duration = Duration::from_secs(30);
/// Time for which output is still read after the program has ended, because a grandchild can hold the pipe
/// open for ever.
const DRAIN: Duration = Duration::from_secs(1);
/// Width of the status line in characters, so that it never wraps on a terminal of the usual width.
const STATUS_WIDTH: usize = 78;

/// End of a program, with everything that it wrote.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) success: bool,
    pub(crate) transcript: Transcript,
}

/// Whether standard error is a terminal, so that a status line can be drawn.
pub(crate) fn is_on_terminal() -> bool {
    io::stderr().is_terminal()
}

/// Prints a line that belongs to no step.
pub(crate) fn note(text: &str) {
    eprintln!("{text}");
}

/// A task that takes a while.
#[derive(Debug)]
pub(crate) struct Step {
    title: String,
    guess: &'static str,
    started: Instant,
    announced: bool,
    last_line_at: Instant,
    has_status_line: bool,
}

impl Step {
    /// `guess` says in words about how long the step takes on two CPU cores.
    pub(crate) fn new(title: impl Into<String>, guess: &'static str) -> Self {
        let now = Instant::now();
        Self {
            title: title.into(),
            guess,
            started: now,
            announced: false,
            last_line_at: now,
            has_status_line: is_on_terminal(),
        }
    }

    /// Runs a program to its end.
    ///
    /// # Errors
    /// When the program cannot be started. A program that fails is not an error here.
    pub(crate) fn run(&mut self, mut command: Command) -> Outcome<Ended> {
        let program = command.get_program().to_string_lossy().into_owned();
        let failed = |error: io::Error| Failure::start(&program, &error);
        // One pipe for both streams keeps their lines in order.
        let (reader, writer) = io::pipe().map_err(failed)?;
        command.stdin(Stdio::null()).stdout(writer.try_clone().map_err(failed)?).stderr(writer);
        let mut child = command.spawn().map_err(failed)?;
        drop(command); // closes our ends of the pipe; otherwise the reader would never see its end
        let lines = read_lines(reader);
        let mut transcript = Transcript::default();
        let status = self.follow(&mut child, &lines, &mut transcript).map_err(failed)?;
        Ok(Ended { success: status.success(), transcript })
    }

    /// Runs a program whose failure ends the command: prints its output, then fails with `sentence`.
    ///
    /// # Errors
    /// When the program cannot be started or fails.
    pub(crate) fn must(mut self, command: Command, sentence: &str) -> Outcome {
        let ended = self.run(command)?;
        if ended.success {
            self.done();
            return Ok(());
        }
        self.clear();
        self.announce();
        note(&ended.transcript.without_status_lines());
        let network = ended.transcript.reports_lost_network();
        Err(Failure::new(if network {
            format!(
                "{sentence} The network seems unreachable. Check it and your proxy settings, then run this again."
            )
        } else {
            format!("{sentence} The output is above.")
        }))
    }

    /// Prints the time taken, if the step was announced.
    pub(crate) fn done(&mut self) {
        self.clear();
        if self.announced {
            note(&format!("  done in {}", format_duration(self.started.elapsed())));
        }
    }

    /// Wipes the status line.
    fn clear(&mut self) {
        if self.has_status_line && self.announced {
            eprint!("\r{:STATUS_WIDTH$}\r", "");
        }
    }

    fn follow(
        &mut self,
        child: &mut Child,
        lines: &Receiver<String>,
        transcript: &mut Transcript,
    ) -> io::Result<ExitStatus> {
        let mut ended: Option<(ExitStatus, Instant)> = None;
        loop {
            match lines.recv_timeout(REDRAW) {
                Ok(line) => transcript.push(line),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break,
            }
            if ended.is_none() {
                ended = child.try_wait()?.map(|status| (status, Instant::now()));
            }
            if ended.is_some_and(|(_, at)| at.elapsed() > DRAIN) {
                break;
            }
            self.show_progress(transcript);
        }
        match ended {
            Some((status, _)) => Ok(status),
            None => child.wait(),
        }
    }

    /// Draws the status line, or prints a plain line when one is due.
    fn show_progress(&mut self, transcript: &Transcript) {
        let elapsed = self.started.elapsed();
        if elapsed < SILENT_FOR {
            return;
        }
        if !self.announced {
            self.announce();
        }
        let every = if self.has_status_line { REDRAW } else { HEARTBEAT };
        if self.last_line_at.elapsed() < every {
            return;
        }
        self.last_line_at = Instant::now();
        let line = format!("  {}{}", format_duration(elapsed), transcript.summary());
        if self.has_status_line {
            let line: String = line.chars().take(STATUS_WIDTH).collect();
            eprint!("\r{line:STATUS_WIDTH$}");
            // A status line that cannot be drawn is no reason to stop.
            let _ = io::stderr().flush();
        } else {
            note(&line);
        }
    }

    fn announce(&mut self) {
        if !self.announced {
            self.announced = true;
            self.last_line_at = Instant::now();
            note(&format!("{} ({})", self.title, self.guess));
        }
    }
}

/// Reads a program's output on a thread of its own.
pub(crate) fn read_lines(reader: io::PipeReader) -> Receiver<String> {
    let (sender, lines) = mpsc::channel();
    thread::spawn(move || {
        let mut reader = BufReader::new(reader);
        let mut line = Vec::new();
        while reader.read_until(b'\n', &mut line).is_ok_and(|read| read > 0) {
            let text = String::from_utf8_lossy(&line).trim_end_matches(['\n', '\r']).to_owned();
            if sender.send(text).is_err() {
                return;
            }
            line.clear();
        }
    });
    lines
}

/// Formats a duration for people, such as `2 min 31 s`.
pub(crate) fn format_duration(duration: Duration) -> String {
    let seconds = duration.as_secs();
    match seconds {
        0..10 => format!("{:.1} s", duration.as_secs_f64()),
        10..60 => format!("{seconds} s"),
        _ => format!("{} min {} s", seconds / 60, seconds % 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_formatted_for_people() {
        assert_eq!(format_duration(Duration::from_millis(420)), "0.4 s");
        assert_eq!(format_duration(Duration::from_millis(9_940)), "9.9 s");
        assert_eq!(format_duration(Duration::from_secs(10)), "10 s");
        assert_eq!(format_duration(Duration::from_secs(59)), "59 s");
        assert_eq!(format_duration(Duration::from_secs(60)), "1 min 0 s");
        assert_eq!(format_duration(Duration::from_secs(151)), "2 min 31 s");
    }

    #[test]
    fn the_output_of_a_program_is_followed_to_its_end() {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--list", "durations_are_formatted_for_people"]);
        let ended = Step::new("listing", "at once").run(command).unwrap();
        assert!(ended.success);
        assert!(ended.transcript.text().contains("durations_are_formatted_for_people: test"));
    }

    #[test]
    fn a_failing_program_is_reported_in_a_sentence() {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.arg("--no-such-flag");
        let failure = Step::new("failing", "at once").must(command, "It broke.").unwrap_err();
        assert!(failure.to_string().starts_with("It broke."), "{failure}");
    }

    #[test]
    fn a_missing_program_is_named() {
        let failure = Step::new("x", "at once").run(Command::new("no-such-program")).unwrap_err();
        assert!(failure.to_string().contains("no-such-program"), "{failure}");
    }
}
