//! The geometry of the latency chart and its bars, in units of an SVG whose y axis points down.

use crate::limits::COMPARE_S;

/// The width of the chart.
pub const WIDTH: u64 = 1_200;

/// The height of the chart.
pub const HEIGHT: u64 = 600;

/// The latencies of the horizontal lines from bottom to top, in milliseconds. Each is ten times the
/// one before.
pub const LINES_MS: [u64; 5] = [1, 10, 100, 1_000, 10_000];

/// The length of the longest bar.
pub const BAR: u64 = 1_000;

/// A point in the chart.
pub type Point = (u64, u64);

/// The point of a message that left at `at` with this latency, both in microseconds. A point
/// outside the chart moves to the edge.
pub fn point(at: u64, latency: u64) -> Point {
    let x = (at * WIDTH / (COMPARE_S * 1_000_000)).min(WIDTH);
    (x, height(latency))
}

/// The y coordinate of a latency in microseconds.
pub fn height(latency: u64) -> u64 {
    let milliseconds = (latency as f64 / 1_000.0).clamp(1.0, 10_000.0);
    let above = milliseconds.log10() / (LINES_MS.len() - 1) as f64;
    HEIGHT - (above * HEIGHT as f64).round() as u64
}

/// A mark for each point, as the `d` of a path. Each entry has a shape of its own, readable without
/// colour.
pub fn marks(entry: usize, points: &[Point]) -> String {
    let form = match entry {
        0 => "m-9 0a9 9 0 1 0 18 0a9 9 0 1 0-18 0z",
        1 => "m-8-8h16v16h-16z",
        2 => "m0-11l11 19h-22z",
        _ => "m0-12l12 12l-12 12l-12-12z",
    };
    points.iter().map(|(x, y)| format!("M{x} {y}{form}")).collect()
}

/// A line through the points, as the `d` of a path.
pub fn line(points: &[Point]) -> String {
    let step = |(at, (x, y)): (usize, &Point)| format!("{}{x} {y}", if at == 0 { 'M' } else { 'L' });
    points.iter().enumerate().map(step).collect()
}

/// The length of a bar relative to the longest. A value above 0 is always visible.
pub fn bar(value: u64, longest: u64) -> u64 {
    if value == 0 || longest == 0 {
        return 0;
    }
    (u128::from(value) * u128::from(BAR) / u128::from(longest)).clamp(1, u128::from(BAR)) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chart_lines_are_evenly_spaced() {
        for (at, ms) in LINES_MS.into_iter().enumerate() {
            assert_eq!(height(ms * 1_000), HEIGHT - HEIGHT / 4 * at as u64, "{ms}");
        }
        assert_eq!(
            (height(0), height(999), height(u64::MAX)),
            (HEIGHT, HEIGHT, 0),
            "latencies outside move to the edge"
        );
        assert!(height(3_000) < height(2_000), "longer is higher");
    }

    #[test]
    fn a_minute_spans_the_width_of_the_chart() {
        let minute = COMPARE_S * 1_000_000;
        for (at, x) in
            [(0, 0), (minute / 2, WIDTH / 2), (minute - 1, WIDTH - 1), (minute, WIDTH), (minute + 1, WIDTH)]
        {
            assert_eq!(point(at, 1_000), (x, HEIGHT), "{at}");
        }
    }

    #[test]
    fn paths_go_through_their_points() {
        assert_eq!(line(&[]), "");
        assert_eq!(line(&[(1, 2)]), "M1 2");
        assert_eq!(line(&[(1, 2), (3, 4), (5, 6)]), "M1 2L3 4L5 6");
        assert_eq!(marks(1, &[(1, 2), (3, 4)]), "M1 2m-8-8h16v16h-16zM3 4m-8-8h16v16h-16z");
        let forms = [0, 1, 2, 3].map(|entry| marks(entry, &[(0, 0)]));
        assert!((1..4).all(|entry| !forms[..entry].contains(&forms[entry])), "each has its own");
    }

    #[test]
    fn bars_are_scaled_to_the_longest() {
        for (value, longest, length) in
            [(0, 0, 0), (0, 9, 0), (9, 9, BAR), (1, 2, BAR / 2), (1, 1 << 40, 1), (2, 1, BAR)]
        {
            assert_eq!(bar(value, longest), length, "{value} of {longest}");
        }
        assert_eq!(bar(u64::MAX, u64::MAX), BAR);
    }
}
