//! A table as comma-separated values (RFC 4180).

/// Writes the table, whose first row is the header. Every line ends with CRLF.
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
    fn cells_with_special_characters_are_quoted() {
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
