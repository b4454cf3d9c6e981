//! The fixture of one test: its servers, browsers and temporary folder, and their removal.

use crate::{
    browser::{Browser, BrowserOptions},
    chromedriver::ChromeDriver,
    folder,
    page::Page,
    port,
    server::Server,
};
use futures_util::FutureExt;
use std::{
    any::Any,
    cell::{Cell, RefCell},
    fs,
    panic::{AssertUnwindSafe, resume_unwind},
    path::Path,
    rc::Rc,
    thread,
    time::Duration,
};
use tempfile::TempDir;
use tokio::{
    sync::{OnceCell, Semaphore},
    time::timeout,
};

/// Number of tests that run at the same time, each with two or three browsers.
const TESTS_MAX: usize = 2;

/// Deadline for a whole test.
const TEST_TIMEOUT: Duration = Duration::from_secs(240);

static PERMITS: Semaphore = Semaphore::const_new(TESTS_MAX);

/// The resources of one test.
#[derive(Debug)]
pub struct Fixture {
    folder: TempDir,
    driver: OnceCell<ChromeDriver>,
    browsers: RefCell<Vec<Browser>>,
    opened: Cell<usize>,
    /// Dropped with the fixture, after the browsers.
    kept: RefCell<Vec<Rc<dyn Any>>>,
}

/// Runs a test and then checks the errors of each browser.
///
/// # Panics
/// If the test panics, takes longer than 240 seconds, or a browser has an error that was not allowed.
/// Screenshots and logs are then saved in `target/e2e`.
pub async fn run(test: impl AsyncFnOnce(&Fixture)) {
    run_within(TEST_TIMEOUT, test).await;
}

/// Like [`run`], with another deadline.
pub async fn run_within(deadline: Duration, test: impl AsyncFnOnce(&Fixture)) {
    let permit = PERMITS.acquire().await;
    let fixture = Fixture::new();
    let tested = async {
        test(&fixture).await;
        fixture.check_errors().await;
    };
    let result = AssertUnwindSafe(timeout(deadline, tested)).catch_unwind().await;
    let name = thread::current().name().unwrap_or("test").to_owned();
    match result {
        Ok(Ok(())) => fixture.close().await,
        Ok(Err(_)) => {
            fixture.save_artifacts(&name).await;
            panic!("the test took longer than {deadline:?}");
        }
        Err(panic) => {
            fixture.save_artifacts(&name).await;
            resume_unwind(panic);
        }
    }
    drop(permit);
}

impl Fixture {
    fn new() -> Fixture {
        let folder = tempfile::Builder::new().prefix("teahouse-e2e-").tempdir();
        let folder = folder.unwrap_or_else(|error| panic!("no temporary folder: {error}"));
        Fixture {
            folder,
            driver: OnceCell::new(),
            browsers: RefCell::default(),
            opened: Cell::new(0),
            kept: RefCell::default(),
        }
    }

    /// Returns the temporary folder, removed with the fixture.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Starts a server on a free loopback port.
    pub async fn server(&self, more: &[&str]) -> Rc<Server> {
        self.server_on(port::free(), more).await
    }

    /// Starts a server on this loopback port.
    pub async fn server_on(&self, port: u16, more: &[&str]) -> Rc<Server> {
        self.keep(Server::start(self.folder(), port, more).await)
    }

    /// Keeps a value until the browsers are closed. A server that ended earlier would cause errors in
    /// them.
    pub fn keep<T: 'static>(&self, value: T) -> Rc<T> {
        let value = Rc::new(value);
        self.kept.borrow_mut().push(value.clone());
        value
    }

    /// Opens a browser. `name` identifies it in messages and artifacts.
    pub async fn browser(&self, name: &str, options: BrowserOptions) -> Browser {
        let log = self.folder().join("chromedriver.log");
        let driver = self.driver.get_or_init(|| ChromeDriver::start(&log)).await;
        // Two browsers may share a name, but never a profile.
        let number = self.opened.get();
        self.opened.set(number + 1);
        let profile = self.folder().join(format!("browser-{number}"));
        let browser = Browser::open(driver.url(), name, &profile, options).await;
        self.browsers.borrow_mut().push(browser.clone());
        browser
    }

    /// Closes a browser, checks its errors, and opens another one with the same profile.
    ///
    /// # Panics
    /// If the browser has an error that was not allowed.
    pub async fn reopen(&self, browser: &Browser) -> Browser {
        let errors = browser.errors().await;
        assert!(errors.is_empty(), "in the browser {}: {errors:#?}", browser.name());
        browser.close().await;
        self.browsers.borrow_mut().retain(|other| !other.is(browser));
        let driver = self.driver.get().unwrap_or_else(|| panic!("ChromeDriver is not running"));
        let again = Browser::open(driver.url(), browser.name(), browser.profile(), browser.options()).await;
        self.browsers.borrow_mut().push(again.clone());
        again
    }

    /// Opens a browser, named like the member, and joins the house at `url`.
    pub async fn member(&self, url: &str, name: &str) -> Page {
        Page::join(self.browser(name, BrowserOptions::default()).await, url, name).await
    }

    async fn check_errors(&self) {
        let browsers = self.browsers.borrow().clone();
        for browser in browsers {
            let errors = browser.errors().await;
            assert!(errors.is_empty(), "in the browser {}: {errors:#?}", browser.name());
        }
    }

    async fn close(&self) {
        let browsers = self.browsers.take();
        for browser in browsers {
            browser.close().await;
        }
    }

    /// Saves each browser's screenshot, console, recorder entries and document, and the servers' logs.
    async fn save_artifacts(&self, test: &str) {
        let to = folder::artifacts(test);
        drop(fs::remove_dir_all(&to));
        if let Err(error) = fs::create_dir_all(&to) {
            eprintln!("cannot create {}: {error}", to.display());
            return;
        }
        for entry in fs::read_dir(self.folder()).into_iter().flatten().flatten() {
            if entry.path().extension().is_some_and(|ending| ending == "log") {
                drop(fs::copy(entry.path(), to.join(entry.file_name())));
            }
        }
        let browsers = self.browsers.borrow().clone();
        for browser in browsers {
            // A deadline for each, so that a browser that hangs does not block the others.
            let saved = timeout(Duration::from_secs(10), save_browser(&browser, &to));
            if !matches!(AssertUnwindSafe(saved).catch_unwind().await, Ok(Ok(()))) {
                eprintln!("the browser {} does not respond", browser.name());
            }
        }
        eprintln!("Screenshots and logs: {}", to.display());
    }
}

async fn save_browser(browser: &Browser, to: &Path) {
    if let Ok(image) = browser.screenshot_png().await {
        drop(fs::write(to.join(format!("{}.png", browser.name())), image));
    }
    let console = browser.console().await;
    let entries = browser.recorder_entries().await;
    let body: String = browser.execute("return document.documentElement.outerHTML", Vec::new()).await;
    let text = format!("{console:#?}\n{entries:#?}\n{body}\n");
    drop(fs::write(to.join(format!("{}.txt", browser.name())), text));
}
