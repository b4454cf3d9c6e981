mod attach;
mod request;
mod room;

use super::*;
use crate::{limits::SESSIONS_PER_MEMBER_MAX, log::Log, output::Answer, session::RequestId};
use shared::{
    Address, ClientId,
    command::{self, Hello},
    event::Welcome,
};

/// A hub with the store in memory, and the outputs that a shell would see.
struct House {
    hub: Hub,
    log: Log,
    now: u64,
}

impl House {
    fn new() -> Self {
        let log = Log::new(Epoch(1));
        let hub = Hub::new(Settings::default(), log.epoch(), log.house().clone());
        House { hub, log, now: 10_000 }
    }

    fn with_members(names: &[&str]) -> Self {
        let mut house = House::new();
        for (i, name) in names.iter().enumerate() {
            let device = DeviceKey([u8::try_from(i + 1).unwrap(); 32]);
            let out = house.tell(Input::Join { ticket: RequestId(0), name: (*name).to_owned(), device });
            assert!(matches!(out.last(), Some(Output::Answer(_, Answer::Me(Some(_))))), "{out:?}");
        }
        house
    }

    fn tell(&mut self, input: Input) -> Vec<Output> {
        let (mut seen, mut out) = (Vec::new(), Vec::new());
        self.hub.handle(input, self.now, &mut out);
        while !out.is_empty() {
            for output in std::mem::take(&mut out) {
                match output {
                    Output::Append(change) => {
                        let outcome = self.log.append(change, self.now);
                        self.hub.handle(Input::AppendsCommitted(vec![outcome]), self.now, &mut out);
                    }
                    Output::Read(id, query) => {
                        let found = self.log.read(&query);
                        self.hub.handle(Input::ReadFinished(id, Ok(found)), self.now, &mut out);
                    }
                    Output::NotifyDrained(session) => {
                        self.hub.handle(Input::Drained(session), self.now, &mut out);
                    }
                    other => seen.push(other),
                }
            }
        }
        seen
    }

    fn enter(&mut self, session: u64, device: u8) -> Vec<Output> {
        let session = SessionId(session);
        self.tell(Input::Opened { session, dialect: Dialect::V1, device: Some(DeviceKey([device; 32])) });
        self.tell(Input::CommandReceived(session, hello()))
    }

    fn post(&mut self, session: u64, id: u8, text: &str) -> Vec<Output> {
        self.ask(session, post(id, text))
    }

    fn ask(&mut self, session: u64, command: Command) -> Vec<Output> {
        self.tell(Input::CommandReceived(SessionId(session), command))
    }
}

fn hello() -> Command {
    Command::Hello(Hello { reference: 1, build: "dev".into(), cursor: None, room: None })
}

fn post(id: u8, text: &str) -> Command {
    let client_id = ClientId([id; 16]);
    Command::Post(Post { reference: u64::from(id), client_id, room: RoomId::LOBBY, text: text.into() })
}

fn welcome_in(out: &[Output]) -> &Welcome {
    let welcome = out.iter().find_map(|output| match output {
        Output::SendReplay(_, event) => match &**event {
            Event::Welcome(welcome) => Some(&**welcome),
            _ => None,
        },
        _ => None,
    });
    welcome.unwrap_or_else(|| panic!("{out:?}"))
}

fn refusal(out: &[Output]) -> Option<ErrorCode> {
    out.iter().find_map(|output| match output {
        Output::Send(_, Event::Error(refusal)) => Some(refusal.code),
        _ => None,
    })
}

#[test]
fn hello_brings_the_room_first_and_what_comes_later_behind_it() {
    let mut house = House::with_members(&["Wei", "Lin"]);
    house.enter(1, 1);
    house.post(1, 7, "茶好了");
    let out = house.enter(2, 2);
    let own = vec![Address::Member(MemberId(2)), Address::Room(RoomId::LOBBY)];
    assert_eq!(out[0], Output::Attach(SessionId(2), own));
    assert_eq!(out[2], Output::Release(SessionId(2)));
    let welcome = welcome_in(&out);
    assert_eq!(welcome.you.name, "Lin");
    assert_eq!((welcome.as_of, welcome.rooms.len(), welcome.resumed), (3, 1, false));
    let room = welcome.room.as_ref().unwrap();
    assert_eq!(room.messages[0].text, "茶好了");
    assert_eq!((room.as_of, room.last, welcome.through.n), (3, 3, 3));
    assert_eq!(welcome.present_count, 2);
}

#[test]
fn a_post_is_committed_then_published_and_acknowledged() {
    let mut house = House::with_members(&["Wei"]);
    house.enter(1, 1);
    let out = house.post(1, 7, "hi");
    let [
        Output::Publish(Audience::Room(RoomId::LOBBY), Event::Posted(posted)),
        Output::Send(SessionId(1), Event::Reply(reply)),
    ] = &out[..]
    else {
        panic!("{out:?}")
    };
    assert_eq!((posted.n, posted.seq, reply.n, reply.reference), (2, 1, 2, 7));
    let again = house.post(1, 7, "hi");
    assert!(matches!(&again[..], [Output::Send(_, Event::Reply(second))] if second == reply), "{again:?}");
}

