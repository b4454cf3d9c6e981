//! All that one test needs, and the end of all of it.

use crate::{
    driver::Driver,
    folder,
    house::House,
    page::Page,
    port,
    window::{Kind, Window},
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

/// How many scenes are played at a time, each with two or three browsers.
const SCENES_MAX: usize = 2;

/// How long a scene may take, whatever it waits for.
const SCENE: Duration = Duration::from_secs(240);

static SEATS: Semaphore = Semaphore::const_new(SCENES_MAX);

/// What a test plays on.
#[derive(Debug)]
pub struct Stage {
    folder: TempDir,
    driver: OnceCell<Driver>,
    windows: RefCell<Vec<Window>>,
    opened: Cell<usize>,
    /// Goes with the stage, after the windows.
    kept: RefCell<Vec<Rc<dyn Any>>>,
}

/// Plays a scene, and then asks each of its windows what went wrong.
///
/// # Panics
/// If the scene does, if it takes longer than [`SCENE`], or if something went
/// wrong in a window that was not allowed. What was seen is then left in
/// `target/e2e`.
pub async fn play(scene: impl AsyncFnOnce(&Stage)) {
    play_for(SCENE, scene).await;
}

/// As [`play`], with a deadline of its own.
pub async fn play_for(deadline: Duration, scene: impl AsyncFnOnce(&Stage)) {
    let seat = SEATS.acquire().await;
    let stage = Stage::set();
    let played = async {
        scene(&stage).await;
        stage.judge().await;
    };
    let ended = AssertUnwindSafe(timeout(deadline, played)).catch_unwind().await;
    let test = thread::current().name().unwrap_or("test").to_owned();
    match ended {
        Ok(Ok(())) => stage.close().await,
        Ok(Err(_)) => {
            stage.leave_evidence(&test).await;
            panic!("the scene took longer than {deadline:?}");
        }
        Err(panic) => {
            stage.leave_evidence(&test).await;
            resume_unwind(panic);
        }
    }
    drop(seat);
}

impl Stage {
    fn set() -> Stage {
        let folder = tempfile::Builder::new().prefix("teahouse-e2e-").tempdir();
        let folder = folder.unwrap_or_else(|error| panic!("no temporary folder: {error}"));
        Stage {
            folder,
            driver: OnceCell::new(),
            windows: RefCell::default(),
            opened: Cell::new(0),
            kept: RefCell::default(),
        }
    }

    /// A folder that goes with the stage.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Opens a house on a free port of loopback.
    pub async fn house(&self, more: &[&str]) -> Rc<House> {
        self.house_at(port::free(), more).await
    }

    /// Opens a house on this port of loopback.
    pub async fn house_at(&self, port: u16, more: &[&str]) -> Rc<House> {
        self.keep(House::open(self.folder(), port, more).await)
    }

    /// Keeps something until the windows are closed: what goes earlier would be
    /// a fault in them.
    pub fn keep<T: 'static>(&self, thing: T) -> Rc<T> {
        let thing = Rc::new(thing);
        self.kept.borrow_mut().push(thing.clone());
        thing
    }

    /// Opens a window.
    pub async fn window(&self, name: &str, kind: Kind) -> Window {
        let log = self.folder().join("chromedriver.log");
        let driver = self.driver.get_or_init(|| Driver::start(&log)).await;
        // Two windows may have one name, but never one profile.
        let number = self.opened.get();
        self.opened.set(number + 1);
        let profile = self.folder().join(format!("window-{number}"));
        let window = Window::open(driver.url(), name, &profile, kind).await;
        self.windows.borrow_mut().push(window.clone());
        window
    }

    /// Closes a window, asks what went wrong in it, and opens another with what its browser keeps.
    ///
    /// # Panics
    /// If something went wrong in it that was not allowed.
    pub async fn open_again(&self, window: &Window) -> Window {
        let faults = window.faults().await;
        assert!(faults.is_empty(), "in the window {}: {faults:#?}", window.name());
        window.close().await;
        self.windows.borrow_mut().retain(|other| !other.is(window));
        let driver = self.driver.get().unwrap_or_else(|| panic!("there was a window before"));
        let again = Window::open(driver.url(), window.name(), window.profile(), window.kind()).await;
        self.windows.borrow_mut().push(again.clone());
        again
    }

    /// Opens a window and comes into the house at `url`; the window is named after the member.
    pub async fn guest(&self, url: &str, name: &str) -> Page {
        Page::join(self.window(name, Kind::default()).await, url, name).await
    }

    async fn judge(&self) {
        let windows = self.windows.borrow().clone();
        for window in windows {
            let faults = window.faults().await;
            assert!(faults.is_empty(), "in the window {}: {faults:#?}", window.name());
        }
    }

    async fn close(&self) {
        let windows = self.windows.take();
        for window in windows {
            window.close().await;
        }
    }

    /// Leaves what each window shows and has noted, and what the houses printed.
    async fn leave_evidence(&self, test: &str) {
        let to = folder::evidence(test);
        drop(fs::remove_dir_all(&to));
        if let Err(error) = fs::create_dir_all(&to) {
            eprintln!("nothing can be left in {}: {error}", to.display());
            return;
        }
        for entry in fs::read_dir(self.folder()).into_iter().flatten().flatten() {
            if entry.path().extension().is_some_and(|ending| ending == "log") {
                drop(fs::copy(entry.path(), to.join(entry.file_name())));
            }
        }
        let windows = self.windows.borrow().clone();
        for window in windows {
            // A browser that hangs must not keep the others from being asked.
            let asked = timeout(Duration::from_secs(10), leave_window(&window, &to));
            if !matches!(AssertUnwindSafe(asked).catch_unwind().await, Ok(Ok(()))) {
                eprintln!("the window {} says nothing any more", window.name());
            }
        }
        eprintln!("What was seen is in {}", to.display());
    }
}

async fn leave_window(window: &Window, to: &Path) {
    if let Ok(picture) = window.picture().await {
        drop(fs::write(to.join(format!("{}.png", window.name())), picture));
    }
    let console = window.console().await;
    let notes = window.notes().await;
    let body: String = window.run("return document.documentElement.outerHTML", Vec::new()).await;
    let text = format!("{console:#?}\n{notes:#?}\n{body}\n");
    drop(fs::write(to.join(format!("{}.txt", window.name())), text));
}
