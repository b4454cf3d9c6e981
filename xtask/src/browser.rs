//! Finds Chromium and ChromeDriver for the tests, or installs them. The variables `CHROME` and `CHROMEDRIVER`
//! come first, then PATH, then the packages of Debian or Ubuntu. Browser and driver must have the same major
//! version.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::failure::{Failure, Outcome};
use crate::progress::{self, Step, note};
use crate::tree::Tree;
use crate::version;

/// Names that the browser has on PATH.
const CHROMES: [&str; 5] =
    ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"];
/// Paths of browsers on systems that do not put them on PATH.
const CHROME_PLACES: [&str; 3] = [
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    r"C:\Program Files\Google\Chrome\Application\chrome.exe",
];
/// Paths at which packages install the driver without putting it on PATH.
const DRIVER_PLACES: [&str; 2] = ["/usr/lib/chromium/chromedriver", "/usr/lib/chromium-browser/chromedriver"];
/// Advice for systems on which this command cannot install a browser.
const ADVICE: &str = "install Chromium (or Google Chrome) and the ChromeDriver of the same major version, put both on PATH or \
                      name them in CHROME and CHROMEDRIVER, then run this again";
/// Package of the Chinese glyphs that the screenshots need.
const FONT: &str = "fonts-noto-cjk";

/// A browser and its driver, of the same major version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Browser {
    chrome: PathBuf,
    driver: PathBuf,
}

/// Finds browser and driver, or installs them.
///
/// # Errors
/// When they are missing and cannot be installed here.
pub(crate) fn ensure(tree: &Tree) -> Outcome<Browser> {
    let found = Browser::find(tree)?;
    let Some(system) = Apt::here(tree) else {
        return found.ok_or_else(|| Failure::new(format!("No browser for the tests was found: {ADVICE}.")));
    };
    let font = !system.has(tree, FONT);
    if let Some(found) = found {
        if font && system.may_install(tree).is_ok() {
            // Without the font, screenshots show Chinese text as boxes; that is no reason to stop.
            if let Err(failure) = system.install(tree, &[FONT]) {
                note(&failure.to_string());
            }
        }
        return Ok(found);
    }
    system.may_install(tree)?;
    let mut packages = system.browser.to_vec();
    packages.push(FONT);
    system.install(tree, &packages)?;
    Browser::find(tree)?.ok_or_else(|| {
        Failure::new(format!(
            "{} are installed, but their versions do not match: {ADVICE}.",
            packages.join(", ")
        ))
    })
}

/// Installs the program `program` from the package of the same name, if that needs no password. Returns
/// whether the program is there afterwards.
pub(crate) fn try_for(tree: &Tree, program: &'static str) -> bool {
    if tree.program(program).is_none()
        && let Some(system) = Apt::here(tree)
        && system.may_install(tree).is_ok()
        && let Err(failure) = system.install(tree, &[program])
    {
        note(&failure.to_string());
    }
    tree.program(program).is_some()
}

impl Browser {
    /// Finds the first browser and driver of the same major version.
    fn find(tree: &Tree) -> Outcome<Option<Self>> {
        let chromes = candidates(tree, "CHROME", &CHROMES, &CHROME_PLACES)?;
        let drivers = candidates(tree, "CHROMEDRIVER", &["chromedriver"], &DRIVER_PLACES)?;
        let drivers: Vec<_> = drivers.into_iter().map(|path| (major_of(tree, &path), path)).collect();
        for chrome in chromes {
            // On Windows the browser opens a window instead of printing its version, so its version is not
            // checked.
            let major = if cfg!(windows) { None } else { major_of(tree, &chrome) };
            let fits = |driver: &Option<u32>| cfg!(windows) || (driver.is_some() && *driver == major);
            if let Some((_, driver)) = drivers.iter().find(|(driver, _)| fits(driver)) {
                return Ok(Some(Self { chrome, driver: driver.clone() }));
            }
        }
        Ok(None)
    }

