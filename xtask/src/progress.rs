//! One step at a time: says what is done and about how long it takes, keeps the program's output, tells the time.
//!
//! A step that ends at once says nothing. On a terminal a live line counts the seconds; elsewhere a plain line comes
//! every half minute, so that a log shows that the step is alive.

use std::io::{self, BufRead, BufReader, IsTerminal, Write};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use crate::failure::{Failure, Outcome};
use crate::transcript::Transcript;

/// A step that is done sooner is not spoken of.
const SILENT_FOR: Duration = Duration::from_millis(800);
/// How often the live line is drawn.
const REDRAW: Duration = Duration::from_millis(250);
/// How often a log without a terminal hears of a step.
const HEARTBEAT: Duration = Duration::from_secs(30);
/// How long output may still come after the program has ended: a grandchild can hold the pipe open for ever.
const DRAIN: Duration = Duration::from_secs(1);
/// The live line never wraps on a terminal of the usual width.
const LIVE_WIDTH: usize = 78;

/// How a program ended and all that it wrote.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) success: bool,
    pub(crate) transcript: Transcript,
}

/// Whether a live line can be drawn.
pub(crate) fn is_live() -> bool {
    io::stderr().is_terminal()
}

/// Says one line that belongs to no step.
pub(crate) fn note(text: &str) {
    eprintln!("{text}");
}

/// Something that takes a while.
#[derive(Debug)]
pub(crate) struct Step {
    title: String,
    guess: &'static str,
    started: Instant,
    announced: bool,
    last_word: Instant,
    live: bool,
}

impl Step {
    /// `guess` is about how long it takes on two cores, in words.
    pub(crate) fn new(title: impl Into<String>, guess: &'static str) -> Self {
        let now = Instant::now();
        Self { title: title.into(), guess, started: now, announced: false, last_word: now, live: is_live() }
    }

    /// Runs a program to its end.
    ///
    /// # Errors
    /// When it cannot be started; that it failed is no error here.
    pub(crate) fn run(&mut self, mut command: Command) -> Outcome<Ended> {
        let program = command.get_program().to_string_lossy().into_owned();
        let failed = |error: io::Error| Failure::start(&program, &error);
        // One pipe for both streams keeps their lines in order.
        let (reader, writer) = io::pipe().map_err(failed)?;
        command.stdin(Stdio::null()).stdout(writer.try_clone().map_err(failed)?).stderr(writer);
        let mut child = command.spawn().map_err(failed)?;
        drop(command); // its ends of the pipe, or the reader would never see the end
        let lines = read_lines(reader);
        let mut transcript = Transcript::default();
        let status = self.follow(&mut child, &lines, &mut transcript).map_err(failed)?;
        Ok(Ended { success: status.success(), transcript })
    }

    /// Runs a program whose failure ends the command: shows what it wrote, then gives `sentence`.
    ///
    /// # Errors
    /// When it cannot be started or fails.
    pub(crate) fn must(mut self, command: Command, sentence: &str) -> Outcome {
        let ended = self.run(command)?;
        if ended.success {
            self.done();
            return Ok(());
        }
        self.clear();
        self.announce();
        note(&ended.transcript.without_status_lines());
        let network = ended.transcript.speaks_of_network();
        Err(Failure::new(if network {
            format!(
                "{sentence} The network seems unreachable. Check it and your proxy settings, then run this again."
            )
        } else {
            format!("{sentence} The output is above.")
        }))
    }

    /// Tells the time taken, if the step was spoken of.
    pub(crate) fn done(&mut self) {
        self.clear();
        if self.announced {
            note(&format!("  done in {}", spoken(self.started.elapsed())));
        }
    }

    /// Wipes the live line.
    fn clear(&mut self) {
        if self.live && self.announced {
            eprint!("\r{:LIVE_WIDTH$}\r", "");
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
            self.tell(transcript);
        }
        match ended {
            Some((status, _)) => Ok(status),
            None => child.wait(),
        }
    }

    /// The live line, or now and then a plain one.
    fn tell(&mut self, transcript: &Transcript) {
        let elapsed = self.started.elapsed();
        if elapsed < SILENT_FOR {
            return;
        }
        if !self.announced {
            self.announce();
        }
        let every = if self.live { REDRAW } else { HEARTBEAT };
        if self.last_word.elapsed() < every {
            return;
        }
        self.last_word = Instant::now();
        let line = format!("  {}{}", spoken(elapsed), transcript.in_short());
        if self.live {
            let line: String = line.chars().take(LIVE_WIDTH).collect();
            eprint!("\r{line:LIVE_WIDTH$}");
            // A live line that cannot be drawn is no reason to stop.
            let _ = io::stderr().flush();
        } else {
            note(&line);
        }
    }

    fn announce(&mut self) {
        if !self.announced {
            self.announced = true;
            self.last_word = Instant::now();
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

/// A duration as people say it.
pub(crate) fn spoken(duration: Duration) -> String {
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
    fn durations_are_spoken() {
        assert_eq!(spoken(Duration::from_millis(420)), "0.4 s");
        assert_eq!(spoken(Duration::from_millis(9_940)), "9.9 s");
        assert_eq!(spoken(Duration::from_secs(10)), "10 s");
        assert_eq!(spoken(Duration::from_secs(59)), "59 s");
        assert_eq!(spoken(Duration::from_secs(60)), "1 min 0 s");
        assert_eq!(spoken(Duration::from_secs(151)), "2 min 31 s");
    }

    #[test]
    fn a_program_is_followed_to_its_end() {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--list", "durations_are_spoken"]);
        let ended = Step::new("listing", "at once").run(command).unwrap();
        assert!(ended.success);
        assert!(ended.transcript.text().contains("durations_are_spoken: test"));
    }

    #[test]
    fn a_failing_program_ends_in_the_sentence() {
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
