//! A Chromium with a profile of its own, controlled through WebDriver and the DevTools protocol.

use crate::{
    page_error::{self, AllowedError, ConsoleEntry},
    recorder::{self, RecorderEntry},
    wait::{TIMEOUT, until},
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
    // Never throttle a browser as if it were in the background; tests use several side by side.
    "--disable-background-timer-throttling",
    "--disable-backgrounding-occluded-windows",
    "--disable-renderer-backgrounding",
    "--window-size=1280,900",
];

/// Options of a browser.
#[derive(Clone, Copy, Debug)]
pub struct BrowserOptions {
    /// Languages of the person, as in `navigator.languages`, separated by commas.
    pub languages: &'static str,
    /// Whether to emulate a phone: 390×844 CSS pixels, touch only.
    pub phone: bool,
}

impl Default for BrowserOptions {
    fn default() -> Self {
        BrowserOptions { languages: "en-US,en", phone: false }
    }
}

/// A browser. Clones share the same process.
#[derive(Clone, Debug)]
pub struct Browser(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    name: String,
    profile: PathBuf,
    options: BrowserOptions,
    client: Client,
    /// Id of the browser's process; none after [`Browser::close`].
    process: Mutex<Option<i32>>,
    allowed: Mutex<Vec<AllowedError>>,
    console: Mutex<Vec<ConsoleEntry>>,
}

impl Drop for Inner {
    fn drop(&mut self) {
        let process = self.process.get_mut().unwrap_or_else(PoisonError::into_inner).take();
        #[cfg(unix)]
        if let Some(pid) = process.and_then(rustix::process::Pid::from_raw) {
            // Kill the browser too, because a killed ChromeDriver leaves its browsers running.
            let _ = rustix::process::kill_process(pid, rustix::process::Signal::KILL);
        }
        #[cfg(not(unix))]
        let _ = process;
    }
}

impl Browser {
    /// Opens a browser with the profile in the folder `profile`, which no other browser may use. `name`
    /// identifies the browser in messages and artifacts.
    ///
    /// # Panics
    /// If the browser does not start.
    pub async fn open(driver: &str, name: &str, profile: &Path, options: BrowserOptions) -> Browser {
        let mut arguments: Vec<String> = ARGUMENTS.iter().map(|&argument| argument.to_owned()).collect();
        let first = options.languages.split(',').next().unwrap_or_default();
        arguments.push(format!("--lang={first}"));
        arguments.push(format!("--user-data-dir={}", profile.display()));
        let mut chrome_options = json!({
            "args": arguments,
            "prefs": { "intl.accept_languages": options.languages, "intl.selected_languages": options.languages },
        });
        if options.phone {
            // Use ChromeDriver's own emulation, so that its clicks become taps.
            let screen =
                json!({ "width": 390, "height": 844, "pixelRatio": 1, "touch": true, "mobile": true });
            chrome_options["mobileEmulation"] = json!({ "deviceMetrics": screen });
        }
        if let Some(chrome) = env::var_os("CHROME") {
            chrome_options["binary"] = json!(chrome.to_string_lossy());
        }
        let capabilities = json!({
            "browserName": "chrome",
            "goog:chromeOptions": chrome_options,
            "goog:loggingPrefs": { "browser": "ALL" },
        });
        let Value::Object(capabilities) = capabilities else { unreachable!("`json!` made an object") };
        let mut builder = ClientBuilder::new(HttpConnector::new());
        let client = builder.capabilities(capabilities).connect(driver).await;
        let client = client.unwrap_or_else(|error| panic!("the browser does not start: {error}"));
        let process = client.capabilities().and_then(|granted| granted.get("goog:processID")?.as_i64());
        let process = process.and_then(|pid| i32::try_from(pid).ok());
        let inner = Inner {
            name: name.to_owned(),
            profile: profile.to_owned(),
            options,
            client,
            process: Mutex::new(process),
            allowed: Mutex::default(),
            console: Mutex::default(),
        };
        let browser = Browser(Arc::new(inner));
        browser
            .devtools("Page.addScriptToEvaluateOnNewDocument", json!({ "source": recorder::SCRIPT }))
            .await;
        browser
    }

