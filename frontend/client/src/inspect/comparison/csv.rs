//! A table as text that spreadsheets read (RFC 4180).

/// The table; the first row is its head. Each line ends as the RFC says, the last too.
pub fn write(rows: &[Vec<String>]) -> String {
    rows.iter()
        .map(|row| row.iter().map(|cell| quoted(cell)).collect::<Vec<_>>().join(",") + "\r\n")
        .collect()
}

fn quoted(cell: &str) -> String {
    if cell.contains([',', '"', '\r', '\n']) {
        format!("\"{}\"", cell.replace('"', "\"\""))
    } else {
        cell.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_be_misread_is_quoted() {
        let rows = [
            vec!["transport".to_owned(), "p50, ms".to_owned()],
            vec!["a \"fast\" one".to_owned(), String::new()],
            vec!["两\n行".to_owned(), "1\r".to_owned(), "1.5".to_owned()],
        ];
        let text = "transport,\"p50, ms\"\r\n\"a \"\"fast\"\" one\",\r\n\"两\n行\",\"1\r\",1.5\r\n";
        assert_eq!(write(&rows), text);
        assert_eq!(write(&[]), "");
    }
}
