use super::*;
use shared::{ClientId, ErrorCode, MemberId};

const DAY_MS: u64 = 24 * 60 * 60 * 1000;

fn row(author: u64, number: u8, at: u64, state: RowState) -> Rc<Row> {
    let key = RowKey { author: MemberId(author), client_id: ClientId([number; 16]) };
    let tag = (author == 0).then_some(u32::from(number));
    Rc::new(Row { key, name: "Ann".into(), tag, mine: author == 1, text: "tea".into(), at, state })
}

fn settled(author: u64, number: u8, at: u64) -> Rc<Row> {
    row(author, number, at, RowState::Settled)
}

fn day_of(at: u64) -> i64 {
    (at / DAY_MS) as i64
}

/// `d` for a day, `B` for a row with a byline, `.` for one without.
fn shape(grouping: &mut Grouping, rows: &[Rc<Row>]) -> String {
    let letter = |item: &Item| match item {
        Item::Day { .. } => 'd',
        Item::Row { has_byline: true, .. } => 'B',
        Item::Row { has_byline: false, .. } => '.',
    };
    grouping.items(rows, day_of).iter().map(letter).collect()
}

#[test]
fn one_author_has_one_byline_until_another_writes() {
    let rows = [settled(1, 1, 10), settled(1, 2, 20), settled(2, 3, 30), settled(1, 4, 40)];
    assert_eq!(shape(&mut Grouping::default(), &rows), "dB.BB");
}

#[test]
fn a_byline_is_repeated_after_five_minutes() {
    for (gap, wanted) in [(GROUP_GAP_MS - 1, "dB."), (GROUP_GAP_MS, "dB."), (GROUP_GAP_MS + 1, "dBB")] {
        let rows = [settled(1, 1, 5), settled(1, 2, 5 + gap)];
        assert_eq!(shape(&mut Grouping::default(), &rows), wanted, "{gap}");
    }
}

#[test]
fn a_new_day_begins_with_a_line_and_a_byline() {
    let rows = [settled(1, 1, DAY_MS - 1), settled(1, 2, DAY_MS)];
    assert_eq!(shape(&mut Grouping::default(), &rows), "dBdB");
}

#[test]
fn a_day_is_not_repeated_when_a_clock_is_behind() {
    let rows = [settled(1, 1, DAY_MS), settled(2, 2, DAY_MS - 1), settled(1, 3, DAY_MS)];
    assert_eq!(shape(&mut Grouping::default(), &rows), "dBBB");
}

#[test]
fn passers_by_are_distinguished_by_their_tags() {
    let rows = [settled(0, 1, 1), settled(0, 2, 2)];
    assert_eq!(shape(&mut Grouping::default(), &rows), "dBB");
}

#[test]
fn a_settled_row_keeps_its_byline_when_the_clocks_differ() {
    let mut grouping = Grouping::default();
    let skewed = 2 * GROUP_GAP_MS;
    let before = settled(1, 1, 0);
    for state in [RowState::Sending, RowState::Waiting, RowState::Failed(ErrorCode::Internal)] {
        assert_eq!(shape(&mut grouping, &[before.clone(), row(1, 2, skewed, state)]), "dBB");
    }
    assert_eq!(shape(&mut grouping, &[before.clone(), settled(1, 2, 7)]), "dBB");
    // And what it remembers goes with the row.
    assert_eq!(shape(&mut grouping, std::slice::from_ref(&before)), "dB");
    assert_eq!(shape(&mut grouping, &[before, settled(1, 2, 7)]), "dB.");
}
