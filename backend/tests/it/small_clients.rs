//! The small clients of PROTOCOL.md, as the document shows them.

use crate::{socket::PATIENCE, temp_folder::TempFolder, test_server::TestServer};
use std::{
    fs,
    io::{BufRead as _, BufReader},
    process::{Command, Stdio},
    sync::mpsc,
};

const DOCUMENT: &str = include_str!("../../../PROTOCOL.md");

/// Runs a client against a server of its own, in a folder of its own, until its output has this text. Does nothing
/// without the program.
async fn run(program: &str, flag: &str, language: &str, expected: &str) {
    if Command::new(program).arg("--version").output().is_err() {
        return println!("{program} is not installed: this test does nothing.");
    }
    let (server, folder) = (TestServer::start(), TempFolder::new());
    fs::create_dir_all(folder.path()).unwrap();
    let marker = format!("<!-- client: {language} -->\n```{language}\n");
    let (_, rest) = DOCUMENT.split_once(&marker).expect("a client");
    let source = rest.split_once("```").unwrap().0.replace("127.0.0.1:8888", &server.address.to_string());
    let interpreter = if language == "sh" { "sh" } else { program };
    let mut child = Command::new(interpreter)
        .args([flag, &source])
        .current_dir(folder.path())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let (sender, lines) = mpsc::channel();
    let output = BufReader::new(child.stdout.take().unwrap());
    std::thread::spawn(move || output.lines().map_while(Result::ok).try_for_each(|line| sender.send(line)));
    let mut read = String::new();
    while !read.contains(expected) {
        match lines.recv_timeout(PATIENCE) {
            Ok(line) => read.push_str(&line),
            Err(error) => panic!("{error}: {read}"),
        }
    }
    // The end of the server ends the stream, and so the client.
    drop(server);
    child.wait().unwrap();
    assert!(read.contains("Tea?"), "{read}");
}

#[tokio::test]
async fn the_client_of_curl_posts_and_reads() {
    run("curl", "-c", "sh", "\"type\":\"welcome\"").await;
}

#[tokio::test]
async fn the_client_in_python_posts_and_reads() {
    run("python3", "-c", "python", "'Tea?'").await;
}