    /// Sets the variables that tell a test program which browser and driver to use.
    pub(crate) fn set_test_variables(&self, command: &mut Command) {
        command.env("CHROME", &self.chrome).env("CHROMEDRIVER", &self.driver);
    }

    /// Sets the same variables for wasm-bindgen's runner, and the runner's own. Without them the runner
    /// prefers another driver, and that driver finds another browser.
    ///
    /// # Errors
    /// When the page's `webdriver.json` cannot be read, or the copy cannot be written.
    pub(crate) fn set_wasm_test_variables(&self, tree: &Tree, command: &mut Command) -> Outcome {
        let from = tree.root.join("frontend").join("webdriver.json");
        let to = tree.target.join("xtask").join("webdriver.json");
        let settings = fs::read_to_string(&from).map_err(|error| Failure::file("Reading", &from, &error))?;
        let settings = with_binary(&settings, &self.chrome)
            .ok_or_else(|| Failure::new(format!("{} has no goog:chromeOptions.", from.display())))?;
        let written = to.parent().map_or(Ok(()), fs::create_dir_all).and_then(|()| fs::write(&to, settings));
        written.map_err(|error| Failure::file("Writing", &to, &error))?;
        self.set_test_variables(command);
        command.env("WASM_BINDGEN_TEST_WEBDRIVER_JSON", &to);
        // The runner waits 5 s for a driver to start and 20 s for the tests to end; a busy machine takes
        // longer.
        for (name, seconds) in
            [("WASM_BINDGEN_TEST_DRIVER_TIMEOUT", "30"), ("WASM_BINDGEN_TEST_TIMEOUT", "120")]
        {
            if env::var_os(name).is_none() {
                command.env(name, seconds);
            }
        }
        for driver in ["GECKODRIVER", "SAFARIDRIVER", "MSEDGEDRIVER", "CHROMEDRIVER"] {
            command.env_remove(format!("{driver}_REMOTE"));
            if driver != "CHROMEDRIVER" {
                command.env_remove(driver);
            }
        }
        Ok(())
    }
}

/// Adds the browser's path to the page's `webdriver.json`.
fn with_binary(settings: &str, chrome: &Path) -> Option<String> {
    const KEY: &str = "\"goog:chromeOptions\"";
    let (before, after) = settings.split_once(KEY)?;
    let (colon, rest) = after.split_once('{')?;
    let path = chrome.to_string_lossy().replace('\\', "\\\\").replace('"', "\\\"");
    Some(format!("{before}{KEY}{colon}{{ \"binary\": \"{path}\",{rest}"))
}

/// All programs that may be meant. If the variable is set, its program is the only candidate and must exist.
fn candidates(tree: &Tree, variable: &str, names: &[&str], places: &[&str]) -> Outcome<Vec<PathBuf>> {
    if let Some(value) = env::var_os(variable).filter(|it| !it.is_empty()) {
        let path = PathBuf::from(value);
        if path.is_file() {
            return Ok(vec![path]);
        }
        return Err(Failure::new(format!(
            "{variable} names {}, which does not exist. Correct or unset {variable}.",
            path.display()
        )));
    }
    let on_path = names.iter().filter_map(|name| tree.search.find(name));
    let elsewhere = places.iter().map(PathBuf::from).filter(|path| path.is_file());
    Ok(on_path.chain(elsewhere).collect())
}

fn major_of(tree: &Tree, program: &Path) -> Option<u32> {
    let output = tree.command(program).arg("--version").output().ok()?;
    version::major(version::stated(&String::from_utf8_lossy(&output.stdout))?)
}

/// A system that installs packages with apt-get.
#[derive(Clone, Debug)]
struct Apt {
    browser: [&'static str; 2],
    root: bool,
}

impl Apt {
    fn here(tree: &Tree) -> Option<Self> {
        tree.search.find("apt-get")?;
        let release = fs::read_to_string("/etc/os-release").unwrap_or_default();
        let browser = browser_packages(&release)?;
        let id = tree.command("id").arg("-u").output().ok()?;
        Some(Self { browser, root: id.stdout.trim_ascii() == b"0" })
    }