#[test]
fn nothing_is_shown_before_it_is_committed() {
    let mut house = House::with_members(&["Wei"]);
    house.enter(1, 1);
    let mut out = Vec::new();
    house.hub.handle(Input::CommandReceived(SessionId(1), post(1, "hi")), house.now, &mut out);
    assert!(matches!(out[..], [Output::Append(_)]), "{out:?}");
    out.clear();
    house.hub.handle(Input::AppendsCommitted(vec![Err(ErrorCode::StoreRefused)]), house.now, &mut out);
    assert_eq!(refusal(&out), Some(ErrorCode::StoreRefused));
    assert_eq!(out.len(), 1);
}

#[test]
fn texts_are_judged_at_their_limits() {
    let mut house = House::with_members(&["Wei"]);
    house.enter(1, 1);
    for (i, (length, code)) in [
        (TEXT_BYTES_MAX - 1, None),
        (TEXT_BYTES_MAX, None),
        (TEXT_BYTES_MAX + 1, Some(ErrorCode::TextTooLong)),
    ]
    .into_iter()
    .enumerate()
    {
        assert_eq!(refusal(&house.post(1, u8::try_from(i).unwrap(), &"x".repeat(length))), code);
    }
    for empty in ["", " \n\t", "\u{3000}"] {
        assert_eq!(refusal(&house.post(1, 9, empty)), Some(ErrorCode::TextEmpty));
    }
}

#[test]
fn commands_before_hello_are_refused_and_late_ones_lead_nowhere() {
    let mut house = House::with_members(&["Wei"]);
    let session = SessionId(1);
    house.tell(Input::Opened { session, dialect: Dialect::V1, device: Some(DeviceKey([1; 32])) });
    assert_eq!(refusal(&house.post(1, 1, "early")), Some(ErrorCode::HelloExpected));
    let away = Command::Presence(command::PresenceReport { away: true });
    assert_eq!(refusal(&house.tell(Input::CommandReceived(session, away))), Some(ErrorCode::HelloExpected));
    house.now += HELLO_MS - 1;
    assert_eq!(house.tell(Input::Tick), []);
    assert_eq!(house.hub.next_wake(), Some(house.now + 1));
    house.now += 1;
    assert_eq!(house.tell(Input::Tick), [Output::Close(session, CloseCode::Hello)]);
    house.tell(Input::Closed(session));
    assert_eq!(house.post(1, 2, "late"), []);
    assert_eq!(house.hub.next_wake(), None);
}

#[test]
fn a_second_hello_and_a_stranger_are_closed() {
    let mut house = House::with_members(&["Wei"]);
    house.enter(1, 1);
    assert_eq!(
        house.tell(Input::CommandReceived(SessionId(1), hello())),
        [Output::Close(SessionId(1), CloseCode::Hello)]
    );
    let out = house.enter(2, 99);
    assert_eq!(refusal(&out), Some(ErrorCode::SignInRequired));
    assert_eq!(out[1], Output::Close(SessionId(2), CloseCode::SignedOut));
}

#[test]
fn sessions_of_one_member_have_a_limit() {
    let mut house = House::with_members(&["Wei"]);
    for i in 1..=SESSIONS_PER_MEMBER_MAX as u64 {
        assert!(house.enter(i, 1).iter().any(|output| matches!(output, Output::SendReplay(..))), "{i}");
    }
    assert_eq!(house.enter(1000, 1), [Output::Close(SessionId(1000), CloseCode::Full)]);
    house.tell(Input::Closed(SessionId(3)));
    assert!(house.enter(1001, 1).iter().any(|output| matches!(output, Output::SendReplay(..))));
}

#[test]
fn past_the_rate_the_socket_rests_and_nothing_is_dropped() {
    let mut house = House::with_members(&["Wei"]);
    house.enter(1, 1);
    house.enter(2, 1);
    let burst = POSTS_PER_S * POST_BURST_S;
    for i in 0..burst {
        let session = u64::from(1 + i % 2);
        assert_eq!(house.post(session, u8::try_from(i).unwrap(), "x").len(), 2, "{i}");
    }
    let out = house.post(2, 200, "x");
    assert_eq!(out[0], Output::Pause(SessionId(2), 50), "one member, one rate");
    assert_eq!(out.len(), 3);
}

#[test]
fn plain_clients_and_members_hear_each_other() {
    let mut house = House::with_members(&["Wei"]);
    house.enter(1, 1);
    let session = SessionId(2);
    assert_eq!(
        house.tell(Input::Opened { session, dialect: Dialect::Text, device: None }),
        [Output::Attach(session, vec![])]
    );
    let out = house.tell(Input::TextReceived { session, client_id: ClientId([9; 16]), text: "hey".into() });
    let [Output::Publish(_, Event::Posted(posted))] = &out[..] else { panic!("{out:?}") };
    assert_eq!((posted.author, posted.tag), (MemberId::PASSER_BY, Some(1)));
    let mut out = Vec::new();
    house.hub.handle(
        Input::TextReceived { session, client_id: ClientId([8; 16]), text: "x".into() },
        house.now,
        &mut out,
    );
    out.clear();
    house.hub.handle(Input::AppendsCommitted(vec![Err(ErrorCode::StoreRefused)]), house.now, &mut out);
    assert_eq!(out, [Output::Close(session, CloseCode::TryAgainLater)]);
}

