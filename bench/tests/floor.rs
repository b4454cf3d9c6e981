//! Tests of the method: the floor takes the server's place. They check that nothing is lost and that the
//! program reports its result, and judge no figure.

#![cfg(target_os = "linux")]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

fn temporary(name: &str) -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join(name)
}

/// Runs the program with a temporary folder named `name`.
fn bench(name: &str, line: &str) -> std::io::Result<Output> {
    let folder = temporary(name);
    std::fs::create_dir_all(&folder)?;
    Command::new(env!("CARGO_BIN_EXE_bench"))
        .args(line.split_whitespace())
        .env("TEAHOUSE_BIN", "/nonexistent/teahouse")
        .env("TMPDIR", folder)
        .output()
}

#[test]
fn each_message_arrives_once_and_in_order() {
    for pace in ["--paced --rate 100", "--apart --rate 100", "--saturate --window 4"] {
        let line = format!("fan-out --against-floor --clients 20 --seconds 1 --pairs 1 --bytes 300 {pace}");
        let output = bench("arrives", &line).unwrap();
        let text = String::from_utf8_lossy(&output.stdout);
        let complaint = String::from_utf8_lossy(&output.stderr);
        assert!(text.contains("clients closed | none | none | holds |"), "{text}\n{complaint}");
    }
}

#[test]
fn a_missing_server_is_reported_in_a_sentence() {
    for line in ["start --runs 1", "idle --clients 1", "slow --clients 1"] {
        let output = bench("absent", line).unwrap();
        assert_eq!(output.status.code(), Some(2), "{line}");
        let complaint = String::from_utf8_lossy(&output.stderr);
        assert!(complaint.contains("cannot start"), "{complaint}");
    }
    let left = std::fs::read_dir(temporary("absent")).unwrap();
    assert_eq!(left.count(), 0, "it leaves nothing behind");
}

#[test]
fn wrong_arguments_print_the_usage() {
    let output = bench("wrong", "fan-out --clients none").unwrap();
    assert_eq!(output.status.code(), Some(2));
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(complaint.contains("--clients") && complaint.contains("bench idle"), "{complaint}");
}
