//! Pausing the renderer processes of a browser, as on a machine that hangs. No code of the page runs
//! meanwhile, so the page reads nothing beyond the buffers.

use crate::{
    browser::Browser,
    wait::{TIMEOUT, until},
};
use rustix::process::{Pid, Signal, kill_process};
use std::{collections::BTreeMap, fs};

/// Paused renderer processes, resumed when dropped.
#[derive(Debug)]
pub struct PausedRenderers(Vec<Pid>);

impl Drop for PausedRenderers {
    fn drop(&mut self) {
        for pid in &self.0 {
            // An error means that the process has ended.
            let _ = kill_process(*pid, Signal::CONT);
        }
    }
}

impl Browser {
    /// Pauses all pages of the browser. Commands to a paused page wait.
    ///
    /// # Panics
    /// If the browser has no page, or a renderer does not stop.
    pub async fn pause_renderers(&self) -> PausedRenderers {
        let Some(browser) = self.process() else { panic!("{} is closed", self.name()) };
        let renderers = renderers(browser);
        assert!(!renderers.is_empty(), "{} has no page", self.name());
        let stopped = PausedRenderers(renderers.iter().copied().filter_map(Pid::from_raw).collect());
        for pid in &stopped.0 {
            kill_process(*pid, Signal::STOP).unwrap_or_else(|error| panic!("{}: {error}", self.name()));
        }
        until(&format!("{} to be paused", self.name()), TIMEOUT, async || {
            let states: Vec<_> = renderers.iter().map(|pid| stat(*pid).map(|stat| stat.state)).collect();
            let are_paused = states.iter().all(|state| matches!(state, Some('T') | None));
            if are_paused { Ok(()) } else { Err(format!("{states:?}")) }
        })
        .await;
        stopped
    }
}

/// State and parent of a process (proc_pid_stat(5)).
struct ProcessStat {
    state: char,
    parent: i32,
}

fn stat(pid: i32) -> Option<ProcessStat> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The program's name in parentheses may contain spaces and parentheses itself.
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace();
    Some(ProcessStat { state: fields.next()?.chars().next()?, parent: fields.next()?.parse().ok()? })
}

/// Returns the renderer processes below the browser's process.
fn renderers(browser: i32) -> Vec<i32> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    let parents: BTreeMap<i32, i32> = pids.filter_map(|pid| Some((pid, stat(pid)?.parent))).collect();
    let is_descendant = |pid: i32| {
        let mut ancestors = std::iter::successors(Some(pid), |pid| parents.get(pid).copied());
        ancestors.any(|pid| pid == browser)
    };
    let is_renderer = |pid: i32| {
        let line = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        line.split(|byte| *byte == 0 || *byte == b' ').any(|word| word == b"--type=renderer")
    };
    parents.keys().copied().filter(|pid| is_descendant(*pid) && is_renderer(*pid)).collect()
}
