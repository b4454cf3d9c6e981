//! Where things are in the chart of latencies, and how long its bars are. Only geometry: units of an SVG whose height
//! grows downwards.

use crate::limits::COMPARE_S;

/// The chart is so wide.
pub const WIDTH: u64 = 1_200;

/// And so high.
pub const HEIGHT: u64 = 600;

/// Its lines from the bottom to the top, in milliseconds: each is ten times the one before.
pub const LINES_MS: [u64; 5] = [1, 10, 100, 1_000, 10_000];

/// The longest bar.
pub const BAR: u64 = 1_000;

/// A place in the chart.
pub type Point = (u64, u64);

/// Where a message stands that left at `at` and took so long; both are microseconds. What is outside stands at the edge.
pub fn point(at: u64, latency: u64) -> Point {
    let x = (at * WIDTH / (COMPARE_S * 1_000_000)).min(WIDTH);
    (x, height(latency))
}

/// How far below the top a latency stands, in microseconds.
pub fn height(latency: u64) -> u64 {
    let milliseconds = (latency as f64 / 1_000.0).clamp(1.0, 10_000.0);
    let above = milliseconds.log10() / (LINES_MS.len() - 1) as f64;
    HEIGHT - (above * HEIGHT as f64).round() as u64
}

/// A mark for each point, of a form that is a row's own: readable without its colour. As the `d` of a path.
pub fn marks(row: usize, points: &[Point]) -> String {
    let form = match row {
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

/// The length of a bar beside the longest. What is not nothing can be seen.
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
    fn each_line_is_as_far_from_the_next() {
        for (at, ms) in LINES_MS.into_iter().enumerate() {
            assert_eq!(height(ms * 1_000), HEIGHT - HEIGHT / 4 * at as u64, "{ms}");
        }
        assert_eq!((height(0), height(999), height(u64::MAX)), (HEIGHT, HEIGHT, 0), "the edges");
        assert!(height(3_000) < height(2_000), "longer is higher");
    }

    #[test]
    fn a_minute_is_as_wide_as_the_chart() {
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
        let forms = [0, 1, 2, 3].map(|row| marks(row, &[(0, 0)]));
        assert!((1..4).all(|row| !forms[..row].contains(&forms[row])), "each has its own");
    }

    #[test]
    fn bars_are_beside_the_longest() {
        for (value, longest, length) in
            [(0, 0, 0), (0, 9, 0), (9, 9, BAR), (1, 2, BAR / 2), (1, 1 << 40, 1), (2, 1, BAR)]
        {
            assert_eq!(bar(value, longest), length, "{value} of {longest}");
        }
        assert_eq!(bar(u64::MAX, u64::MAX), BAR);
    }
}
