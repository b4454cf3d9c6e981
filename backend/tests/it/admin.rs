//! The tasks on a database, run by a user who may not use the files.

use backend::store::Store;
use backend::store::data_folder::DataFolder;
use backend::store::sqlite::SqliteStore;
use std::{
    fs,
    os::unix::{
        fs::{PermissionsExt, chown},
        process::CommandExt,
    },
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
fn error_output(folder: &Path, arguments: &[&str]) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_teahouse"));
    if rustix::process::geteuid().is_root() {
        // Copy the program: its build folder may be closed to other users. Another process writes the copy: a
        // program that this process has open for writing is "busy" as long as a child of another test, started
        // meanwhile, has inherited the descriptor.
        let copy = folder.join("teahouse");
        let copied = Command::new("cp").arg(env!("CARGO_BIN_EXE_teahouse")).arg(&copy).status();
        assert!(copied.unwrap().success());
        command = Command::new(copy);
        command.uid(NOBODY).gid(NOBODY);
    }
    let output = command.args(arguments).current_dir(folder).output().unwrap();
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    String::from_utf8(output.stderr).unwrap()
}

#[test]
fn an_unreadable_file_is_named_with_its_owner() {
    let folder = TempDir(std::env::temp_dir().join(format!("teahouse-care-{}", std::process::id())));
    let mode = |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    let data = folder.0.join("data");
    drop(SqliteStore::open(DataFolder::lock(&data).unwrap()).unwrap());
    mode(&folder.0, 0o755);
    mode(&data, 0o755);
    mode(&data.join("log.sqlite"), 0);
    for arguments in [&["check", "--data", "data"][..], &["backup", "tea", "--data", "data"]] {
        let output = error_output(&folder.0, arguments);
        assert!(output.contains("data/log.sqlite: Permission denied"), "{output}");
        assert!(output.contains("this user is not allowed to read data/log.sqlite"), "{output}");
        assert!(output.contains("(mode 0000)"), "{output}");
    }
    mode(&data.join("log.sqlite"), 0o444);
    mode(&data, 0o555);
    let output = error_output(&folder.0, &["check", "--data", "data"]);
    assert!(output.contains("SQLite writes next to a database"), "{output}");
    assert!(output.contains("this user is not allowed to write to data"), "{output}");
    mode(&data, 0);
    let output = error_output(&folder.0, &["check", "--data", "data"]);
    assert!(output.contains("this user is not allowed to enter data"), "{output}");
    // Allow the folder to be removed.
    mode(&data, 0o700);
}

#[test]
fn a_companion_of_the_database_is_named_when_it_belongs_to_another_user() {
    let folder = TempDir(std::env::temp_dir().join(format!("teahouse-wal-{}", std::process::id())));
    let mode = |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    let data = folder.0.join("data");
    drop(SqliteStore::open(DataFolder::lock(&data).unwrap()).unwrap());
    mode(&folder.0, 0o755);
    let is_root = rustix::process::geteuid().is_root();
    if is_root {
        let files = fs::read_dir(&data).unwrap().map(|entry| entry.unwrap().path());
        files.chain([data.clone()]).for_each(|path| chown(path, Some(NOBODY), Some(NOBODY)).unwrap());
    }
    let wal = data.join("log.sqlite-wal");
    fs::write(&wal, "").unwrap();
    mode(&wal, 0);
    let output = error_output(&folder.0, &["--listen", "127.0.0.1:0", "--data", "data"]);
    let owner = if is_root { ", which belongs to user 0 (mode 0000)" } else { " (mode 0000)" };
    let sentence = format!("this user is not allowed to write to data/log.sqlite-wal{owner}");
    assert!(output.contains(&sentence), "{output}");
}

/// Exit code, standard output and error output of `teahouse check --repair` on this folder.
fn repair(data: &Path) -> (Option<i32>, String, String) {
    let mut command = Command::new(env!("CARGO_BIN_EXE_teahouse"));
    let output = command.args(["check", "--repair", "--data"]).arg(data).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

#[tokio::test]
async fn a_repair_is_refused_while_the_house_is_open() {
    let folder = TempDir(std::env::temp_dir().join(format!("teahouse-repair-{}", std::process::id())));
    let data = folder.0.join("data");
    let (code, _, error) = repair(&data);
    assert_eq!(code, Some(1));
    assert!(error.contains("no database found; name its folder with --data") && !data.exists(), "{error}");

    let mut store = SqliteStore::open(DataFolder::lock(&data).unwrap()).unwrap();
    let device = hub::house::members::DeviceKey([1; 32]);
    let name = hub::house::names::Name::parse("Wei").unwrap();
    store.append(vec![hub::house::change::Change::Join { name, device }], 1).await[0].as_ref().unwrap();
    let (code, _, error) = repair(&data);
    assert_eq!(code, Some(1));
    assert!(error.contains("is in use by process"), "{error}");
    drop(store);

    let db = rusqlite::Connection::open(data.join("log.sqlite")).unwrap();
    db.execute("UPDATE events SET body = 'x'", ()).unwrap();
    drop(db);
    let (code, output, _) = repair(&data);
    assert_eq!(code, Some(0), "{output}");
    assert!(
        output.starts_with("1 event could not be read and was blanked.\n1 event, 0 messages"),
        "{output}"
    );
    let db = rusqlite::Connection::open(data.join("log.sqlite")).unwrap();
    db.execute("DELETE FROM meta WHERE name = 'epoch'", ()).unwrap();
    drop(db);
    let (code, output, _) = repair(&data);
    assert_eq!(code, Some(1));
    assert!(
        output.ends_with("The rest cannot be repaired: restore a backup with teahouse restore.\n"),
        "{output}"
    );
}
