//! ChromeDriver: one process for each test. The process starts the test's browsers.

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

use crate::wait::TIMEOUT;

/// A ChromeDriver process, killed when dropped.
#[derive(Debug)]
pub struct ChromeDriver {
    url: String,
    _child: Child,
}

impl ChromeDriver {
    /// Starts ChromeDriver on a port that it chooses itself. ChromeDriver writes its verbose log to `log`.
    ///
    /// # Panics
    /// If the program is missing or does not start.
    pub async fn start(log: &Path) -> ChromeDriver {
        let program =
            env::var_os("CHROMEDRIVER").map_or_else(|| PathBuf::from("chromedriver"), PathBuf::from);
        let mut command = Command::new(&program);
        command.arg("--port=0").arg("--verbose").arg(format!("--log-path={}", log.display()));
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.kill_on_drop(true).spawn().unwrap_or_else(|error| {
            panic!("cannot start {}: {error}. Install ChromeDriver or set CHROMEDRIVER.", program.display())
        });
        let Some(out) = child.stdout.take() else { panic!("ChromeDriver has no output") };
        let port = timeout(TIMEOUT, async {
            let mut lines = BufReader::new(out).lines();
            while let Ok(Some(line)) = lines.next_line().await {
                let port = line.rsplit_once("started successfully on port ").map(|(_, rest)| rest);
                if let Some(port) = port.and_then(|rest| rest.trim_end_matches('.').parse::<u16>().ok()) {
                    // Keep the pipe open and drained; otherwise ChromeDriver blocks on its next write.
                    tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
                    return port;
                }
            }
            panic!("{} ended before it printed its port", program.display());
        });
        let port = port.await.unwrap_or_else(|_| panic!("{} does not start", program.display()));
        ChromeDriver { url: format!("http://127.0.0.1:{port}"), _child: child }
    }

    /// Returns the URL of ChromeDriver's WebDriver endpoint.
    pub fn url(&self) -> &str {
        &self.url
    }
}
