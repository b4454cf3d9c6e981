//! Output of the program about its settings.

use std::process::Command;

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
