//! PROTOCOL.md's table of powers is what the hub answers, for every action, target and actor.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test says what is wrong by panicking")]

#[path = "../../../shared/tests/protocol/document.rs"]
#[expect(dead_code, reason = "other tests read other tables")]
mod document;

use hub::House;
use hub::access::{Action, Actor, Target, may};
use hub::house::change::Change;
use hub::house::members::DeviceKey;
use hub::house::names::Name;
use hub::log::Log;
use shared::{ClientId, Epoch, ErrorCode, MemberId, RoomId};
use std::collections::BTreeMap;

const ANN: MemberId = MemberId(1);
const BO: MemberId = MemberId(2);
const CY: MemberId = MemberId(3);
const DEE: MemberId = MemberId(4);
const TEA: RoomId = RoomId(2);
const OLD: RoomId = RoomId(3);

/// A house in which Ann has made the rooms Tea and Old. Dee is in them, Bo is not, and Cy has left the house. Old is
/// archived.
fn house() -> House {
    let mut log = Log::new(Epoch(1));
    let mut append = |change| _ = log.append(change, 0).unwrap();
    let name = |text| Name::parse(text).unwrap();
    for (id, text) in [(1, "Ann"), (2, "Bo"), (3, "Cy"), (4, "Dee")] {
        append(Change::Join { name: name(text), device: DeviceKey([id; 32]) });
    }
    let client_id = |id| ClientId([id; 16]);
    for (id, text) in [(1, "Tea"), (2, "Old")] {
        let (name, description) = (name(text), String::new());
        append(Change::CreateRoom { author: ANN, client_id: client_id(id), name, description });
    }
    for (id, room) in [(3, TEA), (4, OLD)] {
        append(Change::JoinRoom { author: DEE, client_id: client_id(id), room });
    }
    append(Change::ArchiveRoom { author: ANN, client_id: client_id(5), room: OLD, archived: true });
    append(Change::Leave { member: CY });
    log.house().clone()
}

/// The actors of the table's columns, for a target.
fn actors(target: Target) -> [Actor; 5] {
    let member = match target {
        Target::Member(id) => id,
        Target::House | Target::Room(_) => DEE,
    };
    // Nobody makes a member; the column repeats the one before it.
    let maker = if let Target::Member(_) = target { member } else { ANN };
    [Actor::PasserBy, Actor::Member(BO), Actor::Member(member), Actor::Member(maker), Actor::System]
}

fn snake_case(action: Action) -> String {
    let name = format!("{action:?}");
    let split = name.char_indices().flat_map(|(index, c)| {
        let line = (index > 0 && c.is_uppercase()).then_some('_');
        line.into_iter().chain(c.to_lowercase())
    });
    split.collect()
}

fn answer(result: Result<(), ErrorCode>) -> String {
    result.map_or_else(|code| code.name().to_owned(), |()| "yes".to_owned())
}

#[test]
fn protocol_md_has_the_answer_to_every_action_on_every_target_by_every_actor() {
    let rows = document::table("powers");
    let mut table: BTreeMap<(String, String), Vec<String>> = rows
        .into_iter()
        .map(|row| {
            let cells = row.iter().map(|cell| cell.replace('`', "")).collect::<Vec<_>>();
            ((cells[0].clone(), cells[1].clone()), cells[2..].to_vec())
        })
        .collect();
    let house = house();
    let targets = [
        ("house", Target::House),
        ("lobby", Target::Room(RoomId::LOBBY)),
        ("room", Target::Room(TEA)),
        ("archived room", Target::Room(OLD)),
        ("member", Target::Member(ANN)),
    ];
    for action in Action::ALL {
        for (on, target) in targets {
            let answers = actors(target).map(|actor| answer(may(&house, actor, *action, target)));
            match table.remove(&(snake_case(*action), on.to_owned())) {
                Some(row) => assert_eq!(row, answers, "{action:?} on {on}"),
                None => {
                    assert!(answers.iter().all(|answer| answer != "yes"), "{action:?} on {on}: {answers:?}")
                }
            }
        }
    }
    assert_eq!(table.into_keys().collect::<Vec<_>>(), [], "rows of actions that do not exist");
}

#[test]
fn a_target_that_does_not_exist_is_refused_like_a_hidden_one() {
    let house = house();
    for action in Action::ALL {
        for target in [Target::Room(RoomId(9)), Target::Member(MemberId(9))] {
            assert!(may(&house, Actor::Member(BO), *action, target).is_err(), "{action:?} {target:?}");
        }
        let hidden = may(&house, Actor::Member(BO), *action, Target::Member(ANN));
        let missing = may(&house, Actor::Member(BO), *action, Target::Member(MemberId(9)));
        assert_eq!(hidden, missing, "{action:?}");
    }
}

#[test]
fn a_member_who_has_left_may_do_nothing() {
    let house = house();
    for action in Action::ALL {
        for target in [Target::House, Target::Room(RoomId::LOBBY), Target::Room(TEA), Target::Member(CY)] {
            let refused = Err(ErrorCode::SignInRequired);
            assert_eq!(may(&house, Actor::Member(CY), *action, target), refused, "{action:?} {target:?}");
        }
    }
}
