//! Versions: those that the project requires (Cargo.lock, Trunk.toml), and those that programs state.

use std::fs;

use crate::failure::{Failure, Outcome};
use crate::tree::Tree;

/// Versions that the page's tools must have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Wanted {
    /// Version of trunk, from `trunk-version` in Trunk.toml.
    pub(crate) trunk: String,
    /// Version of wasm-bindgen's tools: that of the crate in Cargo.lock.
    pub(crate) wasm_bindgen: String,
    /// Number of binaryen's version, from `wasm_opt = "version_…"` in Trunk.toml.
    pub(crate) wasm_opt: String,
}

impl Wanted {
    /// Reads Trunk.toml and Cargo.lock in the project's root folder.
    ///
    /// # Errors
    /// When a file is missing or lacks a version, or the two files disagree on wasm-bindgen.
    pub(crate) fn read(tree: &Tree) -> Outcome<Self> {
        let read = |name: &str| {
            let path = tree.root.join(name);
            fs::read_to_string(&path).map_err(|error| Failure::file("Reading", &path, &error))
        };
        Self::from_texts(&read("Trunk.toml")?, &read("Cargo.lock")?)
    }

    fn from_texts(trunk_toml: &str, cargo_lock: &str) -> Outcome<Self> {
        let setting = |key: &str| {
            setting(trunk_toml, key)
                .ok_or_else(|| Failure::new(format!("Trunk.toml does not set `{key}`. Add it.")))
        };
        let wasm_bindgen = locked(cargo_lock, "wasm-bindgen")
            .ok_or_else(|| Failure::new("Cargo.lock does not name wasm-bindgen. Run `cargo fetch` once."))?;
        let pinned = setting("wasm_bindgen")?;
        if pinned != wasm_bindgen {
            return Err(Failure::new(format!(
                "Cargo.lock has wasm-bindgen {wasm_bindgen}, but Trunk.toml has {pinned}. Set `wasm_bindgen` in \
                 Trunk.toml to {wasm_bindgen}."
            )));
        }
        let wasm_opt = setting("wasm_opt")?;
        Ok(Self {
            trunk: setting("trunk-version")?,
            wasm_bindgen,
            wasm_opt: wasm_opt.strip_prefix("version_").unwrap_or(&wasm_opt).to_owned(),
        })
    }
}

/// String value of a key that occurs once in a TOML file, on a line of its own.
fn setting(toml: &str, key: &str) -> Option<String> {
    toml.lines().find_map(|line| {
        let (name, value) = line.split_once('=')?;
        if name.trim() != key {
            return None;
        }
        value.split('"').nth(1).map(str::to_owned)
    })
}

/// Version of a package in Cargo.lock. Cargo writes one key to a line, the name before the version.
fn locked(lock: &str, package: &str) -> Option<String> {
    let name = format!("name = \"{package}\"");
    let mut lines = lock.lines().skip_while(|line| line.trim() != name);
    setting(lines.nth(1)?, "version")
}

/// Version in the output of `--version`: the first word that begins with a digit (`trunk 0.21.14`, `wasm-opt
/// version 132 (version_132)`, `Chromium 156.0.8078.79 built on Debian`).
pub(crate) fn stated(output: &str) -> Option<&str> {
    output.split_whitespace().find(|word| word.starts_with(|c: char| c.is_ascii_digit()))
}

/// Number before the first dot.
pub(crate) fn major(version: &str) -> Option<u32> {
    version.split('.').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOCK: &str = "[[package]]\nname = \"wasm-bindgen\"\nversion = \"0.2.130\"\nsource = \"x\"\n\n\
                        [[package]]\nname = \"wasm-bindgen-futures\"\nversion = \"0.4.80\"\n";
    const TRUNK: &str = "trunk-version = \"0.21.14\"\n[tools]\nwasm_bindgen = \"0.2.130\" # as in Cargo.lock\n\
                         wasm_opt = \"version_132\"\n";

    #[test]
    fn required_versions_are_read_from_both_files() {
        let wanted = Wanted::from_texts(TRUNK, LOCK).unwrap();
        assert_eq!(wanted.trunk, "0.21.14");
        assert_eq!(wanted.wasm_bindgen, "0.2.130");
        assert_eq!(wanted.wasm_opt, "132");
    }

    #[test]
    fn required_versions_fail_when_the_files_disagree_or_lack_one() {
        let newer = LOCK.replace("0.2.130", "0.2.131");
        let failure = Wanted::from_texts(TRUNK, &newer).unwrap_err().to_string();
        assert!(failure.contains("0.2.131") && failure.contains("Trunk.toml"), "{failure}");
        assert!(Wanted::from_texts(TRUNK, "version = 4\n").is_err());
        assert!(Wanted::from_texts("[tools]\n", LOCK).is_err());
    }

    #[test]
    fn the_projects_own_files_agree() {
        let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        let read = |name| fs::read_to_string(root.join(name)).unwrap();
        Wanted::from_texts(&read("Trunk.toml"), &read("Cargo.lock")).unwrap();
    }

    #[test]
    fn the_stated_version_is_the_first_number() {
        assert_eq!(stated("trunk 0.21.14\n"), Some("0.21.14"));
        assert_eq!(stated("wasm-bindgen 0.2.130 (27c7a4d06)"), Some("0.2.130"));
        assert_eq!(stated("wasm-opt version 132 (version_132)"), Some("132"));
        assert_eq!(stated("Chromium 156.0.8078.79 built on Debian GNU/Linux 12"), Some("156.0.8078.79"));
        assert_eq!(stated("no such command"), None);
    }

    #[test]
    fn the_major_version_is_before_the_first_dot() {
        assert_eq!(major("156.0.8078.79"), Some(156));
        assert_eq!(major("132"), Some(132));
        assert_eq!(major("x.1"), None);
    }
}
