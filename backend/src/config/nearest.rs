//! The setting that somebody meant by a name that is none.

/// The most similar setting. At most a third of its letters may differ.
pub(super) fn nearest<T: AsRef<str>>(name: &str, known: impl Iterator<Item = T>) -> Option<T> {
    let near = |meant: &T| distance(name, meant.as_ref()) <= meant.as_ref().len().div_ceil(3);
    known.filter(near).min_by_key(|meant| distance(name, meant.as_ref()))
}

/// Edit distance: letters to add, remove or change to turn one text into the other (Levenshtein).
fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (line, letter) in one.chars().enumerate() {
        let mut before = row[0];
        row[0] = line + 1;
        for (column, other_letter) in other.iter().enumerate() {
            let changed = before + usize::from(letter != *other_letter);
            before = row[column + 1];
            row[column + 1] = changed.min(before + 1).min(row[column] + 1);
        }
    }
    row[other.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_name_is_found_when_few_letters_differ() {
        let known = ["listen", "lan", "data"];
        for (name, meant) in [("listne", Some("listen")), ("lann", Some("lan")), ("sugar", None), ("", None)]
        {
            assert_eq!(nearest(name, known.into_iter()), meant, "{name}");
        }
    }
}
