use super::*;
use std::{ffi::OsString, fs};

fn read(arguments: &[&str], environment: &[(&str, &str)]) -> Result<Config, Vec<String>> {
    let look =
        |name: &str| environment.iter().find(|(key, _)| *key == name).map(|(_, value)| OsString::from(value));
    Config::parse(&RawSettings::collect(arguments.iter().map(OsString::from), look))
        .map_err(|ConfigErrors(lines)| lines)
}

fn write_file(text: &str) -> (String, impl Drop) {
    struct Remove(PathBuf);
    impl Drop for Remove {
        fn drop(&mut self) {
            let _ = fs::remove_file(&self.0);
        }
    }
    let name = format!(
        "teahouse-config-{}-{:x}.toml",
        std::process::id(),
        text.len() * 31 + usize::from(text.as_bytes()[0])
    );
    let path = std::env::temp_dir().join(name);
    fs::write(&path, text).unwrap();
    (path.to_str().unwrap().to_owned(), Remove(path))
}

#[test]
fn the_server_listens_on_loopback_by_default() {
    let config = read(&[], &[]).unwrap();
    assert_eq!(config, Config::default());
    assert_eq!(config.listen.to_string(), "localhost:8888");
    assert!(config.plain);
}

#[test]
fn flags_override_the_environment_which_overrides_the_file() {
    let (path, _remove) = write_file(
        "listen = \"127.0.0.1:1\"\nlimit_posts = 1\ntrust_proxy = true\nallow_origin = [\"http://a\", \"http://b:81\"]\n",
    );
    let config = read(
        &["--config", &path, "--listen", "127.0.0.1:3"],
        &[("TEAHOUSE_LISTEN", "127.0.0.1:2"), ("TEAHOUSE_LIMIT_POSTS", "2")],
    )
    .unwrap();
    assert_eq!(config.listen.port, 3);
    assert_eq!(config.limit_posts, 2);
    assert_eq!(config.trust_proxy, 1);
    assert_eq!(config.allow_origin, ["http://a", "http://b:81"]);
}

#[test]
fn every_wrong_setting_is_reported_at_once() {
    let (path, _remove) = write_file("data = \"\"\ncups = 4\nlan = [[{}]]\n");
    let errors = read(
        &[
            "--listen",
            "8888",
            "--limit-posts=-1",
            "--allow-origin",
            "tea",
            "--sugar",
            "--plain",
            "maybe",
            "stray",
        ],
        &[
            ("TEAHOUSE_PUBLIC_URL", "ftp://tea.example"),
            ("TEAHOUSE_TRUST_PROXY", "perhaps"),
            ("TEAHOUSE_CONFIG", &path),
        ],
    )
    .unwrap_err();
    for name in [
        "--listen:",
        "--limit-posts:",
        "--allow-origin:",
        "--sugar:",
        "--plain:",
        "stray",
        "TEAHOUSE_PUBLIC_URL:",
        "TEAHOUSE_TRUST_PROXY:",
        "data in",
        "cups in",
        "lan in",
    ] {
        assert!(errors.iter().any(|line| line.contains(name)), "{name} is not in {errors:#?}");
    }
    assert_eq!(errors.len(), 11, "{errors:#?}");
}

#[test]
fn a_task_may_be_given_before_or_after_flags() {
    let task = |arguments: &[&str]| read(arguments, &[]).map(|config| config.task);
    assert_eq!(task(&["--data", "tea"]), Ok(Task::Serve));
    assert_eq!(task(&["backup", "a.tea", "--data", "tea"]), Ok(Task::Backup("a.tea".into())));
    assert_eq!(task(&["--data", "tea", "restore", "--", "-a.tea"]), Ok(Task::Restore("-a.tea".into())));
    assert_eq!(task(&["check"]), Ok(Task::Check));
    assert_eq!(task(&["--repair", "check", "--data", "tea"]), Ok(Task::Repair));
    for (arguments, error) in [
        (&["backup"][..], "backup: name a file, as in teahouse backup FILE"),
        (&["restore", ""], "restore: name a file, as in teahouse restore FILE"),
        (&["backup", "-"], "backup: - is no file; name one, or ./- for a file of this name"),
        (&["--repair"], "--repair: goes with check, as in teahouse check --repair"),
        (&["backup", "a", "--repair"], "--repair: goes with check, as in teahouse check --repair"),
        (&["check", "a"], "a: unexpected argument; remove it"),
        (&["backup", "a", "b"], "b: unexpected argument; remove it"),
        (&["brew"], "brew: unknown command; run teahouse --help for a list"),
    ] {
        assert_eq!(task(arguments), Err(vec![error.to_owned()]));
    }
}

#[test]
fn a_missing_value_or_file_is_an_error() {
    assert_eq!(read(&["--listen"], &[]).unwrap_err(), ["--listen: a value is missing"]);
    assert!(
        read(&["--config", "/missing/settings.toml"], &[]).unwrap_err()[0]
            .starts_with("--config: /missing/settings.toml: ")
    );
    assert_eq!(
        read(&["--listen", "[::1]:1", "--listen", "[::1]:2"], &[]).unwrap_err(),
        ["--listen: was set more than once; set it once"]
    );
}

