//! Content negotiation: `Accept`, `Accept-Encoding` and `Accept-Language` (RFC 9110 §12.5), as far as this
//! server has a choice.

use actix_web::http::header::{AsHeaderName, HeaderMap};

/// The lines of a header, joined by commas.
pub(super) fn joined(headers: &HeaderMap, name: impl AsHeaderName) -> String {
    let lines = headers.get_all(name).filter_map(|value| value.to_str().ok());
    lines.collect::<Vec<_>>().join(",")
}

/// Whether the list names this value with a quality above 0.
pub(super) fn includes(list: &str, name: &str) -> bool {
    entries(list).any(|(entry, quality)| entry.eq_ignore_ascii_case(name) && quality > 0.0)
}

/// The values of the list with a quality above 0, by descending quality. Values of equal quality keep their
/// order.
pub(super) fn by_quality(list: &str) -> Vec<&str> {
    let mut entries: Vec<_> = entries(list).filter(|(_, quality)| *quality > 0.0).collect();
    entries.sort_by(|(_, one), (_, other)| other.total_cmp(one));
    entries.into_iter().map(|(entry, _)| entry).collect()
}

fn entries(list: &str) -> impl Iterator<Item = (&str, f32)> {
    list.split(',').map(|part| {
        let mut pieces = part.split(';').map(str::trim);
        let name = pieces.next().unwrap_or_default();
        let quality = pieces.find_map(|piece| piece.strip_prefix("q=").or(piece.strip_prefix("Q=")));
        // A quality that is no number is ignored.
        let quality = quality.and_then(|quality| quality.parse().ok()).unwrap_or(1.0);
        (name, quality)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_included_unless_its_quality_is_zero() {
        assert!(includes("gzip, deflate, br", "br"));
        assert!(includes("BR;q=0.5", "br"));
        assert!(!includes("br;q=0, gzip", "br"));
        assert!(!includes("brotli", "br"));
        assert!(includes("text/html;level=1;q=0.7", "text/html"));
        assert!(!includes("text/html;level=1; q=0.0", "text/html"));
        assert!(!includes("*/*", "text/html") && !includes("", "text/html"));
    }

    #[test]
    fn values_are_sorted_by_quality() {
        assert_eq!(by_quality("en;q=0.5, zh-CN, zh;q=0.9, de;q=0, fr;q=x"), ["zh-CN", "fr", "zh", "en"]);
        assert_eq!(by_quality("en, zh"), ["en", "zh"]);
    }
}
