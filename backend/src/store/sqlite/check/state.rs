//! Compares the stored state of the house with the state that follows from the events.

use super::report::CheckReport;
use hub::House;
use std::collections::{BTreeSet, HashMap};

/// Adds every difference between the house that was rebuilt from the events and the stored one.
pub(super) fn compare(rebuilt: &House, stored: &House, report: &mut CheckReport) {
    (report.members, report.rooms) = (stored.members.all().count(), stored.rooms.all().count());
    report.compare("the last position", &rebuilt.head(), &stored.head());
    if report.has_lost_state {
        return;
    }
    // A greater number than the next one does no harm, and a repair keeps it.
    if rebuilt.next_member() > stored.next_member() {
        report.compare("the next member", &rebuilt.next_member(), &stored.next_member());
    }
    // The tags of messages that cannot be read are lost.
    let has_lost_tags = report.unreadable + report.blanked > 0;
    if !has_lost_tags || rebuilt.last_tag() > stored.last_tag() {
        report.compare("the last tag", &rebuilt.last_tag(), &stored.last_tag());
    }
    compare_members(rebuilt, stored, report);
    compare_resting_names(rebuilt, stored, report);
    let rooms =
        |house: &House| house.rooms.all().map(|(id, state)| (id, state.clone())).collect::<HashMap<_, _>>();
    let (from, to) = (rooms(rebuilt), rooms(stored));
    let mut ids: Vec<_> = from.keys().chain(to.keys()).copied().collect();
    ids.sort_unstable();
    ids.dedup();
    for id in ids {
        report.compare(format_args!("room {}", id.0), &from.get(&id), &to.get(&id));
    }
}

fn compare_members(rebuilt: &House, stored: &House, report: &mut CheckReport) {
    let members =
        |house: &House| house.members.all().map(|member| (member.id, member.name)).collect::<HashMap<_, _>>();
    let (from, to) = (members(rebuilt), members(stored));
    let mut ids: Vec<_> = from.keys().chain(to.keys()).copied().collect();
    ids.sort_unstable();
    ids.dedup();
    for id in ids {
        report.compare(format_args!("member {}", id.0), &from.get(&id), &to.get(&id));
        let stays = |house: &House| house.rooms.of(id).collect::<Vec<_>>();
        report.compare(format_args!("the rooms of member {}", id.0), &stays(rebuilt), &stays(stored));
    }
}

fn compare_resting_names(rebuilt: &House, stored: &House, report: &mut CheckReport) {
    let at = rebuilt.last_at();
    let (from, to): (BTreeSet<_>, BTreeSet<_>) =
        (rebuilt.resting_names.at(at).collect(), stored.resting_names.at(at).collect());
    let (missing, unexpected) = (from.difference(&to).count(), to.difference(&from).count());
    if missing + unexpected > 0 {
        report.add_difference(format!(
            "the names that rest: {missing} are not stored, and {unexpected} are stored without an event"
        ));
    }
}