#[test]
fn lan_listens_on_all_interfaces_and_a_public_url_turns_text_off() {
    let config = read(&["--lan", "--listen", "127.0.0.1:9000"], &[]).unwrap();
    assert_eq!(config.listen, ListenAddress { host: ListenHost::All, port: 9000 });
    assert!(config.plain);
    assert!(!read(&["--public-url", "https://tea.example"], &[]).unwrap().plain);
    assert!(read(&["--public-url", "https://tea.example", "--plain", "on"], &[]).unwrap().plain);
    assert!(!read(&["--plain=off"], &[]).unwrap().plain);
    for path in ["https://tea.example/chat", "https://user@tea.example", "tea.example"] {
        assert!(read(&["--public-url", path], &[]).is_err(), "{path}");
    }
}

#[cfg(unix)]
#[test]
fn a_variable_that_is_not_utf_8_is_reported_by_its_name() {
    use std::os::unix::ffi::OsStringExt as _;
    let errors = |variable: &'static str| {
        let look = |name: &str| (name == variable).then(|| OsString::from_vec(b"/tea\xff".to_vec()));
        Config::parse(&RawSettings::collect([], look)).unwrap_err().0
    };
    for name in ["TEAHOUSE_DATA", "TEAHOUSE_CONFIG", "TEAHOUSE_LAN"] {
        assert_eq!(errors(name), [format!("{name}: the value is not valid UTF-8")]);
    }
}

#[test]
fn names_of_the_house_are_read_from_every_source() {
    let names = ["nas.lan", "teapot.tailnet-1.ts.net"];
    assert_eq!(read(&["--host", "nas.lan", "--host", "TeaPot.tailnet-1.ts.net."], &[]).unwrap().host, names);
    let variable = [("TEAHOUSE_HOST", "nas.lan teapot.tailnet-1.ts.net")];
    assert_eq!(read(&[], &variable).unwrap().host, names);
    let (path, _remove) = write_file("host = [\"nas.lan\", \"teapot.tailnet-1.ts.net\"]\n");
    assert_eq!(read(&["--config", &path], &[]).unwrap().host, names);
    for wrong in ["nas.lan:80", "https://nas.lan", "127.0.0.1", "a/b", "", "."] {
        let errors = read(&["--host", wrong], &[]).unwrap_err();
        assert!(errors[0].starts_with("--host: ") && errors[0].contains("host name"), "{errors:?}");
    }
}

#[test]
fn an_unknown_setting_is_refused_with_the_nearest_one() {
    let (path, _remove) = write_file("limit-posts = 3\ndatta = \"x\"\nsugar = 1\n");
    assert_eq!(
        read(&["--config", &path, "--lisen=x"], &[]).unwrap_err(),
        [
            "--lisen: unknown option; did you mean --listen?",
            "datta in the configuration file: unknown setting; did you mean data?",
            "limit-posts in the configuration file: unknown setting; did you mean limit_posts?",
            "sugar in the configuration file: unknown setting; run teahouse --help for a list",
        ]
    );
}

#[test]
fn a_number_of_proxies_can_be_trusted() {
    for (text, expected) in [
        ("on", Some(1)),
        ("off", Some(0)),
        ("0", Some(0)),
        ("1", Some(1)),
        ("15", Some(15)),
        ("16", Some(16)),
        ("17", None),
        ("-1", None),
        ("yes", None),
    ] {
        let read = read(&[&format!("--trust-proxy={text}")], &[]);
        assert_eq!(read.ok().map(|config| config.trust_proxy), expected, "{text}");
    }
}

#[test]
fn a_public_url_with_a_path_is_refused_with_a_sentence() {
    let errors = read(&["--public-url", "https://example.com/chat"], &[]).unwrap_err();
    assert_eq!(
        errors,
        [
            "--public-url: \"https://example.com/chat\" has a path, but the house needs a host name of its own, such as https://tea.example"
        ]
    );
}

#[test]
fn metrics_are_served_on_this_machine_unless_an_address_is_named() {
    assert_eq!(read(&[], &[]).unwrap().metrics, None);
    let (path, _remove) = write_file("metrics = 9464 # a port\n");
    let loopback = Some(ListenAddress { host: ListenHost::Loopback, port: 9464 });
    assert_eq!(read(&["--metrics", "9464"], &[]).unwrap().metrics, loopback);
    assert_eq!(read(&[], &[("TEAHOUSE_METRICS", "9464")]).unwrap().metrics, loopback);
    assert_eq!(read(&["--config", &path], &[]).unwrap().metrics, loopback);
    let named = read(&["--metrics", "10.0.0.5:9464"], &[]).unwrap().metrics.unwrap();
    assert_eq!(named, ListenAddress { host: ListenHost::Ip("10.0.0.5".parse().unwrap()), port: 9464 });
    for text in ["", "on", "99999", "10.0.0.5"] {
        let errors = read(&["--metrics", text], &[]).unwrap_err();
        assert!(errors[0].starts_with("--metrics: ") && errors[0].contains("neither a port"), "{errors:?}");
    }
}
