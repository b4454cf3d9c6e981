use super::*;

fn member(id: u64, name: &str) -> Member {
    Member { id: MemberId(id), name: name.to_owned() }
}

fn names(members: &mut Members) -> Vec<String> {
    let mark = |person: &Person| format!("{}{}", person.name, if person.away { " (away)" } else { "" });
    members.people(None).list.iter().map(mark).collect()
}

#[test]
fn members_become_present_away_and_gone() {
    let mut members = Members::default();
    members.set_present(&[Presence { member: member(1, "Ann"), away: false }], 1, 1);
    members.add_present(&[member(2, "Bo")], false, 2, 1);
    members.add_present(&[member(1, "Ann")], true, 2, 1);
    members.add_present(&[member(3, "Cy")], true, 3, 1);
    assert_eq!(names(&mut members), ["Ann (away)", "Bo", "Cy (away)"]);
    members.add_present(&[member(1, "Ann")], false, 3, 1);
    members.remove_present(&[MemberId(2)], 2);
    assert_eq!(names(&mut members), ["Ann", "Cy (away)"]);
    assert_eq!(members.people(None).count, 2);
}

#[test]
fn people_are_ordered_by_name_and_mark_the_viewer() {
    let mut members = Members::default();
    members.add_present(&[member(1, "dee"), member(2, "茶"), member(3, "Cy"), member(4, "Abe")], false, 4, 1);
    assert_eq!(names(&mut members), ["Abe", "Cy", "dee", "茶"]);
    let me: Vec<bool> = members.people(Some(MemberId(3))).list.iter().map(|person| person.me).collect();
    assert_eq!(me, [false, true, false, false]);
}

#[test]
fn a_welcome_replaces_the_present_members() {
    let mut members = Members::default();
    members.add_present(&[member(1, "Ann"), member(2, "Bo")], false, 2, 1);
    members.set_present(&[Presence { member: member(2, "Bob"), away: true }], 1, 1);
    assert_eq!(names(&mut members), ["Bob (away)"]);
}

#[test]
fn counts_without_names_change_only_the_count() {
    let mut members = Members::default();
    members.set_present(&[Presence { member: member(1, "Ann"), away: false }], 300, 1);
    members.add_present(&[], false, 301, 1);
    members.remove_present(&[], 299);
    assert_eq!((members.people(None).count, members.people(None).list.len()), (299, 1));
}

#[test]
fn named_members_replace_all_after_counting() {
    let mut members = Members::default();
    members.add_present(&[member(1, "Ann"), member(2, "Bo"), member(3, "Cy")], false, 3, 1);
    members.add_present(&[], false, 201, 1);
    members.remove_present(&[MemberId(1)], 200);
    members.add_present(&[member(2, "Bo")], false, 200, 1);
    members.add_present(&[member(4, "Di")], true, 200, 1);
    assert_eq!(names(&mut members), ["Bo", "Di (away)"]);
    members.add_present(&[member(5, "Eve")], false, 200, 1);
    assert_eq!(names(&mut members), ["Bo", "Di (away)", "Eve"]);
}

#[test]
fn a_welcome_with_too_many_members_starts_counting() {
    for (count, left) in [(PEOPLE_MAX as u32, 2), (PEOPLE_MAX as u32 + 1, 1)] {
        let mut members = Members::default();
        members.set_present(&[Presence { member: member(1, "Ann"), away: false }], count, 1);
        members.add_present(&[member(2, "Bo")], false, count, 1);
        assert_eq!(names(&mut members).len(), left, "{count}");
    }
}

#[test]
fn the_name_at_the_latest_position_wins() {
    let mut members = Members::default();
    members.add_present(&[member(1, "Ann")], false, 1, 1);
    assert!(members.set_name(MemberId(1), "Anna", 1));
    assert!(!members.set_name(MemberId(1), "Anna", 1));
    members.remove_present(&[MemberId(1)], 0);
    // The member was renamed while this page had no connection, and returns.
    assert!(members.add_present(&[member(1, "Annie")], false, 1, 1));
    assert_eq!(names(&mut members), ["Annie"]);
}

#[test]
fn present_members_are_held_up_to_the_limit() {
    for (extra, count) in [(0, PEOPLE_MAX - 1), (1, PEOPLE_MAX), (2, PEOPLE_MAX)] {
        let mut members = Members::default();
        let crowd: Vec<Member> = (1..PEOPLE_MAX as u64 + extra).map(|id| member(id, "x")).collect();
        members.add_present(&crowd, false, 9, 1);
        assert_eq!(members.people(None).list.len(), count);
        members.add_present(&crowd[..1], true, 9, 1);
        assert!(members.people(None).list[0].away, "presence of a held member is still updated");
    }
}

#[test]
fn names_past_the_limit_are_forgotten_unless_shown() {
    let mut members = Members::default();
    members.add_present(&[member(5, "Eve")], false, 1, 1);
    for id in 10..10 + NAMES_MAX as u64 - 1 {
        members.set_name(MemberId(id), "x", 1);
    }
    assert!(!members.is_full());
    assert_eq!(members.names.len(), NAMES_MAX);
    members.set_name(MemberId(9), "Ina", 1);
    assert!(members.is_full());
    members.evict_names(&[MemberId(9)].into_iter().collect());
    let left: Vec<u64> = members.names.iter().map(|(id, _)| id.0).collect();
    assert_eq!(left, [5, 9]);
}

#[test]
fn names_are_evicted_seldom_when_more_than_the_limit_are_needed() {
    let mut members = Members::default();
    let many = 2 * NAMES_MAX as u64;
    let authors = (1..=many).map(MemberId).collect();
    for id in 1..=many {
        members.set_name(MemberId(id), "x", 1);
    }
    assert!(members.is_full());
    members.evict_names(&authors);
    assert_eq!(members.names.len() as u64, many, "all are needed");
    for id in many + 1..=2 * many {
        members.set_name(MemberId(id), "x", 1);
    }
    assert!(!members.is_full(), "twice as many");
    members.set_name(MemberId(2 * many + 1), "x", 1);
    assert!(members.is_full());
    members.evict_names(&authors);
    assert_eq!(members.names.len() as u64, many);
}

#[test]
fn a_late_name_changes_nothing() {
    let mut members = Members::default();
    members.set_name(MemberId(1), "Anna", 9);
    assert!(!members.set_name(MemberId(1), "Ann", 8), "the events of two rooms come in any order");
    assert!(!members.remove_name(MemberId(1), 8));
    assert!(members.remove_name(MemberId(1), 10));
    assert!(!members.set_name(MemberId(1), "Anna", 9), "a page that was read before");
    assert_eq!(members.name(MemberId(1)), None);
}
