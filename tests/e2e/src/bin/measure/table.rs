//! The table of figures, each beside its budget.

use std::fmt::Write;

/// Values of one figure.
#[derive(Clone, Debug)]
pub(crate) struct Values(Vec<f64>);

impl Values {
    /// Sorts the values.
    ///
    /// # Panics
    /// If there are none.
    pub(crate) fn new(mut values: Vec<f64>) -> Values {
        assert!(!values.is_empty(), "nothing was measured");
        values.sort_by(f64::total_cmp);
        Values(values)
    }

    /// Returns the value below which `share` of the values lie, by the nearest rank.
    pub(crate) fn quantile(&self, share: f64) -> f64 {
        let rank = (share * self.0.len() as f64).ceil() as usize;
        self.0[rank.clamp(1, self.0.len()) - 1]
    }

    /// Returns the median.
    pub(crate) fn median(&self) -> f64 {
        self.quantile(0.5)
    }

    /// Returns the smallest value, the 95th of a hundred, and the largest, for the table.
    pub(crate) fn spread(&self) -> String {
        format!("{:.1} / {:.1} / {:.1}", self.quantile(0.0), self.quantile(0.95), self.quantile(1.0))
    }
}

/// The rows of the table.
#[derive(Clone, Debug, Default)]
pub(crate) struct Table {
    text: String,
    misses: u32,
}

impl Table {
    /// Adds a figure with its budget: the largest value that holds.
    pub(crate) fn add(&mut self, figure: &str, value: f64, budget: f64, spread: &str) {
        let verdict = if value <= budget { "holds" } else { "MISSED" };
        self.misses += u32::from(value > budget);
        // Writing to a String does not fail.
        let _ = writeln!(self.text, "{figure:58}{value:>10.1}{budget:>10.1}  {verdict:8}{spread}");
    }

    /// Adds a figure that has no budget.
    pub(crate) fn note(&mut self, figure: &str, value: f64, spread: &str) {
        let _ = writeln!(self.text, "{figure:58}{value:>10.1}{:>10}  {:8}{spread}", "", "");
    }

    /// Prints the table. Returns whether every budget holds.
    pub(crate) fn print(&self) -> bool {
        println!("{:58}{:>10}{:>10}  {:8}min / p95 / max", "", "value", "budget", "");
        print!("{}", self.text);
        self.misses == 0
    }
}
