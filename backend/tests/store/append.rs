//! Every kind of change: its events, and the reasons for a refusal.

use crate::test_store::{
    self, LIN, LOBBY, WEI, archive, change, create, enter, fresh, go, join, positions, post, rename,
    snapshot_of,
};
use hub::house::change::Change;
use shared::{Address, ErrorCode, Event, MemberId, RoomId, event::Posted};

fn posted(event: &Event) -> &Posted {
    match event {
        Event::Posted(posted) => posted,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn positions_grow_and_prev_links_each_address() {
    for mut store in test_store::all() {
        store.join(&["Wei", "Lin"]).await;
        let room = store.room(WEI, "Kitchen").await;
        store.commit(enter(LIN, fresh(), room)).await;
        let group = vec![
            post(WEI, LOBBY, fresh(), "1"),
            post(LIN, room, fresh(), "2"),
            post(WEI, room, fresh(), "3"),
            post(LIN, LOBBY, fresh(), "4"),
        ];
        store.append_all(group).await;
        let head = store.house().head();
        let to = [Address::Room(LOBBY), Address::Room(room), Address::Member(WEI), Address::Member(LIN)];
        let all = store.replay(&to, 0, u64::MAX, false).await.events;
        let found = positions(&all);
        assert!(found.is_sorted_by(|before, after| before < after), "{}: {found:?}", store.name);
        assert_eq!(found.last(), Some(&head), "{}", store.name);
        for to in to {
            let mut last = 0;
            for event in all.iter().filter(|event| event.position().unwrap().to == to) {
                assert_eq!(event.position().unwrap().prev, last, "{}: {event:?}", store.name);
                last = event.position().unwrap().n;
            }
            assert_ne!(last, 0);
        }
        let numbers = |room| {
            let of_room = move |event: &&Event| event.position().unwrap().to == Address::Room(room);
            let posts = all.iter().filter(of_room).filter(|event| matches!(event, Event::Posted(_)));
            posts.map(|event| posted(event).seq).collect::<Vec<_>>()
        };
        assert_eq!((numbers(LOBBY), numbers(room)), (vec![1, 2], vec![1, 2]), "{}", store.name);
    }
}

#[tokio::test]
async fn a_post_is_stored_unchanged() {
    let texts = ["", " ", "茶 🍵", "\"\\\n\t\u{1}", "a\0b", "NULL", "{}", &"x".repeat(64 << 10)];
    for mut store in test_store::all() {
        store.join(&["Wei"]).await;
        for text in texts {
            for author in [WEI, MemberId::PASSER_BY] {
                let committed = store.commit(post(author, LOBBY, fresh(), text)).await;
                let to = [Address::Room(LOBBY)];
                let events =
                    store.replay(&to, committed.receipt.n - 1, committed.receipt.n, false).await.events;
                assert_eq!(events, committed.events, "{}", store.name);
                assert_eq!(posted(&events[0]).text, text);
            }
        }
    }
}

#[tokio::test]
async fn every_event_is_read_back_unchanged() {
    for mut store in test_store::all() {
        let mut events = Vec::new();
        events.extend(store.commit(join("Wei")).await.events);
        events.extend(store.commit(join("Lin")).await.events);
        events.extend(store.commit(rename(LIN, "Linlin")).await.events);
        let created = store.commit(create(WEI, fresh(), "Kitchen")).await;
        let room = created.receipt.room.unwrap();
        events.extend(created.events);
        events.extend(store.commit(change(WEI, fresh(), room, "Küche")).await.events);
        events.extend(store.commit(enter(LIN, fresh(), room)).await.events);
        events.extend(store.commit(go(LIN, fresh(), room)).await.events);
        events.extend(store.commit(enter(LIN, fresh(), room)).await.events);
        events.extend(store.commit(Change::Leave { member: LIN }).await.events);
        store.reopen();
        let to = [Address::Room(LOBBY), Address::Room(room), Address::Member(WEI), Address::Member(LIN)];
        assert_eq!(store.replay(&to, 0, u64::MAX, false).await.events, events, "{}", store.name);
    }
}

#[tokio::test]
async fn a_refused_change_does_not_affect_its_group() {
    for mut store in test_store::all() {
        store.join(&["Wei", "Lin"]).await;
        let room = store.room(WEI, "Kitchen").await;
        let before = snapshot_of(&store.house());
        let unknown = MemberId(9);
        let refused = [
            (post(unknown, LOBBY, fresh(), "x"), ErrorCode::SignInRequired),
            (post(LIN, room, fresh(), "x"), ErrorCode::RoomUnknown),
            (post(WEI, RoomId(77), fresh(), "x"), ErrorCode::RoomUnknown),
            (post(MemberId::PASSER_BY, room, fresh(), "x"), ErrorCode::SignInRequired),
            (join("WEI"), ErrorCode::NameTaken),
            (rename(LIN, "wei"), ErrorCode::NameTaken),
            (rename(unknown, "Hao"), ErrorCode::SignInRequired),
            (Change::Leave { member: unknown }, ErrorCode::SignInRequired),
            (create(LIN, fresh(), "kitchen"), ErrorCode::NameTaken),
            (create(LIN, fresh(), "Lobby"), ErrorCode::NameTaken),
            (create(unknown, fresh(), "Hall"), ErrorCode::SignInRequired),
            (change(LIN, fresh(), room, "Hall"), ErrorCode::RoomUnknown),
            (change(WEI, fresh(), LOBBY, "Hall"), ErrorCode::LobbyStays),
            (enter(WEI, fresh(), RoomId(77)), ErrorCode::RoomUnknown),
            (enter(unknown, fresh(), room), ErrorCode::SignInRequired),
            (go(WEI, fresh(), LOBBY), ErrorCode::LobbyStays),
            (go(LIN, fresh(), room), ErrorCode::RoomUnknown),
            (archive(LIN, fresh(), room, true), ErrorCode::RoomUnknown),
            (archive(WEI, fresh(), LOBBY, true), ErrorCode::LobbyStays),
            (archive(unknown, fresh(), room, true), ErrorCode::SignInRequired),
        ];
        let (changes, codes): (Vec<_>, Vec<_>) = refused.into_iter().unzip();
        let found: Vec<_> =
            store.append_all(changes.clone()).await.into_iter().map(Result::unwrap_err).collect();
        assert_eq!(found, codes, "{}", store.name);
        assert_eq!(snapshot_of(&store.house()), before, "{}", store.name);

        let mut mixed = vec![post(WEI, LOBBY, fresh(), "first")];
        mixed.extend(changes);
        mixed.push(post(LIN, LOBBY, fresh(), "last"));
        let outcomes = store.append_all(mixed).await;
        let (first, last) = (outcomes.first().unwrap(), outcomes.last().unwrap());
        let (first, last) = (first.as_ref().unwrap().receipt, last.as_ref().unwrap().receipt);
        assert!(first.n < last.n, "{}", store.name);
        assert_eq!(first.seq + 1, last.seq, "{}", store.name);
    }
}

#[tokio::test]
async fn event_times_never_decrease() {
    for mut store in test_store::all() {
        store.append_all_at(vec![join("Wei")], 5_000).await;
        let at = |outcomes: Vec<test_store::Outcome>| outcomes[0].as_ref().unwrap().receipt.at;
        assert_eq!(
            at(store.append_all_at(vec![post(WEI, LOBBY, fresh(), "x")], 4_000).await),
            5_000,
            "{}",
            store.name
        );
        store.reopen();
        assert_eq!(
            at(store.append_all_at(vec![post(WEI, LOBBY, fresh(), "x")], 4_500).await),
            5_000,
            "{}",
            store.name
        );
        assert_eq!(
            at(store.append_all_at(vec![post(WEI, LOBBY, fresh(), "x")], 6_000).await),
            6_000,
            "{}",
            store.name
        );
    }
}

#[tokio::test]
async fn the_id_of_a_member_who_left_is_not_assigned_again() {
    for mut store in test_store::all() {
        store.join(&["Wei", "Lin"]).await;
        let room = store.room(LIN, "Kitchen").await;
        let left = store.commit(Change::Leave { member: LIN }).await;
        let rooms: Vec<_> = left.events.iter().map(|event| event.position().unwrap().to).collect();
        assert_eq!(rooms, [Address::Room(room), Address::Room(LOBBY)], "{}: the lobby last", store.name);
        assert_eq!(store.append(post(LIN, LOBBY, fresh(), "x")).await, Err(ErrorCode::SignInRequired));
        store.reopen();
        // The old name rests.
        let back = store.commit(join("Lina")).await;
        let [Event::MemberJoined(joined)] = &back.events[..] else { panic!("{:?}", back.events) };
        assert_eq!(joined.member.id, MemberId(3), "{}", store.name);
        let house = store.house();
        let Change::Join { device, .. } = join("Lina") else { panic!() };
        assert_eq!(house.members.find_by_device(&device), Some(MemberId(3)), "{}", store.name);
        assert_eq!(house.rooms.get(room).unwrap().members, 0, "{}: the room stays", store.name);
        assert_eq!(store.append(create(WEI, fresh(), "Kitchen")).await, Err(ErrorCode::NameTaken));
    }
}

#[tokio::test]
async fn an_archived_room_stays_archived_when_the_log_is_reopened() {
    for mut store in test_store::all() {
        store.join(&["Wei", "Lin", "Hao"]).await;
        let room = store.room(WEI, "Kitchen").await;
        store.commit(enter(LIN, fresh(), room)).await;
        assert_eq!(store.append(archive(LIN, fresh(), room, true)).await, Err(ErrorCode::NotTheMaker));
        let archived = store.commit(archive(WEI, fresh(), room, true)).await;
        assert!(matches!(&archived.events[..], [Event::RoomArchived(event)] if event.author == WEI));
        let again = store.commit(archive(WEI, fresh(), room, true)).await;
        assert_eq!((again.receipt.n, again.events), (archived.receipt.n, vec![]), "{}", store.name);
        store.reopen();
        let house = store.house();
        let state = house.rooms.get(room).unwrap();
        assert_eq!((state.maker, state.archived, state.members), (Some(WEI), true, 2), "{}", store.name);
        for refused in [
            post(WEI, room, fresh(), "x"),
            change(WEI, fresh(), room, "Hall"),
            enter(MemberId(3), fresh(), room),
        ] {
            assert_eq!(store.append(refused).await, Err(ErrorCode::RoomArchived), "{}", store.name);
        }
        assert_eq!(store.append(create(LIN, fresh(), "Kitchen")).await, Err(ErrorCode::NameTaken));
        store.commit(go(LIN, fresh(), room)).await;
        let restored = store.commit(archive(WEI, fresh(), room, false)).await;
        assert!(matches!(&restored.events[..], [Event::RoomRestored(_)]), "{}", store.name);
        store.commit(enter(MemberId(3), fresh(), room)).await;
        store.commit(post(WEI, room, fresh(), "x")).await;
    }
}

#[tokio::test]
async fn an_empty_group_commits_nothing() {
    for mut store in test_store::all() {
        assert_eq!(store.append_all(Vec::new()).await, []);
        assert_eq!(store.house().head(), 0);
    }
}

#[tokio::test]
async fn the_epoch_stays_when_the_log_is_reopened() {
    let mut first = test_store::sqlite();
    let epoch = first.store().epoch();
    first.reopen();
    assert_eq!(first.store().epoch(), epoch);
    assert_ne!(test_store::sqlite().store().epoch(), epoch);
}
