//! The tasks on a database, run by a user who may not use the files.

use backend::store::data_folder::DataFolder;
use backend::store::sqlite::SqliteStore;
use std::{
    fs,
    os::unix::{fs::PermissionsExt, process::CommandExt},
    path::{Path, PathBuf},
    process::Command,
};

/// User id of `nobody` on most systems.
const NOBODY: u32 = 65_534;

struct TempDir(PathBuf);

impl Drop for TempDir {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Error output of the program when a user without privileges runs it.
fn error_output(shelf: &Path, arguments: &[&str]) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_teahouse"));
    if rustix::process::geteuid().is_root() {
        // Copy the program: its build folder may be closed to other users.
        let copy = shelf.join("teahouse");
        fs::copy(env!("CARGO_BIN_EXE_teahouse"), &copy).unwrap();
        command = Command::new(copy);
        command.uid(NOBODY).gid(NOBODY);
    }
    let output = command.args(arguments).current_dir(shelf).output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    String::from_utf8(output.stderr).unwrap()
}

#[test]
fn an_unreadable_file_is_named_with_its_owner() {
    let shelf = TempDir(std::env::temp_dir().join(format!("teahouse-care-{}", std::process::id())));
    let mode = |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    let data = shelf.0.join("data");
    drop(SqliteStore::open(DataFolder::lock(&data).unwrap()).unwrap());
    mode(&shelf.0, 0o755);
    mode(&data, 0o755);
    mode(&data.join("log.sqlite"), 0);
    for arguments in [&["check", "--data", "data"][..], &["backup", "tea", "--data", "data"]] {
        let told = error_output(&shelf.0, arguments);
        assert!(told.contains("data/log.sqlite: Permission denied"), "{told}");
        assert!(told.contains("this user is not allowed to read data/log.sqlite"), "{told}");
        assert!(told.contains("(mode 0000)"), "{told}");
    }
    mode(&data.join("log.sqlite"), 0o444);
    mode(&data, 0o555);
    let told = error_output(&shelf.0, &["check", "--data", "data"]);
    assert!(told.contains("SQLite writes next to a database"), "{told}");
    assert!(told.contains("this user is not allowed to write to data"), "{told}");
    mode(&data, 0);
    let told = error_output(&shelf.0, &["check", "--data", "data"]);
    assert!(told.contains("this user is not allowed to enter data"), "{told}");
    // Allow the folder to be removed.
    mode(&data, 0o700);
}
