//! Merges the client's changes of a draft with the text that is in the composer's field.
//!
//! The client changes a draft in three ways: it removes a saved message from the beginning, inserts there
//! what was written before the page was loaded, and appends a draft that another member left behind. While an
//! input method composes text in the field, the field must not be touched, so the changes wait here.

/// Applies the client's change from `before` to `after` to `field`, the text that the person typed since
/// `before`. If the two changes cannot be merged, the result is `field`.
pub fn rebase(before: &str, after: &str, field: &str) -> String {
    if field == before {
        return after.to_owned();
    }
    if let Some(rest) = before.strip_suffix(after).and_then(|left| field.strip_prefix(left)) {
        return rest.to_owned();
    }
    match (after.strip_suffix(before), after.strip_prefix(before)) {
        (Some(came), _) => format!("{came}{field}"),
        (_, Some(came)) => format!("{field}{came}"),
        _ => field.to_owned(),
    }
}

/// Changes of the client, as texts before and after, that are not in the field yet; oldest first.
#[derive(Debug, Default)]
pub struct PendingEdits(Vec<(String, String)>);

impl PendingEdits {
    /// Records that the client changed `before` to `after`. Beyond [`PENDING_EDITS_MAX`], the change is
    /// ignored.
    pub fn push(&mut self, before: String, after: String) {
        if self.0.len() < PENDING_EDITS_MAX {
            self.0.push((before, after));
        }
    }

    /// Returns the field's text with all pending changes applied.
    pub fn text(&self, field: &str) -> String {
        self.0.iter().fold(field.to_owned(), |text, (before, after)| rebase(before, after, &text))
    }
}

/// Changes that wait for the end of one composition. Beyond it, further changes are ignored, and the field
/// keeps its text.
pub const PENDING_EDITS_MAX: usize = 100;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sent_text_leaves_the_field_and_later_text_stays() {
        assert_eq!(rebase("茶", "", "茶"), "");
        assert_eq!(rebase("茶", "", "茶 and more"), " and more");
        assert_eq!(rebase("one two", " two", "one two three"), " two three");
        // The person has changed what was sent: it cannot be told apart.
        assert_eq!(rebase("one", "", "on"), "on");
    }

    #[test]
    fn an_inserted_text_is_placed_before_or_after_later_text() {
        assert_eq!(rebase("", "from the last visit", ""), "from the last visit");
        assert_eq!(rebase("ni", "old\nni", "ni hao"), "old\nni hao");
        assert_eq!(rebase("ni", "ni\nleft", "ni hao"), "ni hao\nleft");
        assert_eq!(rebase("a", "b", "a c"), "a c");
    }

    #[test]
    fn several_changes_are_applied_in_their_order() {
        let mut pending_edits = PendingEdits::default();
        pending_edits.push("one".to_owned(), String::new());
        pending_edits.push("two".to_owned(), "old\ntwo".to_owned());
        assert_eq!(pending_edits.text("onetwo"), "old\ntwo");
        assert_eq!(pending_edits.text("onetwo three"), "old\ntwo three");
    }

    #[test]
    fn changes_wait_up_to_the_limit() {
        for (many, left) in
            [(PENDING_EDITS_MAX - 1, ""), (PENDING_EDITS_MAX, ""), (PENDING_EDITS_MAX + 1, "x")]
        {
            let mut pending_edits = PendingEdits::default();
            for held in (0..many).rev() {
                pending_edits.push("x".repeat(held + 1), "x".repeat(held));
            }
            assert_eq!(pending_edits.text(&"x".repeat(many)), left);
        }
    }
}
