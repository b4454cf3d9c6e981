//! The processes in which a browser runs its pages, stopped for a while: as good as a machine that
//! hangs. Nothing of the page runs, so that nothing is read past what lies in buffers.

use crate::{
    wait::{SOON, until},
    window::Window,
};
use rustix::process::{Pid, Signal, kill_process};
use std::{collections::BTreeMap, fs};

/// Pages that stand still, until it is dropped.
#[derive(Debug)]
pub struct Stopped(Vec<Pid>);

impl Drop for Stopped {
    fn drop(&mut self) {
        for pid in &self.0 {
            // It fails only if the process is no more.
            let _ = kill_process(*pid, Signal::CONT);
        }
    }
}

impl Window {
    /// Stops all its pages; commands to it wait meanwhile.
    ///
    /// # Panics
    /// If they do not stop.
    pub async fn stop(&self) -> Stopped {
        let Some(browser) = self.process() else { panic!("{} is closed", self.name()) };
        let renderers = renderers(browser);
        assert!(!renderers.is_empty(), "{} has no page", self.name());
        let stopped = Stopped(renderers.iter().copied().filter_map(Pid::from_raw).collect());
        for pid in &stopped.0 {
            kill_process(*pid, Signal::STOP).unwrap_or_else(|error| panic!("{}: {error}", self.name()));
        }
        until(&format!("{} to stand still", self.name()), SOON, async || {
            let states: Vec<_> = renderers.iter().map(|pid| stat(*pid).map(|stat| stat.state)).collect();
            let stand_still = states.iter().all(|state| matches!(state, Some('T') | None));
            if stand_still { Ok(()) } else { Err(format!("{states:?}")) }
        })
        .await;
        stopped
    }
}

/// What proc(5) tells of a process.
struct Stat {
    state: char,
    parent: i32,
}

fn stat(pid: i32) -> Option<Stat> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name before it may hold anything.
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace();
    Some(Stat { state: fields.next()?.chars().next()?, parent: fields.next()?.parse().ok()? })
}

/// The processes below the browser's own that render pages.
fn renderers(browser: i32) -> Vec<i32> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    let parents: BTreeMap<i32, i32> = pids.filter_map(|pid| Some((pid, stat(pid)?.parent))).collect();
    let is_below = |pid: i32| {
        let mut above = std::iter::successors(Some(pid), |pid| parents.get(pid).copied());
        above.any(|pid| pid == browser)
    };
    let renders = |pid: i32| {
        let line = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        line.split(|byte| *byte == 0 || *byte == b' ').any(|word| word == b"--type=renderer")
    };
    parents.keys().copied().filter(|pid| is_below(*pid) && renders(*pid)).collect()
}
