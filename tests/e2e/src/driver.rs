//! ChromeDriver: one process for each test, which starts the test's browsers.

use std::{
    env,
    path::{Path, PathBuf},
    process::Stdio,
};
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, Command},
    time::timeout,
};

use crate::wait::SOON;

/// A ChromeDriver, ended when it is dropped. Its browsers end with it.
#[derive(Debug)]
pub struct Driver {
    url: String,
    _child: Child,
}

impl Driver {
    /// Starts one on a port of its own choice. It writes down what it does in `log`.
    ///
    /// # Panics
    /// If there is none, or it does not start.
    pub async fn start(log: &Path) -> Driver {
        let program =
            env::var_os("CHROMEDRIVER").map_or_else(|| PathBuf::from("chromedriver"), PathBuf::from);
        let mut command = Command::new(&program);
        command.arg("--port=0").arg("--verbose").arg(format!("--log-path={}", log.display()));
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.kill_on_drop(true).spawn().unwrap_or_else(|error| {
            panic!("cannot start {}: {error}. Install ChromeDriver or set CHROMEDRIVER.", program.display())
        });
        let Some(out) = child.stdout.take() else { panic!("ChromeDriver has no output") };
        let port = timeout(SOON, async {
            let mut lines = BufReader::new(out).lines();
            while let Ok(Some(line)) = lines.next_line().await {
                let port = line.rsplit_once("started successfully on port ").map(|(_, rest)| rest);
                if let Some(port) = port.and_then(|rest| rest.trim_end_matches('.').parse::<u16>().ok()) {
                    // The pipe must stay open and be read, or ChromeDriver would stop at its next word.
                    tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
                    return port;
                }
            }
            panic!("{} has ended without a word of its port", program.display());
        });
        let port = port.await.unwrap_or_else(|_| panic!("{} does not start", program.display()));
        Driver { url: format!("http://127.0.0.1:{port}"), _child: child }
    }

    /// Where it listens.
    pub fn url(&self) -> &str {
        &self.url
    }
}
