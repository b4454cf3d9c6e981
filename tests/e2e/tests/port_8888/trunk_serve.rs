//! The development loop: a page that `trunk serve` built and serves, and that
//! reaches the house through its proxies.

use crate::{TURN, open};
use e2e::{
    folder,
    house::get,
    page::Page,
    port,
    stage::{Stage, play_for},
    wait::until,
    window::Kind,
};
use std::{
    env, fs,
    net::{Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
    time::Duration,
};
use tokio::process::{Child, Command};

/// A debug page from nothing takes minutes, and the machine may be busy.
const BUILD: Duration = Duration::from_secs(20 * 60);

#[tokio::test]
async fn a_message_goes_through_trunk_serve() {
    let _turn = TURN.lock().await;
    play_for(BUILD * 2, async |stage| {
        let house = open(stage, &[]).await;
        let trunk = stage.keep(Trunk::serve(stage).await);
        let tom = stage.guest(&house.url(), "Tom").await;
        let mei = Page::join(stage.window("trunk", Kind::default()).await, &trunk.url(), "梅").await;
        mei.say("through the proxy").await;
        tom.shows(&["through the proxy"]).await;
        tom.say("and back").await;
        mei.shows(&["through the proxy", "and back"]).await;
        let socket: String = mei.run("return window.e2eSocket.url", vec![]).await;
        assert_eq!(socket, format!("ws://{}/conn_ws?v=1", trunk.address), "it went another way");
    })
    .await;
}

/// A `trunk serve` with the settings of the workspace, ended when it is dropped.
struct Trunk {
    address: SocketAddr,
    _child: Child,
}

impl Trunk {
    async fn serve(stage: &Stage) -> Trunk {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port::free()));
        let log = stage.folder().join("trunk.log");
        let mut command = Command::new(program());
        // Into a folder of its own: `dist` is what a release is made of.
        command.arg("serve").arg("--dist").arg(stage.folder().join("dist"));
        command.arg("--port").arg(address.port().to_string()).current_dir(folder::workspace());
        // trunk takes only `true` and `false` for it, and asks nobody for its latest version.
        command.env_remove("NO_COLOR").env("TRUNK_SKIP_VERSION_CHECK", "true");
        folder::says_into(&log, command.kill_on_drop(true));
        let mut child = command.spawn().unwrap_or_else(|error| {
            panic!("cannot start trunk: {error}. `cargo xtask setup` installs it.");
        });
        until("trunk to serve the page", BUILD, async || {
            let said = || fs::read_to_string(&log).unwrap_or_default();
            if let Ok(Some(status)) = child.try_wait() {
                panic!("trunk has ended ({status}): {}", said());
            }
            match get(address, "/").await {
                Ok(answer) if answer.starts_with("HTTP/1.1 200") => Ok(()),
                _ => Err(said()),
            }
        })
        .await;
        Trunk { address, _child: child }
    }

    fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

/// trunk: on PATH, among the project's own tools, or where cargo installs.
fn program() -> PathBuf {
    let name = format!("trunk{}", env::consts::EXE_SUFFIX);
    let on_path = env::var_os("PATH").unwrap_or_default();
    let home = env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = home.or_else(|| Some(Path::new(&env::var_os("HOME")?).join(".cargo")));
    let own = folder::target().join("tools").join("bin");
    let mut folders = env::split_paths(&on_path).chain([own]).chain(home.map(|home| home.join("bin")));
    folders
        .find_map(|folder| Some(folder.join(&name)).filter(|file| file.is_file()))
        .unwrap_or_else(|| name.into())
}
