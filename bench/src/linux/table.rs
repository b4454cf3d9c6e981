//! Measured figures, each in a row with its bound.

use std::fmt;

/// Prints one line of a measurement in progress. Each cell has a width; the first two cells (pair and name)
/// are aligned to the left, the others to the right.
pub(crate) fn print_line<const N: usize>(widths: [usize; N], cells: [String; N]) {
    let padded: Vec<String> = widths
        .iter()
        .zip(cells)
        .enumerate()
        .map(|(at, (&width, cell))| match at {
            0 | 1 => format!("{cell:<width$}"),
            _ => format!("{cell:>width$}"),
        })
        .collect();
    println!("{}", padded.join("  ").trim_end());
}

/// Rows of the closing table.
#[derive(Debug)]
pub(crate) struct Table {
    rows: Vec<Row>,
}

#[derive(Debug)]
struct Row {
    what: String,
    figure: String,
    bound: Option<Bound>,
}

#[derive(Debug)]
struct Bound {
    text: String,
    holds: bool,
}

impl Table {
    /// A table without rows.
    pub(crate) fn new() -> Self {
        Self { rows: Vec::new() }
    }

    /// Adds a figure that has no bound.
    pub(crate) fn note(&mut self, what: impl Into<String>, figure: impl Into<String>) {
        self.rows.push(Row { what: what.into(), figure: figure.into(), bound: None });
    }

    /// Adds a figure with its bound, and prints whether the bound holds.
    pub(crate) fn judge(
        &mut self,
        what: impl Into<String>,
        figure: impl Into<String>,
        bound: impl Into<String>,
        holds: bool,
    ) {
        let (what, figure, text) = (what.into(), figure.into(), bound.into());
        println!("{what}: {figure}; bound {text}: {}", verdict(holds));
        self.rows.push(Row { what, figure, bound: Some(Bound { text, holds }) });
    }

    /// Whether all bounds hold.
    pub(crate) fn all_hold(&self) -> bool {
        self.rows.iter().filter_map(|row| row.bound.as_ref()).all(|bound| bound.holds)
    }
}

fn verdict(holds: bool) -> &'static str {
    if holds { "holds" } else { "does not hold" }
}

impl fmt::Display for Table {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(out, "| what | measured | bound | |")?;
        write!(out, "|---|---|---|---|")?;
        for row in &self.rows {
            let (text, holds) = match &row.bound {
                Some(bound) => (bound.text.as_str(), verdict(bound.holds)),
                None => ("–", ""),
            };
            write!(out, "\n| {} | {} | {text} | {holds} |", row.what, row.figure)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_fails_when_one_bound_does() {
        let mut table = Table::new();
        assert!(table.all_hold());
        table.note("a", "1");
        table.judge("b", "2", "3", true);
        assert!(table.all_hold());
        table.judge("c", "4", "3", false);
        table.judge("d", "2", "3", true);
        assert!(!table.all_hold());
        let text = table.to_string();
        assert!(text.contains("| c | 4 | 3 | does not hold |"), "{text}");
        assert!(text.contains("| a | 1 | – |  |"), "{text}");
    }
}
