//! The machine: its CPU cores, its limit of open files, and its total CPU time.

use std::fs;

use rustix::process::{Resource, Rlimit, getrlimit, nice, setrlimit};
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

use super::failure::Failure;

/// Nice value of work in the background: about a tenth of the CPU time of a thread at 0.
const NICE_BACKGROUND: i32 = 10;

/// A CPU core for the server and one for the load.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct CpuCores {
    /// CPU core of the server or the floor.
    pub(crate) server: usize,
    /// CPU core of the load.
    pub(crate) load: usize,
}

impl CpuCores {
    /// Picks the first two CPU cores that this process may use.
    ///
    /// # Errors
    /// When there is only one CPU core, on which server and load would measure each other.
    pub(crate) fn pick() -> Result<Self, Failure> {
        let allowed = sched_getaffinity(None).map_err(Failure::at("cannot read the affinity"))?;
        let mut cores = (0..CpuSet::MAX_CPU).filter(|&core| allowed.is_set(core));
        match (cores.next(), cores.next()) {
            (Some(server), Some(load)) => Ok(Self { server, load }),
            _ => Err(Failure::new("two CPU cores are needed, one for the server and one for the load")),
        }
    }
}

/// Raises this process's limit of open files to the hard limit.
///
/// # Errors
/// When the kernel refuses.
pub(crate) fn raise_file_limit() -> Result<(), Failure> {
    let maximum = getrlimit(Resource::Nofile).maximum;
    let raised = Rlimit { current: maximum, maximum };
    setrlimit(Resource::Nofile, raised).map_err(Failure::at("cannot raise the file limit"))
}

/// Pins the calling thread to one CPU core, with the threads and children that it starts, for as long as this
/// value lives.
pub(crate) struct Pinned {
    before: CpuSet,
}

impl Pinned {
    /// Pins the calling thread to `core`.
    ///
    /// # Errors
    /// When this process may not use that CPU core.
    pub(crate) fn to(core: usize) -> Result<Self, Failure> {
        let before = sched_getaffinity(None).map_err(Failure::at("cannot read the affinity"))?;
        let mut only = CpuSet::new();
        only.set(core);
        sched_setaffinity(None, &only).map_err(Failure::at(format!("cannot pin to CPU core {core}")))?;
        Ok(Self { before })
    }
}

impl Drop for Pinned {
    fn drop(&mut self) {
        // The thread had this mask before, so setting it again cannot fail.
        let _ = sched_setaffinity(None, &self.before);
    }
}

/// Gives the calling thread a low priority, for work that must not delay a measuring thread on the same
/// CPU core.
///
/// # Errors
/// When the kernel refuses.
pub(crate) fn run_in_background() -> Result<(), Failure> {
    nice(NICE_BACKGROUND).map(drop).map_err(Failure::at("cannot lower the priority"))
}

/// Nanoseconds that all CPU cores were busy since the machine started, stolen time included, counted in ticks.
///
/// # Errors
/// When `/proc/stat` cannot be read.
pub(crate) fn busy_nanoseconds() -> Result<u64, Failure> {
    let stat = fs::read_to_string("/proc/stat").map_err(Failure::at("/proc/stat"))?;
    let ticks = busy_ticks(&stat).ok_or_else(|| Failure::new("/proc/stat has no cpu line"))?;
    Ok(ticks.saturating_mul(nanoseconds_per_tick()))
}

/// Nanoseconds of one tick of `/proc`'s clocks.
pub(crate) fn nanoseconds_per_tick() -> u64 {
    1_000_000_000 / rustix::param::clock_ticks_per_second().max(1)
}

/// user + nice + system + irq + softirq + steal of all CPU cores together.
fn busy_ticks(stat: &str) -> Option<u64> {
    let line = stat.lines().find(|line| line.starts_with("cpu "))?;
    let ticks: Vec<u64> = line.split_whitespace().skip(1).map_while(|field| field.parse().ok()).collect();
    // user nice system idle iowait irq softirq steal
    Some([0, 1, 2, 5, 6, 7].iter().filter_map(|&at| ticks.get(at)).sum())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waiting_does_not_count_as_busy() {
        let stat = "cpu  10 2 30 4000 500 6 7 80 9 9\ncpu0 1 1 1 1 1 1 1 1 1 1\n";
        assert_eq!(busy_ticks(stat), Some(10 + 2 + 30 + 6 + 7 + 80));
        assert_eq!(busy_ticks("intr 1 2 3\n"), None);
    }

    #[test]
    fn server_and_load_get_different_cpu_cores() {
        if let Ok(cores) = CpuCores::pick() {
            assert!(cores.server < cores.load);
        } else {
            assert_eq!(sched_getaffinity(None).unwrap().count(), 1);
        }
    }

    #[test]
    fn a_pinned_thread_gets_its_cpu_cores_back() {
        let before = sched_getaffinity(None).unwrap();
        let core = (0..CpuSet::MAX_CPU).find(|&core| before.is_set(core)).unwrap();
        {
            let _pinned = Pinned::to(core).unwrap();
            assert_eq!(sched_getaffinity(None).unwrap().count(), 1);
        }
        assert_eq!(sched_getaffinity(None).unwrap(), before);
    }
}
