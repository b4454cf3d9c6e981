//! CPU time that a process has used.
//!
//! The scheduler counts it in nanoseconds for each thread (`/proc/PID/task/TID/schedstat`, first field). The
//! kernel's work inside a thread's system calls counts as that thread's. So does the receiving side of the
//! loopback, which runs inside the sender's `write`. A kernel without that file counts in ticks, and the
//! reading says so.

use std::fs;
use std::time::Instant;

use super::failure::Failure;
use super::machine::{busy_nanoseconds, nanoseconds_per_tick};

/// A reading of one process's CPU time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct CpuTime {
    /// Nanoseconds of all living threads.
    pub(crate) nanoseconds: u64,
    /// Whether the time was counted in ticks of about ten milliseconds.
    pub(crate) coarse: bool,
}

impl CpuTime {
    /// CPU time that process `pid` has used until now.
    ///
    /// # Errors
    /// When the process is gone.
    pub(crate) fn of(pid: u32) -> Result<Self, Failure> {
        if let Some(nanoseconds) = by_threads(pid) {
            return Ok(Self { nanoseconds, coarse: false });
        }
        Self::in_ticks(pid)
    }

    /// CPU time in ticks, threads that have ended included.
    fn in_ticks(pid: u32) -> Result<Self, Failure> {
        let path = format!("/proc/{pid}/stat");
        let stat = fs::read_to_string(&path).map_err(Failure::at(&path))?;
        let ticks = ticks(&stat).ok_or_else(|| Failure::new(format!("{path}: not as expected")))?;
        Ok(Self { nanoseconds: ticks.saturating_mul(nanoseconds_per_tick()), coarse: true })
    }
}

/// CPU time of all processes but the server under test and this program, from a moment on. Such work slows
/// both and makes the latencies doubtful.
pub(crate) struct OtherWork {
    server: u32,
    begin: Instant,
    before: u64,
}

impl OtherWork {
    /// Begins to count. `server` is the server's process.
    ///
    /// # Errors
    /// When the server is gone, or `/proc` cannot be read.
    pub(crate) fn begin(server: u32) -> Result<Self, Failure> {
        Ok(Self { server, begin: Instant::now(), before: Self::read(server)? })
    }

    /// CPU cores that other processes kept busy until now, on average.
    ///
    /// # Errors
    /// As [`OtherWork::begin`].
    pub(crate) fn cores(&self) -> Result<f64, Failure> {
        let used = Self::read(self.server)?.saturating_sub(self.before);
        Ok(used as f64 / self.begin.elapsed().as_nanos() as f64)
    }

    fn read(server: u32) -> Result<u64, Failure> {
        let known = [server, std::process::id()].into_iter().map(CpuTime::in_ticks);
        let known: u64 = known.map(|time| time.map(|time| time.nanoseconds)).sum::<Result<_, _>>()?;
        Ok(busy_nanoseconds()?.saturating_sub(known))
    }
}

fn by_threads(pid: u32) -> Option<u64> {
    let mut sum: u64 = 0;
    for thread in fs::read_dir(format!("/proc/{pid}/task")).ok()? {
        let path = thread.ok()?.path().join("schedstat");
        // A thread may end between the listing and this read; it then counts as nothing.
        let Ok(text) = fs::read_to_string(&path) else {
            if path.parent().is_some_and(|folder| folder.exists()) {
                return None; // the thread lives and has no such file
            }
            continue;
        };
        sum = sum.saturating_add(text.split_whitespace().next()?.parse().ok()?);
    }
    Some(sum)
}

/// utime + stime of `/proc/PID/stat`, whose second field may contain spaces and brackets.
fn ticks(stat: &str) -> Option<u64> {
    let (_, after_name) = stat.rsplit_once(')')?;
    let mut fields = after_name.split_whitespace().skip(11);
    let user: u64 = fields.next()?.parse().ok()?;
    let system: u64 = fields.next()?.parse().ok()?;
    Some(user + system)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_the_14th_and_15th_field() {
        let stat = "77 (a ) b) S 1 77 77 0 -1 4194560 100 0 0 0 12 34 0 0 20 0 1 0 99";
        assert_eq!(ticks(stat), Some(46));
        assert_eq!(ticks("77 nothing"), None);
    }

    #[test]
    fn a_reading_grows_when_the_process_works() {
        let before = CpuTime::of(std::process::id()).unwrap();
        // On a busy machine the process gets little time. Threads of other tests end meanwhile, and no longer
        // count. So work until the reading has grown.
        let begin = std::time::Instant::now();
        let mut sum = 0_u64;
        while CpuTime::of(std::process::id()).unwrap().nanoseconds <= before.nanoseconds {
            assert!(begin.elapsed() < std::time::Duration::from_secs(60), "{sum}");
            (0..1_000_000).for_each(|_| sum = sum.wrapping_add(std::hint::black_box(sum) ^ 1));
        }
    }

    #[test]
    fn a_process_that_is_gone_is_an_error() {
        assert!(CpuTime::of(u32::MAX).is_err());
    }
}