    /// Sets the size of the viewport in CSS pixels.
    pub async fn resize(&self, width: u32, height: u32) {
        let metrics = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false });
        self.devtools("Emulation.setDeviceMetricsOverride", metrics).await;
    }

    /// Returns the browser's name.
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// Returns the folder of the browser's profile.
    pub fn profile(&self) -> &Path {
        &self.0.profile
    }

    /// Returns the browser's options.
    pub fn options(&self) -> BrowserOptions {
        self.0.options
    }

    /// Returns whether both are the same browser.
    pub fn is(&self, other: &Browser) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// Returns the id of the browser's process, or none after [`Browser::close`].
    pub fn process(&self) -> Option<i32> {
        *self.0.process.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the WebDriver client.
    pub fn client(&self) -> &Client {
        &self.0.client
    }

    /// Opens a URL and waits until the document is loaded.
    ///
    /// # Panics
    /// If the browser cannot load it.
    pub async fn goto(&self, url: &str) {
        self.client().goto(url).await.unwrap_or_else(|error| panic!("{}: {url}: {error}", self.name()));
    }

    /// Reloads the page, as F5 does.
    ///
    /// # Panics
    /// If the browser cannot load it.
    pub async fn reload(&self) {
        self.client().refresh().await.unwrap_or_else(|error| panic!("{}: {error}", self.name()));
    }

    /// Executes a function body in the page and returns its result.
    ///
    /// # Panics
    /// If the script throws, or its result is no `T`.
    pub async fn execute<T: DeserializeOwned>(&self, script: &str, arguments: Vec<Value>) -> T {
        let value = self.client().execute(script, arguments).await;
        let value = value.unwrap_or_else(|error| panic!("{}: {script}: {error}", self.name()));
        serde_json::from_value(value).unwrap_or_else(|error| panic!("{}: {script}: {error}", self.name()))
    }

    /// Like [`Browser::execute`], for a script that passes its result to the callback in its last
    /// argument.
    ///
    /// # Panics
    /// As [`Browser::execute`].
    pub async fn execute_async<T: DeserializeOwned>(&self, script: &str, arguments: Vec<Value>) -> T {
        let value = self.client().execute_async(script, arguments).await;
        let value = value.unwrap_or_else(|error| panic!("{}: {script}: {error}", self.name()));
        serde_json::from_value(value).unwrap_or_else(|error| panic!("{}: {script}: {error}", self.name()))
    }

    /// Sends a DevTools command and returns its result.
    ///
    /// # Panics
    /// If the browser refuses the command.
    pub async fn devtools(&self, command: &str, parameters: Value) -> Value {
        let done = self.try_devtools(command, parameters).await;
        done.unwrap_or_else(|error| panic!("{}: {command}: {error}", self.name()))
    }

    /// Like [`Browser::devtools`], but returns a refusal.
    ///
    /// # Errors
    /// ChromeDriver's error.
    pub async fn try_devtools(&self, command: &str, parameters: Value) -> Result<Value, CmdError> {
        let body = json!({ "cmd": command, "params": parameters });
        self.client().issue_cmd(Extension { path: "goog/cdp/execute", body }).await
    }

    /// Waits for the element of a CSS selector and returns it.
    ///
    /// # Panics
    /// If the element does not appear.
    pub async fn find(&self, selector: &str) -> Element {
        until(&format!("{selector} in {}", self.name()), TIMEOUT, async || {
            self.client().find(Locator::Css(selector)).await
        })
        .await
    }

    /// Clicks the element of a CSS selector as soon as it accepts a click.
    ///
    /// # Panics
    /// If the element does not accept a click.
    pub async fn click(&self, selector: &str) {
        until(&format!("{selector} in {} to accept a click", self.name()), TIMEOUT, async || {
            self.client().find(Locator::Css(selector)).await?.click().await
        })
        .await;
    }

    /// Returns the number of elements that match a CSS selector.
    pub async fn count(&self, selector: &str) -> usize {
        self.execute("return document.querySelectorAll(arguments[0]).length", vec![json!(selector)]).await
    }

    /// Returns the text of an element, or none if there is no such element.
    pub async fn text(&self, selector: &str) -> Option<String> {
        self.execute("return document.querySelector(arguments[0])?.textContent", vec![json!(selector)]).await
    }

    /// Returns an attribute of an element, or none if there is no such element or attribute.
    pub async fn attribute(&self, selector: &str, name: &str) -> Option<String> {
        let script = "return document.querySelector(arguments[0])?.getAttribute(arguments[1])";
        self.execute(script, vec![json!(selector), json!(name)]).await
    }

    /// Returns the recorder's entries so far.
    pub async fn recorder_entries(&self) -> Vec<RecorderEntry> {
        self.execute(recorder::READ, Vec::new()).await
    }

    /// Allows the errors that contain each of `words`, because the test causes them on purpose.
    pub fn allow_error(&self, words: &[&'static str]) {
        self.0.allowed.lock().unwrap_or_else(PoisonError::into_inner).push(AllowedError::new(words));
    }

    /// Allows the errors of a cut connection or a stopped server. The browser logs each failed attempt of
    /// any transport, and a server that stops answers waiting requests with 503.
    pub fn allow_cut(&self) {
        for path in ["/conn_ws", "/api/"] {
            self.allow_error(&[path, "ERR_"]);
        }
        self.allow_error(&["/conn_ws", "closed before receiving a handshake response"]);
        self.allow_error(&["/api/", "503"]);
    }

    /// Allows the errors of a refused command. Over plain HTTP the refusal is the status of a `POST`, which
    /// Chromium logs as an error. Any page may use plain HTTP for a moment, so a test that causes a
    /// refusal always allows it.
    pub fn allow_refusal(&self, status: &'static str) {
        self.allow_error(&["/api/command", status]);
    }

    /// Returns the errors that were not allowed.
    pub async fn errors(&self) -> Vec<String> {
        self.read_console().await;
        let allowed = self.0.allowed.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let console = self.0.console.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let entries = self.recorder_entries().await;
        page_error::unexpected(&console, &entries, &allowed)
    }

    /// Returns all console entries so far.
    pub async fn console(&self) -> Vec<ConsoleEntry> {
        self.read_console().await;
        self.0.console.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Fetches new console entries. ChromeDriver returns each entry only once.
    async fn read_console(&self) {
        let entries =
            self.client().issue_cmd(Extension { path: "se/log", body: json!({ "type": "browser" }) }).await;
        let entries =
            entries.unwrap_or_else(|error| panic!("{}: cannot read the console: {error}", self.name()));
        let entries: Vec<ConsoleEntry> = serde_json::from_value(entries)
            .unwrap_or_else(|error| panic!("{}: cannot read the console: {error}", self.name()));
        self.0.console.lock().unwrap_or_else(PoisonError::into_inner).extend(entries);
    }

    /// Returns a PNG of the viewport.
    ///
    /// # Errors
    /// The text of ChromeDriver's error.
    pub async fn screenshot_png(&self) -> Result<Vec<u8>, String> {
        self.client().screenshot().await.map_err(|error| error.to_string())
    }

    /// Closes the browser and ends its process.
    pub async fn close(&self) {
        if self.client().clone().close().await.is_ok() {
            self.0.process.lock().unwrap_or_else(PoisonError::into_inner).take();
        }
    }
}

/// A WebDriver command that only ChromeDriver has.
#[derive(Debug)]
struct Extension {
    /// Path below the session's URL.
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
