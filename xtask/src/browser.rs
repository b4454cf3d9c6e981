//! Chromium and ChromeDriver for the tests: found where `CHROME` and `CHROMEDRIVER` say or on PATH, else from the
//! packages of Debian or Ubuntu. The two must be of one major version.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::failure::{Failure, Outcome};
use crate::progress::{self, Step, note};
use crate::tree::Tree;
use crate::version;

/// Names of the browser on PATH.
const CHROMES: [&str; 5] =
    ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"];
/// Where browsers are on systems that do not put them on PATH.
const CHROME_PLACES: [&str; 3] = [
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    r"C:\Program Files\Google\Chrome\Application\chrome.exe",
];
/// Where packages put the driver when not on PATH.
const DRIVER_PLACES: [&str; 2] = ["/usr/lib/chromium/chromedriver", "/usr/lib/chromium-browser/chromedriver"];
/// What to do where nothing can be installed by itself.
const ADVICE: &str = "install Chromium (or Google Chrome) and the ChromeDriver of the same major version, put both on PATH or \
                      name them in CHROME and CHROMEDRIVER, then run this again";
/// The Chinese glyphs that the screenshots need.
const FONT: &str = "fonts-noto-cjk";

/// A browser and its driver, of one major version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Browser {
    chrome: PathBuf,
    driver: PathBuf,
}

/// Finds the two, or installs them.
///
/// # Errors
/// When they are not there and cannot be installed here.
pub(crate) fn ensure(tree: &Tree) -> Outcome<Browser> {
    let found = Browser::find(tree)?;
    let Some(system) = Apt::here(tree) else {
        return found.ok_or_else(|| Failure::new(format!("No browser for the tests was found: {ADVICE}.")));
    };
    let font = !system.has(tree, FONT);
    if let Some(found) = found {
        if font && system.may_install(tree).is_ok() {
            // Without the font Chinese text is only boxes on the screenshots: no reason to stop.
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

/// Installs the program of this name, whose package has the same, where that can be done without a
/// question. Whether it is there then.
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
    /// The first browser and driver of one major version.
    fn find(tree: &Tree) -> Outcome<Option<Self>> {
        let chromes = candidates(tree, "CHROME", &CHROMES, &CHROME_PLACES)?;
        let drivers = candidates(tree, "CHROMEDRIVER", &["chromedriver"], &DRIVER_PLACES)?;
        let drivers: Vec<_> = drivers.into_iter().map(|path| (major_of(tree, &path), path)).collect();
        for chrome in chromes {
            // On Windows the browser opens a window instead of printing its version: it is taken at its word.
            let major = if cfg!(windows) { None } else { major_of(tree, &chrome) };
            let fits = |driver: &Option<u32>| cfg!(windows) || (driver.is_some() && *driver == major);
            if let Some((_, driver)) = drivers.iter().find(|(driver, _)| fits(driver)) {
                return Ok(Some(Self { chrome, driver: driver.clone() }));
            }
        }
        Ok(None)
    }

    /// Tells a test program which browser and driver to use.
    pub(crate) fn for_tests(&self, command: &mut Command) {
        command.env("CHROME", &self.chrome).env("CHROMEDRIVER", &self.driver);
    }

    /// The same for wasm-bindgen's runner, which would take another driver first and the browser that its driver finds.
    ///
    /// # Errors
    /// When the page's `webdriver.json` cannot be read, or ours not written.
    pub(crate) fn for_wasm_tests(&self, tree: &Tree, command: &mut Command) -> Outcome {
        let from = tree.root.join("frontend").join("webdriver.json");
        let to = tree.target.join("xtask").join("webdriver.json");
        let settings = fs::read_to_string(&from).map_err(|error| Failure::file("Reading", &from, &error))?;
        let settings = with_binary(&settings, &self.chrome)
            .ok_or_else(|| Failure::new(format!("{} has no goog:chromeOptions.", from.display())))?;
        let written = to.parent().map_or(Ok(()), fs::create_dir_all).and_then(|()| fs::write(&to, settings));
        written.map_err(|error| Failure::file("Writing", &to, &error))?;
        self.for_tests(command);
        command.env("WASM_BINDGEN_TEST_WEBDRIVER_JSON", &to);
        // A busy machine takes longer than the runner's 5 s to start a driver and 20 s to run the tests.
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

/// The page's settings for its browser with the browser's own path put in.
fn with_binary(settings: &str, chrome: &Path) -> Option<String> {
    const KEY: &str = "\"goog:chromeOptions\"";
    let (before, after) = settings.split_once(KEY)?;
    let (colon, rest) = after.split_once('{')?;
    let path = chrome.to_string_lossy().replace('\\', "\\\\").replace('"', "\\\"");
    Some(format!("{before}{KEY}{colon}{{ \"binary\": \"{path}\",{rest}"))
}

/// Every program that may be meant. What the variable names is taken alone, and must be there.
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

/// A system whose packages are installed with apt-get.
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

    /// Whether packages can be installed by this user, who is asked for a password only on a terminal.
    fn may_install(&self, tree: &Tree) -> Outcome {
        if self.root {
            return Ok(());
        }
        let granted = tree.program("sudo").is_some_and(|mut sudo| {
            // `-v` asks for the password on the terminal and remembers it; `-n` never asks.
            let arguments: &[&str] = if progress::is_live() { &["-v"] } else { &["-n", "true"] };
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
        // Old lists name packages that are gone, so they are renewed first; a broken foreign source is no reason to stop.
        let mut step = Step::new("Updating the system's package lists", "about 20 s");
        step.run(apt(&["update"]))?;
        step.done();
        let mut install = apt(&["install", "-y", "--no-install-recommends"]);
        install.args(packages);
        Step::new(format!("Installing {names}"), "about 1 min").must(install, &sentence)
    }
}

/// Browser and driver as Debian and Ubuntu (and what is derived from them) call them.
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
    fn packages_by_system() {
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
    fn the_browsers_path_is_put_into_the_settings() {
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
