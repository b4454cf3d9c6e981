//! The settings: flags, then the environment (`TEAHOUSE_*`), then a TOML file, then defaults. All wrong
//! settings are reported at once, each by its name.

mod listen;
mod nearest;
mod source;
mod task;
mod unknown;

pub use listen::{ListenAddress, ListenHost};
pub use source::{RawSettings, SettingSource};
pub use task::Task;
pub use unknown::unknown_variables;

use crate::limits::PROXY_HOPS_MAX;
use hub::limits::POSTS_PER_S;
use std::path::PathBuf;
use url::Url;

/// Text of `--help`.
pub const HELP: &str = "\
Teahouse: group chat that starts with one command.

Usage: teahouse [OPTIONS]                start the server
       teahouse backup FILE [OPTIONS]    copy the database to FILE; the server may be running
       teahouse restore FILE [OPTIONS]   put a backup into a data folder that has no database yet
       teahouse check [OPTIONS]          check the database for damage; the server may be running
       teahouse check --repair [OPTIONS] blank what cannot be read; the server must be stopped

  --listen ADDRESS       address or host name, and port, to listen on [localhost:8888]
  --lan                  listen on all interfaces; print the address and a QR code for other devices
  --public-url URL       address that people open when the server is behind a proxy
  --allow-origin ORIGIN  another origin whose pages may connect (can be repeated)
  --host NAME            another name of the house (can be repeated)
  --trust-proxy on|off|N trust X-Forwarded-For, -Host and -Proto, or Forwarded, of N proxies [off]
  --plain on|off         allow WebSocket clients without a name [on; off with --public-url]
  --limit-posts N        messages a second that a member may send, 0 for no limit [20]
  --data DIR             folder for the database and other data [teahouse-data]
  --metrics ADDRESS      serve metrics for Prometheus at http://ADDRESS/metrics; only a port: this machine
  --config FILE          read settings from a TOML file: listen = \"…\", lan = true, …
  --help, --version

Environment variables set the same: TEAHOUSE_LISTEN, TEAHOUSE_LAN, …
Flags override environment variables; environment variables override the file.
";

/// All settings of the program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// Task of the program.
    pub task: Task,
    /// Address to listen on.
    pub listen: ListenAddress,
    /// Whether to listen on all interfaces and print the address in the local network.
    pub lan: bool,
    /// Address that people open, if a proxy serves the house there.
    pub public_url: Option<Url>,
    /// Other origins whose pages may connect, as browsers write them.
    pub allow_origin: Vec<String>,
    /// Further names of the house, in lower case.
    pub host: Vec<String>,
    /// Proxies in front of the server whose `X-Forwarded-…` and `Forwarded` headers are believed.
    pub trust_proxy: usize,
    /// Whether clients may open a WebSocket in the text dialect, without a name.
    pub plain: bool,
    /// Messages a second for each member; 0 means no limit.
    pub limit_posts: u32,
    /// Address of the listener for metrics, if there is one.
    pub metrics: Option<ListenAddress>,
    /// Folder of the house's database.
    pub data: PathBuf,
}

impl Default for Config {
    fn default() -> Self {
        Config {
            task: Task::Serve,
            listen: ListenAddress { host: ListenHost::Loopback, port: 8888 },
            lan: false,
            public_url: None,
            allow_origin: Vec::new(),
            host: Vec::new(),
            trust_proxy: 0,
            plain: true,
            limit_posts: POSTS_PER_S,
            metrics: None,
            data: PathBuf::from("teahouse-data"),
        }
    }
}

/// The errors of all settings, one line each.
#[derive(Debug, PartialEq, Eq)]
pub struct ConfigErrors(pub Vec<String>);

impl Config {
    /// Parses the settings that were collected.
    ///
    /// # Errors
    ///
    /// Every setting that is wrong, by the name under which it was set.
    pub fn parse(raw: &RawSettings) -> Result<Self, ConfigErrors> {
        let mut errors = raw.errors.clone();
        let default = Config::default();
        let mut config = Config {
            task: Task::read(raw, &mut errors),
            listen: single(raw, "listen", ListenAddress::parse, &mut errors).unwrap_or(default.listen),
            lan: single(raw, "lan", parse_switch, &mut errors).unwrap_or(default.lan),
            public_url: single(raw, "public-url", parse_public_url, &mut errors),
            allow_origin: multiple(raw, "allow-origin", parse_origin, &mut errors),
            host: multiple(raw, "host", parse_host, &mut errors),
            trust_proxy: single(raw, "trust-proxy", parse_hops, &mut errors).unwrap_or(default.trust_proxy),
            plain: true,
            limit_posts: single(raw, "limit-posts", parse_number, &mut errors).unwrap_or(default.limit_posts),
            metrics: single(raw, "metrics", parse_metrics, &mut errors),
            data: single(raw, "data", parse_folder, &mut errors).unwrap_or(default.data),
        };
        config.plain = single(raw, "plain", parse_switch, &mut errors).unwrap_or(config.public_url.is_none());
        if config.lan {
            config.listen.host = ListenHost::All;
        }
        if errors.is_empty() { Ok(config) } else { Err(ConfigErrors(errors)) }
    }
}

