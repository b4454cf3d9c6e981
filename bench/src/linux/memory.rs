//! Resident memory of a process, from `/proc/PID/status`.

use std::fs;
use std::thread;
use std::time::Duration;

use super::failure::Failure;

/// Resident memory in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Resident {
    /// All resident memory (`VmRSS`).
    pub(crate) bytes: u64,
    /// Anonymous part (`RssAnon`), the process's own data. The rest is mapped files, mainly the binary.
    pub(crate) own_bytes: u64,
}

impl Resident {
    /// Resident memory of process `pid` now.
    ///
    /// # Errors
    /// When the process is gone.
    pub(crate) fn of(pid: u32) -> Result<Self, Failure> {
        let path = format!("/proc/{pid}/status");
        let status = fs::read_to_string(&path).map_err(Failure::at(&path))?;
        Self::read(&status).ok_or_else(|| Failure::new(format!("{path}: not as expected")))
    }

    fn read(status: &str) -> Option<Self> {
        Some(Self { bytes: field(status, "VmRSS:")?, own_bytes: field(status, "RssAnon:")? })
    }
}

/// Interval between two readings of the memory.
const WATCH_INTERVAL: Duration = Duration::from_millis(100);

/// Reads the memory of process `pid` until `is_over`. Returns the highest reading in bytes.
///
/// # Errors
/// When the process is gone.
pub(crate) fn watch_peak(pid: u32, is_over: impl Fn() -> bool) -> Result<u64, Failure> {
    let mut peak = Resident::of(pid)?.bytes;
    while !is_over() {
        thread::sleep(WATCH_INTERVAL);
        peak = peak.max(Resident::of(pid)?.bytes);
    }
    Ok(peak)
}

/// Field of `/proc/PID/status` in bytes. The file counts in units of 1,024.
fn field(status: &str, name: &str) -> Option<u64> {
    let line = status.lines().find(|line| line.starts_with(name))?;
    let units: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
    units.checked_mul(1_024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_converted_to_bytes() {
        let status = "Name:\tx\nVmHWM:\t 9 kB\nVmRSS:\t  12 kB\nRssAnon:\t   5 kB\n";
        let expected = Resident { bytes: 12 * 1_024, own_bytes: 5 * 1_024 };
        assert_eq!(Resident::read(status), Some(expected));
        assert_eq!(Resident::read("Name:\tzombie\n"), None);
    }
}
