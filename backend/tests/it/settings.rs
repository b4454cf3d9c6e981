//! Output of the program about its settings.

use crate::temp_folder::TempFolder;
use std::{fs, path::Path, process::Command};

/// Runs the program, which must fail, on this data folder. Returns its error output.
fn errors(arguments: &[&str], data: &Path) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_teahouse"));
    let output = command.args(arguments).arg("--data").arg(data).output().unwrap();
    let errors = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{errors}");
    errors
}

#[cfg(target_os = "linux")]
#[test]
fn a_data_folder_that_cannot_be_made_is_described_as_it_is() {
    for (data, sentence) in [
        ("/proc/foo", ": the system does not let anybody create folders in /proc\n"),
        ("/proc/foo/bar", ": the system does not let anybody create folders in /proc\n"),
        ("/etc/passwd", ": /etc/passwd is a file, but must be a folder\n"),
        ("/etc/passwd/tea", ": /etc/passwd is a file, but must be a folder\n"),
    ] {
        let errors = errors(&["--listen", "127.0.0.1:0"], Path::new(data));
        assert!(errors.ends_with(sentence), "{errors}");
    }
}

#[test]
fn a_failed_start_leaves_no_folder_behind() {
    let data = TempFolder::new();
    let errors = errors(&["--listen", "192.0.2.1:8888"], data.path());
    assert_eq!(
        errors,
        "teahouse: cannot listen on 192.0.2.1:8888: 192.0.2.1 is not an address of this machine; choose \
         another with --listen, or use --lan\n"
    );
    assert!(!data.path().exists());
}

#[test]
fn a_failed_restore_is_told_once_and_leaves_nothing_behind() {
    let (data, files) = (TempFolder::new(), TempFolder::new());
    fs::create_dir(files.path()).unwrap();
    let (junk, missing) = (files.path().join("junk"), files.path().join("missing"));
    fs::write(&junk, "not a database, but longer than the header of one: ".repeat(20)).unwrap();
    for (file, sentence) in [
        (&junk, format!("{}: this is not a Teahouse database", junk.display())),
        (&missing, format!("{} does not exist", missing.display())),
    ] {
        let errors = errors(&["restore", file.to_str().unwrap()], data.path());
        assert_eq!(errors, format!("teahouse: restore: {sentence}\n"));
        assert!(!data.path().exists());
    }
    fs::create_dir(data.path()).unwrap();
    errors(&["restore", junk.to_str().unwrap()], data.path());
    assert_eq!(fs::read_dir(data.path()).unwrap().count(), 0, "an old folder stays as it was");
}

#[test]
fn an_unknown_variable_is_reported_and_ignored() {
    let folder = std::env::temp_dir().join(format!("teahouse-none-{}", std::process::id()));
    let output = Command::new(env!("CARGO_BIN_EXE_teahouse"))
        .args(["check", "--data"])
        .arg(&folder)
        .env("TEAHOUSE_LISTN", "127.0.0.1:1")
        .env("TEAHOUSE_PORT", "tcp://10.0.0.1:8888")
        .output()
        .unwrap();
    let errors = String::from_utf8(output.stderr).unwrap();
    let is_ours = |line: &&str| line.contains("TEAHOUSE_LISTN") || line.contains("TEAHOUSE_PORT");
    let lines: Vec<_> = errors.lines().filter(is_ours).collect();
    assert_eq!(lines, ["teahouse: TEAHOUSE_LISTN: unknown setting, ignored; did you mean TEAHOUSE_LISTEN?"]);
    assert!(errors.contains("no database found"), "the task goes on: {errors}");
}
