//! Prometheus' text format, version 0.0.4: one family after another, each with its help, its type and its samples.

use super::Histogram;
use std::fmt::{Display, Write as _};

/// Content type of the format.
pub const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Type of a family.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Counter,
    Gauge,
    Histogram,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Kind::Counter => "counter",
            Kind::Gauge => "gauge",
            Kind::Histogram => "histogram",
        }
    }
}

/// The text so far.
#[derive(Debug, Default)]
pub(super) struct Exposition(String);

impl Exposition {
    /// Begins a family. Its samples follow.
    pub(super) fn family(&mut self, name: &str, kind: Kind, help: &str) {
        self.line(format_args!("# HELP {name} {help}"));
        self.line(format_args!("# TYPE {name} {}", kind.name()));
    }

    /// Writes a sample of the family.
    pub(super) fn sample(&mut self, name: &str, labels: &[(&str, &str)], value: impl Display) {
        let labels: Vec<_> =
            labels.iter().map(|(label, value)| format!("{label}=\"{}\"", escaped(value))).collect();
        match labels.is_empty() {
            true => self.line(format_args!("{name} {value}")),
            false => self.line(format_args!("{name}{{{}}} {value}", labels.join(","))),
        }
    }

    /// Writes a family with one sample and no labels.
    pub(super) fn single(&mut self, name: &str, kind: Kind, help: &str, value: impl Display) {
        self.family(name, kind, help);
        self.sample(name, &[], value);
    }

    /// Writes a histogram.
    pub(super) fn histogram(&mut self, name: &str, help: &str, histogram: &Histogram) {
        self.family(name, Kind::Histogram, help);
        let (buckets, sum_s) = histogram.read();
        let (bucket, mut total) = (format!("{name}_bucket"), 0);
        for (bound, count) in buckets {
            total += count;
            let bound = bound.map_or_else(|| "+Inf".to_owned(), |bound| bound.to_string());
            self.sample(&bucket, &[("le", &bound)], total);
        }
        self.sample(&format!("{name}_sum"), &[], sum_s);
        self.sample(&format!("{name}_count"), &[], total);
    }

    /// The whole text.
    pub(super) fn into_text(self) -> String {
        self.0
    }

    fn line(&mut self, line: std::fmt::Arguments<'_>) {
        // Writing to a string does not fail.
        let _ = writeln!(self.0, "{line}");
    }
}

fn escaped(value: &str) -> String {
    value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn each_family_has_its_help_its_type_and_its_samples() {
        let mut text = Exposition::default();
        text.single("tea_cups", Kind::Gauge, "Cups.", 3);
        text.family("tea_total", Kind::Counter, "Teas.");
        text.sample("tea_total", &[("kind", "a\"b\\c\nd"), ("cold", "no")], 1.5);
        let expected = "# HELP tea_cups Cups.\n# TYPE tea_cups gauge\ntea_cups 3\n# HELP tea_total Teas.\n\
                        # TYPE tea_total counter\ntea_total{kind=\"a\\\"b\\\\c\\nd\",cold=\"no\"} 1.5\n";
        assert_eq!(text.into_text(), expected);
    }

    #[test]
    fn the_buckets_of_a_histogram_are_cumulative() {
        let histogram = Histogram::new(&[0.000_5, 1.0]);
        for ms in [0, 1, 1_000, 1_001] {
            histogram.observe(Duration::from_millis(ms));
        }
        let mut text = Exposition::default();
        text.histogram("tea_seconds", "Time.", &histogram);
        let expected = "# HELP tea_seconds Time.\n# TYPE tea_seconds histogram\n\
                        tea_seconds_bucket{le=\"0.0005\"} 1\ntea_seconds_bucket{le=\"1\"} 3\n\
                        tea_seconds_bucket{le=\"+Inf\"} 4\ntea_seconds_sum 2.002\ntea_seconds_count 4\n";
        assert_eq!(text.into_text(), expected);
    }
}
