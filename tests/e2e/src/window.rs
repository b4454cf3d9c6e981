//! One Chromium with a profile of its own, driven through WebDriver and the
//! DevTools protocol.

use crate::{
    fault::{self, Allowed, LogEntry},
    recorder::{self, Note},
    wait::{SOON, until},
};
use fantoccini::{
    Client, ClientBuilder, Locator, elements::Element, error::CmdError, wd::WebDriverCompatibleCommand,
};
use http::Method;
use hyper_util::client::legacy::connect::HttpConnector;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::{
    env,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};
use url::{ParseError, Url};

const ARGUMENTS: &[&str] = &[
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    // Two windows side by side: neither is ever in the background.
    "--disable-background-timer-throttling",
    "--disable-backgrounding-occluded-windows",
    "--disable-renderer-backgrounding",
    "--window-size=1280,900",
];

/// What kind of window to open.
#[derive(Clone, Copy, Debug)]
pub struct Kind {
    /// The reader's languages, as `navigator.languages` will have them.
    pub languages: &'static str,
    /// A phone: 390×844, touch only.
    pub phone: bool,
}

impl Default for Kind {
    fn default() -> Self {
        Kind { languages: "en-US,en", phone: false }
    }
}

/// The window; clones are the same one.
#[derive(Clone, Debug)]
pub struct Window(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    name: String,
    profile: PathBuf,
    kind: Kind,
    client: Client,
    /// The browser's process, until it was closed in good order.
    process: Mutex<Option<i32>>,
    allowed: Mutex<Vec<Allowed>>,
    log: Mutex<Vec<LogEntry>>,
}

impl Drop for Inner {
    fn drop(&mut self) {
        let process = self.process.get_mut().unwrap_or_else(PoisonError::into_inner).take();
        #[cfg(unix)]
        if let Some(pid) = process.and_then(rustix::process::Pid::from_raw) {
            // ChromeDriver leaves its browsers alone when it is killed.
            let _ = rustix::process::kill_process(pid, rustix::process::Signal::KILL);
        }
        #[cfg(not(unix))]
        let _ = process;
    }
}

impl Window {
    /// Opens a window with the profile in the folder `profile`, which no other
    /// window may have. `name` tells it apart in what a failed test leaves.
    ///
    /// # Panics
    /// If the browser does not start.
    pub async fn open(driver: &str, name: &str, profile: &Path, kind: Kind) -> Window {
        let mut arguments: Vec<String> = ARGUMENTS.iter().map(|&argument| argument.to_owned()).collect();
        let first = kind.languages.split(',').next().unwrap_or_default();
        arguments.push(format!("--lang={first}"));
        arguments.push(format!("--user-data-dir={}", profile.display()));
        let mut options = json!({
            "args": arguments,
            "prefs": { "intl.accept_languages": kind.languages, "intl.selected_languages": kind.languages },
        });
        if kind.phone {
            // The driver's own, so that its clicks are taps.
            let screen =
                json!({ "width": 390, "height": 844, "pixelRatio": 1, "touch": true, "mobile": true });
            options["mobileEmulation"] = json!({ "deviceMetrics": screen });
        }
        if let Some(chrome) = env::var_os("CHROME") {
            options["binary"] = json!(chrome.to_string_lossy());
        }
        let wanted = json!({
            "browserName": "chrome",
            "goog:chromeOptions": options,
            "goog:loggingPrefs": { "browser": "ALL" },
        });
        let Value::Object(wanted) = wanted else { unreachable!("it is an object") };
        let mut builder = ClientBuilder::new(HttpConnector::new());
        let client = builder.capabilities(wanted).connect(driver).await;
        let client = client.unwrap_or_else(|error| panic!("the browser does not start: {error}"));
        let process = client.capabilities().and_then(|got| got.get("goog:processID")?.as_i64());
        let process = process.and_then(|pid| i32::try_from(pid).ok());
        let inner = Inner {
            name: name.to_owned(),
            profile: profile.to_owned(),
            kind,
            client,
            process: Mutex::new(process),
            allowed: Mutex::default(),
            log: Mutex::default(),
        };
        let window = Window(Arc::new(inner));
        window.devtools("Page.addScriptToEvaluateOnNewDocument", json!({ "source": recorder::SCRIPT })).await;
        window
    }

