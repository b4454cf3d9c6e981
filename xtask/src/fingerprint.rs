//! A fingerprint of files. It changes when any of the files changes, so a build whose fingerprint stays can
//! be skipped.

use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};

use crate::failure::{Failure, Outcome};

/// Depth below which folders are ignored, as a guard against a link that leads back up.
const DEEPEST: usize = 32;

/// Computes the fingerprint of files and whole folders, hidden entries left out, and of some further texts.
///
/// A path that does not exist counts as missing: when the path appears, the fingerprint changes.
///
/// # Errors
/// When an existing file cannot be read.
pub(crate) fn of(root: &Path, paths: &[&str], texts: &[&str]) -> Outcome<String> {
    let mut hasher = DefaultHasher::new();
    texts.hash(&mut hasher);
    for path in paths {
        let mut files = Vec::new();
        collect(&root.join(path), DEEPEST, &mut files)?;
        files.sort();
        (path, files.len()).hash(&mut hasher);
        for file in files {
            let bytes = fs::read(&file).map_err(|error| Failure::file("Reading", &file, &error))?;
            file.strip_prefix(root).unwrap_or(&file).hash(&mut hasher);
            bytes.hash(&mut hasher);
        }
    }
    Ok(format!("{:016x}", hasher.finish()))
}

/// All files under a folder in sorted order, or `path` itself if it is a file.
pub(crate) fn files(path: &Path) -> Outcome<Vec<PathBuf>> {
    let mut files = Vec::new();
    collect(path, DEEPEST, &mut files)?;
    files.sort();
    Ok(files)
}

fn collect(path: &Path, depth: usize, files: &mut Vec<PathBuf>) -> Outcome {
    if path.is_file() {
        files.push(path.to_path_buf());
        return Ok(());
    }
    if depth == 0 || !path.is_dir() {
        return Ok(());
    }
    let failed = |error| Failure::file("Reading", path, &error);
    for entry in fs::read_dir(path).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        if !entry.file_name().to_string_lossy().starts_with('.') {
            collect(&entry.path(), depth - 1, files)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A folder for one test, removed when dropped.
    struct Folder(PathBuf);

    impl Folder {
        fn new(name: &str) -> Self {
            let path = std::env::temp_dir().join(format!("xtask-print-{}-{name}", std::process::id()));
            fs::create_dir_all(path.join("a/b")).unwrap();
            Self(path)
        }

        fn write(&self, path: &str, text: &str) {
            fs::write(self.0.join(path), text).unwrap();
        }

        fn print(&self) -> String {
            of(&self.0, &["a", "one.txt"], &["tools 1"]).unwrap()
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    #[test]
    fn a_fingerprint_stays_while_nothing_changes() {
        let folder = Folder::new("same");
        folder.write("a/b/x.rs", "1");
        let before = folder.print();
        folder.write("a/b/x.rs", "1"); // newer, with the same text
        folder.write("a/.swp", "an editor's");
        folder.write("two.txt", "not asked for");
        assert_eq!(folder.print(), before);
    }

    #[test]
    fn a_fingerprint_changes_with_content_name_presence_and_texts() {
        let folder = Folder::new("changes");
        folder.write("a/b/x.rs", "1");
        let mut seen = vec![folder.print()];
        let mut is_new = |print: String| {
            assert!(!seen.contains(&print));
            seen.push(print);
        };
        folder.write("a/b/x.rs", "2");
        is_new(folder.print());
        fs::rename(folder.0.join("a/b/x.rs"), folder.0.join("a/b/y.rs")).unwrap();
        is_new(folder.print());
        folder.write("one.txt", "");
        is_new(folder.print());
        fs::remove_file(folder.0.join("a/b/y.rs")).unwrap();
        is_new(folder.print());
        is_new(of(&folder.0, &["a", "one.txt"], &["tools 2"]).unwrap());
    }

    #[test]
    fn files_are_listed_in_order() {
        let folder = Folder::new("list");
        folder.write("a/z", "");
        folder.write("a/b/c", "");
        let files = files(&folder.0.join("a")).unwrap();
        assert_eq!(files, [folder.0.join("a/b/c"), folder.0.join("a/z")]);
    }
}
