//! Environment variables that look like settings, but are none.
//!
//! They are reported and ignored, not refused: another program may have set them. Variables that Kubernetes
//! sets for a service named `teahouse` are not reported.

use super::nearest::nearest;
use super::source::{NAMES, env_name};

/// Prefix of every setting in the environment.
const PREFIX: &str = "TEAHOUSE_";

/// Returns a line for each variable that is no setting, sorted.
pub fn unknown_variables(variables: impl IntoIterator<Item = (String, String)>) -> Vec<String> {
    let known: Vec<String> = NAMES.iter().copied().chain(["config"]).map(env_name).collect();
    let mut lines: Vec<String> = variables
        .into_iter()
        .filter_map(|(name, value)| {
            let end = name.strip_prefix(PREFIX)?;
            if known.contains(&name) || is_of_a_service(end, &value) {
                return None;
            }
            let known_ends = known.iter().filter_map(|known| known.strip_prefix(PREFIX));
            Some(match nearest(end, known_ends) {
                Some(meant) => {
                    format!("{name}: unknown setting, ignored; did you mean {PREFIX}{meant}?")
                }
                None => format!("{name}: unknown setting, ignored; run teahouse --help for a list"),
            })
        })
        .collect();
    lines.sort_unstable();
    lines
}

/// Whether Kubernetes sets this variable for every container next to a service named `teahouse`.
fn is_of_a_service(end: &str, value: &str) -> bool {
    let is_one_port =
        end.strip_prefix("PORT_").is_some_and(|port| port.starts_with(|c: char| c.is_ascii_digit()));
    end == "SERVICE_HOST"
        || end == "SERVICE_PORT"
        || end.starts_with("SERVICE_PORT_")
        || is_one_port
        // Kubernetes sets `tcp://10.0.0.1:8888`. A bare number was set by a person who looks for a setting.
        || (end == "PORT" && value.contains("://"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reported(name: &str, value: &str) -> Option<String> {
        let mut lines = unknown_variables([(name.to_owned(), value.to_owned())]);
        assert!(lines.len() <= 1);
        lines.pop()
    }

    #[test]
    fn an_unknown_variable_is_reported_with_the_nearest_setting() {
        for (name, meant) in [
            ("TEAHOUSE_LISTN", "TEAHOUSE_LISTEN"),
            ("TEAHOUSE_LIMIT_POST", "TEAHOUSE_LIMIT_POSTS"),
            ("TEAHOUSE_PUBLICURL", "TEAHOUSE_PUBLIC_URL"),
            ("TEAHOUSE_ALLOWED_ORIGIN", "TEAHOUSE_ALLOW_ORIGIN"),
            ("TEAHOUSE_DATA_DIR", ""),
            ("TEAHOUSE_LANE", "TEAHOUSE_LAN"),
            ("TEAHOUSE_SUGAR", ""),
            ("TEAHOUSE_", ""),
        ] {
            let reported = reported(name, "1").unwrap();
            let (own, rest) = reported.split_once(": ").unwrap();
            assert_eq!(own, name);
            let found =
                rest.split_once("mean TEAHOUSE_").map(|_| rest.contains(&format!("did you mean {meant}?")));
            assert_eq!(found, (!meant.is_empty()).then_some(true), "{reported}");
        }
    }

    #[test]
    fn settings_and_kubernetes_variables_are_not_reported() {
        for (name, value) in [
            ("TEAHOUSE_LISTEN", ""),
            ("TEAHOUSE_CONFIG", ""),
            ("TEAHOUSE_ALLOW_ORIGIN", ""),
            ("TEAHOUSES_SUGAR", ""),
            ("PATH", ""),
            ("TEAHOUSE_SERVICE_HOST", "10.0.0.1"),
            ("TEAHOUSE_SERVICE_PORT", "8888"),
            ("TEAHOUSE_SERVICE_PORT_HTTP", "8888"),
            ("TEAHOUSE_PORT", "tcp://10.0.0.1:8888"),
            ("TEAHOUSE_PORT_8888_TCP", "tcp://10.0.0.1:8888"),
            ("TEAHOUSE_PORT_8888_TCP_ADDR", "10.0.0.1"),
        ] {
            assert_eq!(reported(name, value), None, "{name}");
        }
        assert!(reported("TEAHOUSE_PORT", "9000").is_some(), "a person has set it");
        assert!(reported("TEAHOUSE_PORT_HTTP", "9000").is_some());
    }
}