    fn has(&self, tree: &Tree, package: &str) -> bool {
        let output = tree.command("dpkg-query").args(["-W", "-f=${Status}", package]).output();
        output.is_ok_and(|it| it.stdout.ends_with(b" installed"))
    }

    /// Checks that this user may install packages. sudo asks for a password only on a terminal.
    fn may_install(&self, tree: &Tree) -> Outcome {
        if self.root {
            return Ok(());
        }
        let granted = tree.program("sudo").is_some_and(|mut sudo| {
            // `-v` asks for the password on the terminal and caches it; `-n` never asks.
            let arguments: &[&str] = if progress::is_on_terminal() { &["-v"] } else { &["-n", "true"] };
            sudo.args(arguments).status().is_ok_and(|it| it.success())
        });
        if granted {
            return Ok(());
        }
        Err(Failure::new(format!(
            "No browser for the tests was found, and this user is not allowed to install one. As root, run \
             `apt-get install {} {FONT}`, then run this again.",
            self.browser.join(" ")
        )))
    }

    fn install(&self, tree: &Tree, packages: &[&str]) -> Outcome {
        let apt = |arguments: &[&str]| {
            let mut command = tree.command(if self.root { "env" } else { "sudo" });
            if !self.root {
                command.args(["-n", "env"]);
            }
            command.args(["DEBIAN_FRONTEND=noninteractive", "apt-get", "-o", "DPkg::Lock::Timeout=120"]);
            command.args(arguments);
            command
        };
        let names = packages.join(" ");
        let sentence = format!("Cannot install {names}.");
        // Update the lists first, because old lists name packages that are gone. An update that fails for one
        // source is no reason to stop.
        let mut step = Step::new("Updating the system's package lists", "about 20 s");
        step.run(apt(&["update"]))?;
        step.done();
        let mut install = apt(&["install", "-y", "--no-install-recommends"]);
        install.args(packages);
        Step::new(format!("Installing {names}"), "about 1 min").must(install, &sentence)
    }
}

/// Names of the packages of browser and driver on Debian, on Ubuntu and on their derivatives.
fn browser_packages(os_release: &str) -> Option<[&'static str; 2]> {
    let value = |key: &str| {
        let line = os_release.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix('='));
        line.unwrap_or_default().trim_matches('"').to_owned()
    };
    let family = format!("{} {}", value("ID"), value("ID_LIKE"));
    let mut words = family.split_whitespace();
    match words.find(|word| ["debian", "ubuntu"].contains(word))? {
        "ubuntu" => Some(["chromium-browser", "chromium-chromedriver"]),
        _ => Some(["chromium", "chromium-driver"]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn browser_packages_depend_on_the_system() {
        let debian = Some(["chromium", "chromium-driver"]);
        let ubuntu = Some(["chromium-browser", "chromium-chromedriver"]);
        assert_eq!(browser_packages("PRETTY_NAME=\"Debian GNU/Linux 12\"\nID=debian\n"), debian);
        assert_eq!(browser_packages("ID=ubuntu\nID_LIKE=debian\n"), ubuntu);
        assert_eq!(browser_packages("ID=linuxmint\nID_LIKE=\"ubuntu debian\"\n"), ubuntu);
        assert_eq!(browser_packages("ID=raspbian\nID_LIKE=debian\n"), debian);
        assert_eq!(browser_packages("ID=fedora\n"), None);
        assert_eq!(browser_packages(""), None);
    }

    #[test]
    fn settings_get_the_browsers_path() {
        let settings = r#"{ "goog:chromeOptions": { "args": ["--headless=new"] } }"#;
        let got = with_binary(settings, Path::new("/usr/bin/chromium")).unwrap();
        assert_eq!(
            got,
            r#"{ "goog:chromeOptions": { "binary": "/usr/bin/chromium", "args": ["--headless=new"] } }"#
        );
        assert!(with_binary(settings, Path::new(r"C:\a b")).unwrap().contains(r#""C:\\a b""#));
        assert_eq!(with_binary("{}", Path::new("x")), None);
    }
}
