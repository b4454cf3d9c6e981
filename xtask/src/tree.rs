//! The project's folders, and how to start programs in them.

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::failure::{Failure, Outcome};
use crate::search::Search;

/// The wasm target that the page is compiled for.
pub(crate) const WASM: &str = "wasm32-unknown-unknown";

/// The project's folder, cargo's target folder in use, and the folders of programs.
#[derive(Clone, Debug)]
pub(crate) struct Tree {
    /// Root folder of the workspace.
    pub(crate) root: PathBuf,
    /// Cargo's target folder, wherever the user's settings put it.
    pub(crate) target: PathBuf,
    /// Folders of programs: the project's tools, PATH, cargo's own folder.
    pub(crate) search: Search,
    /// Folder under which `cargo install` puts `bin/`.
    pub(crate) cargo_root: Option<PathBuf>,
}

impl Tree {
    /// Finds the folders from the path of this program, `<target>/debug/xtask`.
    pub(crate) fn find() -> Outcome<Self> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().map(Path::to_path_buf);
        let target = env::current_exe().ok().and_then(|exe| Some(exe.parent()?.parent()?.to_path_buf()));
        let (Some(root), Some(target)) = (root, target) else {
            return Err(Failure::new("Cannot find the project's folders. Run this as `cargo xtask`."));
        };
        let cargo_root =
            install_root(env::var_os("CARGO_INSTALL_ROOT"), env::var_os("CARGO_HOME"), env::home_dir());
        let own = [tools(&target).join("bin"), npm(&target).join("node_modules").join(".bin")];
        let bin = cargo_root.as_ref().map(|root| root.join("bin"));
        let search = Search::new(&own, &env::var_os("PATH").unwrap_or_default(), bin.as_deref());
        Ok(Self { root, target, search, cargo_root })
    }

    /// Folder of the project's own tools, used when cargo's folder has another version.
    pub(crate) fn tools(&self) -> PathBuf {
        tools(&self.target)
    }

    /// Folder into which npm installs for the project.
    pub(crate) fn npm(&self) -> PathBuf {
        npm(&self.target)
    }

    /// Folder of the built page.
    pub(crate) fn dist(&self) -> PathBuf {
        self.root.join("dist")
    }

    /// Path of the server built with the profile of this folder, `debug` or `release`.
    pub(crate) fn server(&self, folder: &str) -> PathBuf {
        self.target.join(folder).join(format!("teahouse{}", env::consts::EXE_SUFFIX))
    }

    /// A command that starts a program in the project's root folder with our PATH.
    ///
    /// The variables with which `cargo run` describes this crate are removed, because the children build
    /// other crates.
    pub(crate) fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = Command::new(program);
        command.current_dir(&self.root).env("PATH", self.search.as_path());
        for (name, _) in env::vars_os() {
            if name.to_str().is_some_and(describes_this_crate) {
                command.env_remove(name);
            }
        }
        command
    }

    /// A command of the cargo that runs this program.
    pub(crate) fn cargo(&self) -> Command {
        let mut command = self.command(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        if env::var_os("CARGO_TERM_COLOR").is_none() && crate::progress::is_on_terminal() {
            command.env("CARGO_TERM_COLOR", "always");
        }
        command
    }

    /// A command of a program from the search list; `None` when the program is not there.
    pub(crate) fn program(&self, name: &str) -> Option<Command> {
        self.search.find(name).map(|path| self.command(path))
    }
}

fn tools(target: &Path) -> PathBuf {
    target.join("tools")
}

fn npm(target: &Path) -> PathBuf {
    tools(target).join("npm")
}

/// Cargo's rule for the folder of `cargo install`, without its configuration files.
fn install_root(install: Option<OsString>, home: Option<OsString>, user: Option<PathBuf>) -> Option<PathBuf> {
    let set = |value: Option<OsString>| value.filter(|it| !it.is_empty()).map(PathBuf::from);
    set(install).or_else(|| set(home)).or_else(|| user.map(|it| it.join(".cargo")))
}

/// Whether cargo set this variable to describe the crate that it runs.
fn describes_this_crate(name: &str) -> bool {
    ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_BIN_"].iter().any(|start| name.starts_with(start))
        || ["CARGO_CRATE_NAME", "CARGO_PRIMARY_PACKAGE"].contains(&name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn install_root_follows_cargo() {
        let user = || Some(PathBuf::from("u"));
        assert_eq!(install_root(Some("i".into()), Some("h".into()), user()), Some("i".into()));
        assert_eq!(install_root(None, Some("h".into()), user()), Some("h".into()));
        assert_eq!(install_root(None, Some("".into()), user()), Some(PathBuf::from("u").join(".cargo")));
        assert_eq!(install_root(None, None, None), None);
    }

    #[test]
    fn only_the_variables_of_this_crate_are_removed() {
        assert!(describes_this_crate("CARGO_PKG_NAME"));
        assert!(describes_this_crate("CARGO_MANIFEST_DIR"));
        assert!(!describes_this_crate("CARGO_HOME"));
        assert!(!describes_this_crate("CARGO_TARGET_DIR"));
        assert!(!describes_this_crate("CARGO"));
    }
}