fn single<T>(
    raw: &RawSettings,
    name: &'static str,
    parse: fn(&str) -> Result<T, String>,
    errors: &mut Vec<String>,
) -> Option<T> {
    let (source, values) = raw.values.get(name)?;
    if let [_, _, ..] = &values[..] {
        errors.push(format!("{}: was set more than once; set it once", source.name(name)));
    }
    parse(values.last()?).map_err(|why| errors.push(format!("{}: {why}", source.name(name)))).ok()
}

fn multiple<T>(
    raw: &RawSettings,
    name: &'static str,
    parse: fn(&str) -> Result<T, String>,
    errors: &mut Vec<String>,
) -> Vec<T> {
    let Some((source, values)) = raw.values.get(name) else { return Vec::new() };
    let mut parsed = Vec::new();
    for value in values {
        match parse(value) {
            Ok(value) => parsed.push(value),
            Err(why) => errors.push(format!("{}: {why}", source.name(name))),
        }
    }
    parsed
}

fn parse_switch(text: &str) -> Result<bool, String> {
    match text {
        "on" | "true" | "1" => Ok(true),
        "off" | "false" | "0" => Ok(false),
        _ => Err(format!("{text:?} must be on or off")),
    }
}

fn parse_number(text: &str) -> Result<u32, String> {
    text.parse().map_err(|_| format!("{text:?} must be a whole number from 0 to {}", u32::MAX))
}

fn parse_metrics(text: &str) -> Result<ListenAddress, String> {
    match text.parse() {
        Ok(port) => Ok(ListenAddress { host: ListenHost::Loopback, port }),
        Err(_) => ListenAddress::parse(text).map_err(|_| {
            format!(
                "{text:?} is neither a port, such as 9464, nor an address with a port, such as 10.0.0.5:9464"
            )
        }),
    }
}

fn parse_hops(text: &str) -> Result<usize, String> {
    match text {
        "on" | "true" => Ok(1),
        "off" | "false" => Ok(0),
        number => number.parse().ok().filter(|hops| *hops <= PROXY_HOPS_MAX).ok_or_else(|| {
            format!("{text:?} must be on, off, or the number of proxies from 0 to {PROXY_HOPS_MAX}")
        }),
    }
}

fn parse_host(text: &str) -> Result<String, String> {
    let name = match url::Host::parse(text) {
        Ok(url::Host::Domain(name)) => name.trim_end_matches('.').to_lowercase(),
        _ => String::new(),
    };
    if name.is_empty() {
        return Err(format!("{text:?} is not a host name such as tea.lan (without a port)"));
    }
    Ok(name)
}

fn parse_folder(text: &str) -> Result<PathBuf, String> {
    if text.is_empty() { Err("the name of the folder is empty".to_owned()) } else { Ok(PathBuf::from(text)) }
}

fn parse_public_url(text: &str) -> Result<Url, String> {
    let why = || format!("{text:?} is not a URL such as https://tea.example (without a path)");
    let url = Url::parse(text).map_err(|_| why())?;
    if url.path() != "/" {
        return Err(format!(
            "{text:?} has a path, but the house needs a host name of its own, such as https://tea.example"
        ));
    }
    let is_bare =
        url.path() == "/" && url.query().is_none() && url.fragment().is_none() && url.username().is_empty();
    let is_web = matches!(url.scheme(), "http" | "https") && url.has_host();
    if is_bare && is_web { Ok(url) } else { Err(why()) }
}

fn parse_origin(text: &str) -> Result<String, String> {
    let url = parse_public_url(text)
        .map_err(|_| format!("{text:?} is not an origin such as https://tea.example:444"))?;
    Ok(url.origin().ascii_serialization())
}

#[cfg(test)]
mod tests;
