//! The development loop: `trunk serve` builds and serves the chat and the inspector, and forwards
//! their requests to the server.

use crate::{PORT_LOCK, start_server};
use e2e::{
    browser::BrowserOptions,
    fixture::{Fixture, run_within},
    folder,
    page::Page,
    port,
    server::{get, log_output},
    wait::until,
};
use std::{
    env, fs,
    net::{Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
    time::Duration,
};
use tokio::process::{Child, Command};

/// Deadline for a debug build of the page. A build from scratch takes minutes.
const BUILD_TIMEOUT: Duration = Duration::from_secs(20 * 60);

#[tokio::test]
async fn the_chat_and_the_inspector_work_through_trunk_serve() {
    let _lock = PORT_LOCK.lock().await;
    run_within(BUILD_TIMEOUT * 2, async |fixture| {
        let server = start_server(fixture, &[]).await;
        let trunk = fixture.keep(Trunk::serve(fixture).await);
        let tom = fixture.member(&server.url(), "Tom").await;
        let mei =
            Page::join(fixture.browser("trunk", BrowserOptions::default()).await, &trunk.url(), "梅").await;
        mei.post("through the proxy").await;
        tom.expect_rows(&["through the proxy"]).await;
        tom.post("and back").await;
        mei.expect_rows(&["through the proxy", "and back"]).await;
        let socket: String = mei.execute("return window.e2eSocket.url", vec![]).await;
        assert_eq!(
            socket,
            format!("ws://{}/conn_ws?v=1", trunk.address),
            "the socket does not use the proxy"
        );

        // trunk redirects to the folder of that name.
        mei.goto(&format!("{}/inspect", trunk.url())).await;
        mei.find("#frame_rows li").await;
        mei.expect_ready_state(1).await;
    })
    .await;
}

/// A `trunk serve` process with the workspace's settings, killed when dropped.
struct Trunk {
    address: SocketAddr,
    _child: Child,
}

impl Trunk {
    async fn serve(fixture: &Fixture) -> Trunk {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port::free()));
        let log = fixture.folder().join("trunk.log");
        let mut command = Command::new(program());
        // Build into a folder of its own, because a release takes the page from `dist`.
        command.arg("serve").arg("--dist").arg(fixture.folder().join("dist"));
        command.arg("--port").arg(address.port().to_string()).current_dir(folder::workspace());
        // trunk accepts only `true` and `false` in NO_COLOR. Skip its check for a newer version.
        command.env_remove("NO_COLOR").env("TRUNK_SKIP_VERSION_CHECK", "true");
        log_output(&log, command.kill_on_drop(true));
        let mut child = command.spawn().unwrap_or_else(|error| {
            panic!("cannot start trunk: {error}. `cargo xtask setup` installs it.");
        });
        until("trunk to serve the page", BUILD_TIMEOUT, async || {
            let output = || fs::read_to_string(&log).unwrap_or_default();
            if let Ok(Some(status)) = child.try_wait() {
                panic!("trunk ended ({status}): {}", output());
            }
            match get(address, "/").await {
                Ok(response) if response.starts_with("HTTP/1.1 200") => Ok(()),
                _ => Err(output()),
            }
        })
        .await;
        Trunk { address, _child: child }
    }

    fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

/// Returns the path of trunk: on PATH, in `target/tools`, or in cargo's folder for programs.
fn program() -> PathBuf {
    let name = format!("trunk{}", env::consts::EXE_SUFFIX);
    let on_path = env::var_os("PATH").unwrap_or_default();
    let home = env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = home.or_else(|| Some(Path::new(&env::var_os("HOME")?).join(".cargo")));
    let tools = folder::target().join("tools").join("bin");
    let mut folders = env::split_paths(&on_path).chain([tools]).chain(home.map(|home| home.join("bin")));
    folders
        .find_map(|folder| Some(folder.join(&name)).filter(|file| file.is_file()))
        .unwrap_or_else(|| name.into())
}
