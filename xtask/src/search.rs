//! Folders in which programs are looked for: the project's own tools, then PATH, then the folder into which
//! cargo installs. Child processes get the same list as their PATH, so that they run the programs that were
//! checked here.

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// An ordered list of folders.
#[derive(Clone, Debug)]
pub(crate) struct Search {
    folders: Vec<PathBuf>,
}

impl Search {
    /// `own` comes before the folders of PATH; `last` comes after them, unless PATH has it already.
    pub(crate) fn new(own: &[PathBuf], path: &OsString, last: Option<&Path>) -> Self {
        let mut folders = own.to_vec();
        folders.extend(env::split_paths(path));
        if let Some(last) = last
            && !folders.iter().any(|folder| folder == last)
        {
            folders.push(last.to_path_buf());
        }
        Self { folders }
    }

    /// Finds the first program of this name, given without an extension.
    pub(crate) fn find(&self, name: &str) -> Option<PathBuf> {
        self.folders
            .iter()
            .filter(|folder| !folder.as_os_str().is_empty())
            .flat_map(|folder| file_names(name).map(|file| folder.join(file)))
            .find(|path| is_program(path))
    }

    /// The list as a value for PATH, without folders whose name contains PATH's separator.
    pub(crate) fn as_path(&self) -> OsString {
        let fit = self.folders.iter().filter(|folder| env::join_paths([folder]).is_ok());
        env::join_paths(fit).unwrap_or_default()
    }
}

/// File names that a program may have. On Windows npm's programs are scripts.
fn file_names(name: &str) -> impl Iterator<Item = String> {
    let endings: &[&str] = if cfg!(windows) { &[".exe", ".cmd", ".bat"] } else { &[""] };
    endings.iter().map(move |ending| format!("{name}{ending}"))
}

#[cfg(unix)]
fn is_program(path: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    path.metadata().is_ok_and(|it| it.is_file() && it.permissions().mode() & 0o111 != 0)
}

#[cfg(not(unix))]
fn is_program(path: &Path) -> bool {
    path.is_file()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path_of(folders: &[&str]) -> OsString {
        env::join_paths(folders).unwrap()
    }

    #[test]
    fn own_folders_come_first_and_the_last_one_is_not_repeated() {
        let own = [PathBuf::from("own")];
        let search = Search::new(&own, &path_of(&["a", "b"]), Some(Path::new("b")));
        assert_eq!(search.as_path(), path_of(&["own", "a", "b"]));
        let search = Search::new(&own, &path_of(&["a"]), Some(Path::new("b")));
        assert_eq!(search.as_path(), path_of(&["own", "a", "b"]));
    }

    #[test]
    fn a_program_is_found_and_a_plain_file_is_not() {
        let exe = env::current_exe().unwrap();
        let folder = exe.parent().unwrap();
        let name = exe.file_stem().unwrap().to_str().unwrap();
        let search = Search::new(&[folder.to_path_buf()], &OsString::new(), None);
        assert_eq!(search.find(name), Some(exe.clone()));

        let top = Path::new(env!("CARGO_MANIFEST_DIR"));
        let search = Search::new(&[top.to_path_buf()], &OsString::new(), None);
        assert_eq!(search.find("Cargo.toml"), None);
        assert_eq!(search.find("src"), None);
    }
}
