//! The allocator of the program, and its one option.

#[cfg(unix)]
use std::{env, os::unix::process::CommandExt as _, process::Command};

/// glibc's allocator keeps what a burst of connections has used, in one arena for each thread, and the process stays
/// as large as it ever was. This one gives freed pages back.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Environment variable for the milliseconds after which mimalloc gives a freed page back. With 0 it does so at once.
/// With its default of 10 it waits for a later call in the same segment. After a burst no such call comes, and
/// the server keeps nearly all of the memory.
#[cfg(unix)]
const PURGE_DELAY: &str = "MIMALLOC_PURGE_DELAY";

/// Sets the option, unless the environment has it. mimalloc reads it before `main`, and later only unsafe code could
/// change it. So the program executes itself once more, as the same process. If that fails, the program goes
/// on without the option.
#[cfg(unix)]
pub(crate) fn set_purge_delay() {
    let mut arguments = env::args_os();
    if let (None, Some(name), Ok(program)) = (env::var_os(PURGE_DELAY), arguments.next(), env::current_exe())
    {
        drop(Command::new(program).arg0(name).args(arguments).env(PURGE_DELAY, "0").exec());
    }
}
