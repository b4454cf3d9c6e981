//! The server behind a real nginx, with the settings of docs/transports.md.

use crate::{
    http,
    socket::{PATIENCE, Socket},
    temp_folder::TempFolder,
    test_server::{TestServer, hello},
};
use serde_json::json;
use shared::Event;
use std::{
    fs,
    net::{SocketAddr, TcpListener},
    path::Path,
    process::{Child, Command, Stdio},
    time::Instant,
};
use tokio::net::TcpStream;

const DOCUMENTS: [&str; 2] =
    [include_str!("../../../docs/transports.md"), include_str!("../../../docs/transports.zh-CN.md")];

/// Path of nginx; `None` if it is not installed. Then `cargo xtask test` says that its tests do nothing.
fn nginx() -> Option<&'static Path> {
    ["/usr/sbin/nginx", "/usr/local/sbin/nginx", "/usr/bin/nginx", "/opt/homebrew/bin/nginx"]
        .into_iter()
        .map(Path::new)
        .find(|path| path.exists())
}

/// The settings that a document shows.
fn settings(document: &str) -> &str {
    let (_, rest) = document.split_once("```nginx\n").expect("settings for nginx");
    rest.split_once("```").unwrap().0
}

/// A running nginx with a folder of its own.
struct Nginx {
    child: Child,
    address: SocketAddr,
    _folder: TempFolder,
}

impl Nginx {
    async fn start(program: &Path, server: &TestServer, location: &str) -> Self {
        let folder = TempFolder::new();
        fs::create_dir_all(folder.path()).unwrap();
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let location = location.replace("127.0.0.1:8888", &server.address.to_string());
        let path = folder.path().display();
        let temporary: String = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
            .map(|kind| format!("{kind}_temp_path {path}/{kind};\n"))
            .concat();
        let text = format!(
            "daemon off;\nmaster_process off;\npid {path}/pid;\nerror_log {path}/error.log;\nevents {{}}\n\
             http {{\naccess_log off;\n{temporary}server {{\nlisten {address};\n{location}}}\n}}\n"
        );
        let file = folder.path().join("nginx.conf");
        fs::write(&file, text).unwrap();
        let child = Command::new(program)
            .args(["-e".as_ref(), folder.path().join("error.log").as_os_str()])
            .args(["-c".as_ref(), file.as_os_str()])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let nginx = Nginx { child, address, _folder: folder };
        let started = Instant::now();
        while TcpStream::connect(address).await.is_err() {
            assert!(started.elapsed() < PATIENCE, "nginx does not start");
            tokio::task::yield_now().await;
        }
        nginx
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn both_documents_show_the_same_settings() {
    let [english, chinese] = DOCUMENTS.map(settings);
    assert_eq!(english, chinese);
}

#[tokio::test]
async fn the_settings_of_the_documents_work_behind_a_real_nginx() {
    let Some(program) = nginx() else {
        println!("nginx is not installed: this test does nothing.");
        return;
    };
    // nginx's port is known only later, and the port is a part of the origin.
    let server = TestServer::with_config(|config| {
        config.public_url = Some("http://tea.example".parse().unwrap());
        config.trust_proxy = 1;
    });
    let nginx = Nginx::start(program, &server, settings(DOCUMENTS[0])).await;
    let behind = TestServer::at_address(nginx.address);
    assert_eq!(http::get(&behind, "/healthz", &[]).await.status, 200);
    let body = json!({ "name": "Wei" }).to_string();
    let length = body.len().to_string();
    let headers = [
        ("Host", "tea.example"),
        ("origin", "http://tea.example"),
        ("content-type", "application/json"),
        ("content-length", &length),
    ];
    let joined =
        http::request(&behind, &http::head("POST", "/api/join", &behind, &headers), body.as_bytes()).await;
    assert_eq!(joined.status, 200, "{joined:?}");
    let cookie = joined.cookie().unwrap();
    let headers = [("Origin", "http://tea.example".to_owned()), ("Cookie", cookie.clone())];
    let mut socket = Socket::open(nginx.address, "/conn_ws?v=1", &headers).await.unwrap();
    socket.command(&hello(1)).await;
    assert!(matches!(socket.event().await, Event::Welcome(_)));
    // A stream passes at once, although nginx buffers answers.
    let mut reader = http::Stream::open(&behind, "/api/events", &[("cookie", &cookie)]).await;
    reader.until("\"type\":\"welcome\"").await;
    socket.command(&crate::v1::post(2, "behind nginx")).await;
    reader.until("behind nginx").await;
    // No header of a visitor passes for one of the proxy.
    let forged =
        [("Host", "tea.example"), ("X-Forwarded-Host", "evil.example"), ("Forwarded", "host=evil.example")];
    assert_eq!(http::get(&behind, "/api/me", &forged).await.status, 200);
    // Another site stays refused.
    let foreign = [("Origin", "http://evil.example".to_owned())];
    assert_eq!(Socket::open(nginx.address, "/conn_ws?v=1", &foreign).await.err(), Some(403));
}
