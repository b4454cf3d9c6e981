//! The method against itself: the floor in the server's place. No figure is
//! judged here, only that nothing is lost on the way and that the program says
//! what it found.

#![cfg(target_os = "linux")]

use std::process::{Command, Output};

fn bench(line: &str) -> std::io::Result<Output> {
    Command::new(env!("CARGO_BIN_EXE_bench"))
        .args(line.split_whitespace())
        .env("TEAHOUSE_BIN", "/nonexistent/teahouse")
        .output()
}

#[test]
fn everything_arrives_once_and_in_order() {
    for pace in ["--rate 100", "--apart --rate 100", "--saturate --window 4"] {
        let line = format!("fan-out --against-floor --clients 20 --seconds 1 --pairs 1 --bytes 300 {pace}");
        let output = bench(&line).unwrap();
        let text = String::from_utf8_lossy(&output.stdout);
        let complaint = String::from_utf8_lossy(&output.stderr);
        assert!(text.contains("clients closed | none | none | holds |"), "{text}\n{complaint}");
    }
}

#[test]
fn a_server_that_is_not_there_is_told_in_a_sentence() {
    for line in ["start --runs 1", "idle --clients 1", "slow --clients 1"] {
        let output = bench(line).unwrap();
        assert_eq!(output.status.code(), Some(2), "{line}");
        let complaint = String::from_utf8_lossy(&output.stderr);
        assert!(complaint.contains("cannot start"), "{complaint}");
    }
}

#[test]
fn wrong_arguments_end_with_the_usage() {
    let output = bench("fan-out --clients none").unwrap();
    assert_eq!(output.status.code(), Some(2));
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(complaint.contains("--clients") && complaint.contains("bench idle"), "{complaint}");
}
