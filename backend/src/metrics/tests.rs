use super::*;

#[test]
fn the_document_lists_every_family_and_every_reason() {
    let document = include_str!("../../../docs/metrics.md");
    let text = Metrics::default().write(&Observed::default());
    let families = text.lines().filter_map(|line| line.strip_prefix("# TYPE "));
    for (name, kind) in families.filter_map(|line| line.split_once(' ')) {
        let is_row =
            |line: &str| line.starts_with(&format!("| `{name}")) && line.contains(&format!("| {kind} |"));
        assert!(document.lines().any(is_row), "{name} {kind}");
    }
    for reason in RefusalReason::ALL {
        assert!(document.contains(&format!("`{}`", reason.label())), "{}", reason.label());
    }
}