#[test]
fn what_is_not_stored_keeps_its_place_among_what_is() {
    let mut house = House::new();
    let session = SessionId(2);
    house.tell(Input::Opened { session, dialect: Dialect::Text, device: None });
    let mut out = Vec::new();
    let say = |id: u8| Input::TextReceived { session, client_id: ClientId([id; 16]), text: id.to_string() };
    house.hub.handle(say(1), house.now, &mut out);
    house.hub.handle(Input::UnstoredReceived(session, Unstored::EmptyText), house.now, &mut out);
    house.hub.handle(say(2), house.now, &mut out);
    house.hub.handle(Input::UnstoredReceived(session, Unstored::Binary(vec![3])), house.now, &mut out);
    let changes: Vec<_> = out
        .drain(..)
        .map(|output| match output {
            Output::Append(change) => change,
            other => panic!("{other:?} left too early"),
        })
        .collect();
    let outcomes = changes.into_iter().map(|change| house.log.append(change, house.now)).collect();
    house.hub.handle(Input::AppendsCommitted(outcomes), house.now, &mut out);
    let order: Vec<_> = out
        .iter()
        .map(|output| match output {
            Output::Publish(_, Event::Posted(posted)) => posted.text.clone(),
            Output::PublishUnstored(Unstored::EmptyText) => "empty".to_owned(),
            Output::PublishUnstored(Unstored::Binary(bytes)) => format!("{bytes:?}"),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(order, ["1", "empty", "2", "[3]"]);
    assert_eq!(
        house.tell(Input::UnstoredReceived(session, Unstored::EmptyText)),
        [Output::PublishUnstored(Unstored::EmptyText)]
    );
}

#[test]
fn a_taken_name_is_refused_with_a_free_one() {
    let mut house = House::with_members(&["Wei"]);
    let out =
        house.tell(Input::Join { ticket: RequestId(5), name: " wei ".into(), device: DeviceKey([9; 32]) });
    assert_eq!(
        out,
        [Output::Answer(RequestId(5), Answer::Refused(ErrorCode::NameTaken, Some("wei 2".into())))]
    );
    let out =
        house.tell(Input::Rename { ticket: RequestId(6), name: "Hao".into(), device: DeviceKey([9; 32]) });
    assert_eq!(out, [Output::Answer(RequestId(6), Answer::Refused(ErrorCode::SignInRequired, None))]);
    let out =
        house.tell(Input::Rename { ticket: RequestId(7), name: "Hao".into(), device: DeviceKey([1; 32]) });
    assert!(
        matches!(
            &out[..],
            [Output::Publish(_, Event::Renamed(_)), Output::Answer(RequestId(7), Answer::Me(Some(_)))]
        ),
        "{out:?}"
    );
}

#[test]
fn signing_out_ends_every_session_and_forgets_the_device() {
    let mut house = House::with_members(&["Wei"]);
    house.enter(1, 1);
    house.enter(2, 1);
    let out = house.tell(Input::SignOut(RequestId(5), DeviceKey([1; 32])));
    let closes: Vec<_> =
        out.iter().filter(|output| matches!(output, Output::Close(_, CloseCode::SignedOut))).collect();
    assert_eq!(closes.len(), 2);
    assert!(matches!(out.last(), Some(Output::Answer(_, Answer::Me(None)))));
    let out = house.tell(Input::WhoAmI(RequestId(6), DeviceKey([1; 32])));
    assert_eq!(out, [Output::Answer(RequestId(6), Answer::Me(None))]);
    assert_eq!(refusal(&house.post(1, 1, "still here?")), Some(ErrorCode::SignInRequired));
}

#[test]
fn presence_is_told_to_the_room() {
    let mut house = House::with_members(&["Wei"]);
    let out = house.enter(1, 1);
    assert!(
        out.iter().any(|output| matches!(output, Output::Publish(_, Event::Here(here)) if here.count == 1)),
        "{out:?}"
    );
    house.now += 5_000;
    let away = Command::Presence(command::PresenceReport { away: true });
    let out = house.tell(Input::CommandReceived(SessionId(1), away));
    assert!(matches!(&out[..], [Output::Publish(_, Event::Away(_))]), "{out:?}");
    house.tell(Input::Closed(SessionId(1)));
    assert_eq!(house.hub.next_wake(), Some(house.now + 1_000));
    house.now += 1_000;
    assert!(matches!(&house.tell(Input::Tick)[..], [Output::Publish(_, Event::Gone(_))]));
}