    /// Gives the page this many CSS pixels.
    pub async fn resize(&self, width: u32, height: u32) {
        let metrics = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false });
        self.devtools("Emulation.setDeviceMetricsOverride", metrics).await;
    }

    /// What it was called when it was opened.
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// Where the browser keeps what outlives it.
    pub fn profile(&self) -> &Path {
        &self.0.profile
    }

    /// What kind it is.
    pub fn kind(&self) -> Kind {
        self.0.kind
    }

    /// Whether it is the same one.
    pub fn is(&self, other: &Window) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// The browser's process, until it was closed in good order.
    pub fn process(&self) -> Option<i32> {
        *self.0.process.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// WebDriver's own interface.
    pub fn client(&self) -> &Client {
        &self.0.client
    }

    /// Opens an address and waits until it is loaded.
    ///
    /// # Panics
    /// If the browser cannot load it.
    pub async fn goto(&self, url: &str) {
        self.client().goto(url).await.unwrap_or_else(|error| panic!("{}: {url}: {error}", self.name()));
    }

    /// Loads the page again, as F5 does.
    ///
    /// # Panics
    /// If the browser cannot.
    pub async fn reload(&self) {
        self.client().refresh().await.unwrap_or_else(|error| panic!("{}: {error}", self.name()));
    }

    /// Runs a function body in the page and returns what it returns.
    ///
    /// # Panics
    /// If it throws, or returns something else than `T`.
    pub async fn run<T: DeserializeOwned>(&self, script: &str, arguments: Vec<Value>) -> T {
        let value = self.client().execute(script, arguments).await;
        let value = value.unwrap_or_else(|error| panic!("{}: {script}: {error}", self.name()));
        serde_json::from_value(value).unwrap_or_else(|error| panic!("{}: {script}: {error}", self.name()))
    }

    /// As [`Window::run`], for a body that hands what it returns to its last argument.
    ///
    /// # Panics
    /// As [`Window::run`].
    pub async fn run_until<T: DeserializeOwned>(&self, script: &str, arguments: Vec<Value>) -> T {
        let value = self.client().execute_async(script, arguments).await;
        let value = value.unwrap_or_else(|error| panic!("{}: {script}: {error}", self.name()));
        serde_json::from_value(value).unwrap_or_else(|error| panic!("{}: {script}: {error}", self.name()))
    }

    /// A DevTools command.
    ///
    /// # Panics
    /// If the browser refuses it.
    pub async fn devtools(&self, command: &str, parameters: Value) -> Value {
        let done = self.try_devtools(command, parameters).await;
        done.unwrap_or_else(|error| panic!("{}: {command}: {error}", self.name()))
    }

    /// As [`Window::devtools`], where the browser may refuse.
    ///
    /// # Errors
    /// What the driver says.
    pub async fn try_devtools(&self, command: &str, parameters: Value) -> Result<Value, CmdError> {
        let body = json!({ "cmd": command, "params": parameters });
        self.client().issue_cmd(Extension { path: "goog/cdp/execute", body }).await
    }

    /// The element that a CSS selector names, once it is there.
    ///
    /// # Panics
    /// If it does not come.
    pub async fn find(&self, selector: &str) -> Element {
        until(&format!("{selector} in {}", self.name()), SOON, async || {
            self.client().find(Locator::Css(selector)).await
        })
        .await
    }

    /// Clicks what a CSS selector names, as soon as it can be clicked.
    ///
    /// # Panics
    /// If it cannot.
    pub async fn click(&self, selector: &str) {
        until(&format!("{selector} in {} to take a click", self.name()), SOON, async || {
            self.client().find(Locator::Css(selector)).await?.click().await
        })
        .await;
    }

    /// How many elements a CSS selector names.
    pub async fn count(&self, selector: &str) -> usize {
        self.run("return document.querySelectorAll(arguments[0]).length", vec![json!(selector)]).await
    }

    /// The text of an element; none if there is no such element.
    pub async fn text(&self, selector: &str) -> Option<String> {
        self.run("return document.querySelector(arguments[0])?.textContent", vec![json!(selector)]).await
    }

    /// An attribute of an element.
    pub async fn attribute(&self, selector: &str, name: &str) -> Option<String> {
        let script = "return document.querySelector(arguments[0])?.getAttribute(arguments[1])";
        self.run(script, vec![json!(selector), json!(name)]).await
    }

    /// What was noted inside of the window so far.
    pub async fn notes(&self) -> Vec<Note> {
        self.run(recorder::READ, Vec::new()).await
    }

    /// A network error or the like that belongs to the scene: each of `words`
    /// must be in it.
    pub fn allow(&self, words: &[&'static str]) {
        self.0.allowed.lock().unwrap_or_else(PoisonError::into_inner).push(Allowed::new(words));
    }

    /// The wire is cut in the scene, or the house closed: the browser itself writes about each
    /// attempt, whichever transport makes it, and a house that closes answers who waits with 503.
    pub fn allow_cut(&self) {
        for path in ["/conn_ws", "/api/"] {
            self.allow(&[path, "ERR_"]);
        }
        self.allow(&["/conn_ws", "closed before receiving a handshake response"]);
        self.allow(&["/api/", "503"]);
    }

    /// A command may be refused in the scene. Where no WebSocket carried it the refusal is the
    /// answer to a `POST`, and Chromium notes each such `status`. Every page may be on its way
    /// back from a lesser transport just then, so a scene that brings a refusal about allows it.
    pub fn allow_refusal(&self, status: &'static str) {
        self.allow(&["/api/command", status]);
    }

    /// What went wrong in the window and was not allowed.
    pub async fn faults(&self) -> Vec<String> {
        self.read_log().await;
        let allowed = self.0.allowed.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let log = self.0.log.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let notes = self.notes().await;
        fault::of(&log, &notes, &allowed)
    }

    /// All that the console said so far.
    pub async fn console(&self) -> Vec<LogEntry> {
        self.read_log().await;
        self.0.log.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The driver gives each entry once.
    async fn read_log(&self) {
        let entries =
            self.client().issue_cmd(Extension { path: "se/log", body: json!({ "type": "browser" }) }).await;
        let entries = entries.unwrap_or_else(|error| panic!("{}: its log: {error}", self.name()));
        let entries: Vec<LogEntry> = serde_json::from_value(entries)
            .unwrap_or_else(|error| panic!("{}: its log: {error}", self.name()));
        self.0.log.lock().unwrap_or_else(PoisonError::into_inner).extend(entries);
    }

    /// A PNG of what the window shows.
    ///
    /// # Errors
    /// What the driver says.
    pub async fn picture(&self) -> Result<Vec<u8>, String> {
        self.client().screenshot().await.map_err(|error| error.to_string())
    }

    /// Closes the browser in good order.
    pub async fn close(&self) {
        if self.client().clone().close().await.is_ok() {
            self.0.process.lock().unwrap_or_else(PoisonError::into_inner).take();
        }
    }
}

/// A command of ChromeDriver's own.
#[derive(Debug)]
struct Extension {
    /// Below the window's address.
    path: &'static str,
    body: Value,
}

impl WebDriverCompatibleCommand for Extension {
    fn endpoint(&self, base: &Url, id: Option<&str>) -> Result<Url, ParseError> {
        base.join(&format!("session/{}/{}", id.unwrap_or_default(), self.path))
    }

    fn method_and_body(&self, _: &Url) -> (Method, Option<String>) {
        (Method::POST, Some(self.body.to_string()))
    }
}
