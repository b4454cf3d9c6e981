mod archive;
mod clocks;
mod marks;
mod pacing;
mod read_markers;
mod recovery;
mod request;
mod room;
mod tail;

use super::*;
use crate::house::HouseHeader;
use crate::input::Unstored;
use crate::{
    limits::{NAME_REST_MS, SESSIONS_PER_MEMBER_MAX},
    log::Log,
    output::Answer,
    session::RequestId,
};
use shared::{
    Address, ClientId, Command,
    command::{self, Hello, Post},
    event::Welcome,
    limits::TEXT_BYTES_MAX,
};

/// Time at which a test begins. The clocks differ, so a test fails if one is taken for the other.
const START: Now = Now { mono: 10_000, wall: 1_790_000_000_000 };

/// Hub with a log in memory. Collects the outputs except those that the log or the transport answers.
struct TestHub {
    hub: Hub,
    log: Log,
    now: Now,
}

impl TestHub {
    fn new() -> Self {
        let log = Log::new(Epoch(1));
        let hub = Hub::new(Settings::default(), log.epoch(), log.house().clone());
        TestHub { hub, log, now: START }
    }

    fn with_members(names: &[&str]) -> Self {
        let mut test = TestHub::new();
        for (i, name) in names.iter().enumerate() {
            let device = DeviceKey([u8::try_from(i + 1).unwrap(); 32]);
            let out = test.give(Input::Join { request: RequestId(0), name: (*name).to_owned(), device });
            assert!(matches!(out.last(), Some(Output::Answer(_, Answer::Me(Some(_))))), "{out:?}");
        }
        test
    }

    /// Handles one input and everything that follows from it.
    fn give(&mut self, input: Input) -> Vec<Output> {
        let (mut collected, mut out) = (Vec::new(), Vec::new());
        self.hub.handle(input, self.now, &mut out);
        while !out.is_empty() {
            for output in std::mem::take(&mut out) {
                match output {
                    Output::Append(change) => {
                        let outcome = self.log.append(change, self.hub.event_time(self.now));
                        self.hub.handle(Input::AppendsFinished(vec![outcome]), self.now, &mut out);
                        self.read_tail(&mut out);
                    }
                    Output::Read(id, query) => {
                        let result = self.log.read(&query);
                        self.hub.handle(Input::ReadFinished(id, Ok(result)), self.now, &mut out);
                    }
                    Output::MoveMarkers(moves) => {
                        self.log.move_markers(&moves);
                        self.hub.handle(Input::MarkersMoved(Ok(())), self.now, &mut out);
                    }
                    Output::NotifyDrained(session) => {
                        self.hub.handle(Input::Drained(session), self.now, &mut out);
                    }
                    other => collected.push(other),
                }
            }
        }
        collected
    }

    /// Gives the hub the commits of the log that it has not applied.
    fn read_tail(&mut self, out: &mut Vec<Output>) {
        for commit in self.log.commits_after(self.hub.house.head()).unwrap() {
            self.hub.handle(Input::CommitRead(commit), self.now, out);
        }
    }

    /// Opens a WebSocket and sends `hello`.
    fn connect(&mut self, session: u64, device: u8) -> Vec<Output> {
        let session = SessionId(session);
        self.give(Input::Opened { session, dialect: Dialect::V1, device: Some(DeviceKey([device; 32])) });
        self.give(Input::CommandReceived(session, hello()))
    }

    fn post(&mut self, session: u64, id: u8, text: &str) -> Vec<Output> {
        self.send(session, post(id, text))
    }

    fn send(&mut self, session: u64, command: Command) -> Vec<Output> {
        self.give(Input::CommandReceived(SessionId(session), command))
    }
}

fn hello() -> Command {
    Command::Hello(Hello { reference: 1, build: "dev".into(), cursor: None, held: vec![], room: None })
}

fn post(id: u8, text: &str) -> Command {
    let client_id = ClientId([id; 16]);
    Command::Post(Post { reference: u64::from(id), client_id, room: RoomId::LOBBY, text: text.into() })
}

fn welcome_in(out: &[Output]) -> &Welcome {
    let welcome = out.iter().find_map(|output| match output {
        Output::SendReplay(_, event, _) => match &**event {
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
fn hello_is_answered_with_the_open_room() {
    let mut test = TestHub::with_members(&["Wei", "Lin"]);
    test.connect(1, 1);
    test.post(1, 7, "茶好了");
    let out = test.connect(2, 2);
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
fn a_post_is_published_then_acknowledged() {
    let mut test = TestHub::with_members(&["Wei"]);
    test.connect(1, 1);
    let out = test.post(1, 7, "hi");
    let [
        Output::Publish(Audience::Room(RoomId::LOBBY), Event::Posted(posted), _),
        Output::Send(SessionId(1), Event::Reply(reply)),
    ] = &out[..]
    else {
        panic!("{out:?}")
    };
    assert_eq!((posted.n, posted.seq, reply.n, reply.reference), (2, 1, 2, 7));
    let again = test.post(1, 7, "hi");
    assert!(matches!(&again[..], [Output::Send(_, Event::Reply(second))] if second == reply), "{again:?}");
}

#[test]
fn a_post_is_not_published_when_the_store_refuses_it() {
    let mut test = TestHub::with_members(&["Wei"]);
    test.connect(1, 1);
    let mut out = Vec::new();
    test.hub.handle(Input::CommandReceived(SessionId(1), post(1, "hi")), test.now, &mut out);
    assert!(matches!(out[..], [Output::Append(_)]), "{out:?}");
    out.clear();
    test.hub.handle(Input::AppendsFinished(vec![Err(ErrorCode::StoreRefused)]), test.now, &mut out);
    assert_eq!(refusal(&out), Some(ErrorCode::StoreRefused));
    assert_eq!(out.len(), 1);
}

#[test]
fn a_post_is_refused_when_it_is_empty_or_too_long() {
    let mut test = TestHub::with_members(&["Wei"]);
    test.connect(1, 1);
    for (i, (length, code)) in [
        (TEXT_BYTES_MAX - 1, None),
        (TEXT_BYTES_MAX, None),
        (TEXT_BYTES_MAX + 1, Some(ErrorCode::TextTooLong)),
    ]
    .into_iter()
    .enumerate()
    {
        assert_eq!(refusal(&test.post(1, u8::try_from(i).unwrap(), &"x".repeat(length))), code);
    }
    for empty in ["", " \n\t", "\u{3000}"] {
        assert_eq!(refusal(&test.post(1, 9, empty)), Some(ErrorCode::TextEmpty));
    }
}

#[test]
fn a_session_without_hello_is_refused_and_closed_in_time() {
    let mut test = TestHub::with_members(&["Wei"]);
    let session = SessionId(1);
    test.give(Input::Opened { session, dialect: Dialect::V1, device: Some(DeviceKey([1; 32])) });
    assert_eq!(refusal(&test.post(1, 1, "early")), Some(ErrorCode::HelloExpected));
    let away = Command::Presence(command::PresenceReport { away: true });
    assert_eq!(refusal(&test.give(Input::CommandReceived(session, away))), Some(ErrorCode::HelloExpected));
    test.now = test.now.after(HELLO_MS - 1);
    assert_eq!(test.give(Input::Tick), []);
    assert_eq!(test.hub.next_wake(), Some(test.now.mono + 1));
    test.now = test.now.after(1);
    assert_eq!(test.give(Input::Tick), [Output::Close(session, CloseCode::Hello)]);
    test.give(Input::Closed(session));
    assert_eq!(test.post(1, 2, "late"), []);
    assert_eq!(test.hub.next_wake(), test.hub.event_clock.next_wake(), "only the clocks are to be read");
}

#[test]
fn a_session_is_closed_when_hello_comes_twice_or_nobody_is_signed_in() {
    let mut test = TestHub::with_members(&["Wei"]);
    test.connect(1, 1);
    assert_eq!(
        test.give(Input::CommandReceived(SessionId(1), hello())),
        [Output::Close(SessionId(1), CloseCode::Hello)]
    );
    let out = test.connect(2, 99);
    assert_eq!(refusal(&out), Some(ErrorCode::SignInRequired));
    assert_eq!(out[1], Output::Close(SessionId(2), CloseCode::SignedOut));
}

#[test]
fn a_session_is_closed_when_the_member_has_too_many() {
    let mut test = TestHub::with_members(&["Wei"]);
    for i in 1..=SESSIONS_PER_MEMBER_MAX as u64 {
        assert!(test.connect(i, 1).iter().any(|output| matches!(output, Output::SendReplay(..))), "{i}");
    }
    assert_eq!(test.connect(1000, 1), [Output::Close(SessionId(1000), CloseCode::Full)]);
    test.give(Input::Closed(SessionId(3)));
    assert!(test.connect(1001, 1).iter().any(|output| matches!(output, Output::SendReplay(..))));
}

#[test]
fn a_text_without_a_name_is_published_to_the_lobby() {
    let mut test = TestHub::with_members(&["Wei"]);
    test.connect(1, 1);
    let session = SessionId(2);
    assert_eq!(
        test.give(Input::Opened { session, dialect: Dialect::Text, device: None }),
        [Output::Attach(session, vec![])]
    );
    let out = test.give(Input::TextReceived { session, client_id: ClientId([9; 16]), text: "hey".into() });
    let [Output::Publish(_, Event::Posted(posted), _)] = &out[..] else { panic!("{out:?}") };
    assert_eq!((posted.author, posted.tag), (MemberId::PASSER_BY, Some(1)));
    let mut out = Vec::new();
    test.hub.handle(
        Input::TextReceived { session, client_id: ClientId([8; 16]), text: "x".into() },
        test.now,
        &mut out,
    );
    out.clear();
    test.hub.handle(Input::AppendsFinished(vec![Err(ErrorCode::StoreRefused)]), test.now, &mut out);
    assert_eq!(out, [Output::Close(session, CloseCode::TryAgainLater)]);
}

#[test]
fn an_unstored_message_keeps_its_place_among_posts() {
    let mut test = TestHub::new();
    let session = SessionId(2);
    test.give(Input::Opened { session, dialect: Dialect::Text, device: None });
    let mut out = Vec::new();
    let say = |id: u8| Input::TextReceived { session, client_id: ClientId([id; 16]), text: id.to_string() };
    test.hub.handle(say(1), test.now, &mut out);
    test.hub.handle(Input::UnstoredReceived(session, Unstored::EmptyText), test.now, &mut out);
    test.hub.handle(say(2), test.now, &mut out);
    test.hub.handle(Input::UnstoredReceived(session, Unstored::Binary(vec![3])), test.now, &mut out);
    let changes: Vec<_> = out
        .drain(..)
        .map(|output| match output {
            Output::Append(change) => change,
            other => panic!("{other:?} left too early"),
        })
        .collect();
    let outcomes =
        changes.into_iter().map(|change| test.log.append(change, test.hub.event_time(test.now))).collect();
    test.hub.handle(Input::AppendsFinished(outcomes), test.now, &mut out);
    assert_eq!(out, [], "nothing leaves before the tail has it");
    test.read_tail(&mut out);
    let order: Vec<_> = out
        .iter()
        .map(|output| match output {
            Output::Publish(_, Event::Posted(posted), _) => posted.text.clone(),
            Output::PublishUnstored(Unstored::EmptyText) => "empty".to_owned(),
            Output::PublishUnstored(Unstored::Binary(bytes)) => format!("{bytes:?}"),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(order, ["1", "empty", "2", "[3]"]);
    assert_eq!(
        test.give(Input::UnstoredReceived(session, Unstored::EmptyText)),
        [Output::PublishUnstored(Unstored::EmptyText)]
    );
}

#[test]
fn a_taken_name_is_refused_with_a_suggestion() {
    let mut test = TestHub::with_members(&["Wei"]);
    let out =
        test.give(Input::Join { request: RequestId(5), name: " wei ".into(), device: DeviceKey([9; 32]) });
    assert_eq!(
        out,
        [Output::Answer(RequestId(5), Answer::Refused(ErrorCode::NameTaken, Some("wei 2".into())))]
    );
    let out =
        test.give(Input::Rename { request: RequestId(6), name: "Hao".into(), device: DeviceKey([9; 32]) });
    assert_eq!(out, [Output::Answer(RequestId(6), Answer::Refused(ErrorCode::SignInRequired, None))]);
    let out =
        test.give(Input::Rename { request: RequestId(7), name: "Hao".into(), device: DeviceKey([1; 32]) });
    assert!(
        matches!(
            &out[..],
            [Output::Publish(_, Event::Renamed(_), _), Output::Answer(RequestId(7), Answer::Me(Some(_)))]
        ),
        "{out:?}"
    );
}

#[test]
fn a_name_that_was_given_up_rests_for_a_day() {
    let mut test = TestHub::with_members(&["Wei", "Lin"]);
    let mut number = 0;
    let mut name = |test: &mut TestHub, device: u8, name: &str, is_new: bool| {
        number += 1;
        let (request, name, device) = (RequestId(number), name.to_owned(), DeviceKey([device; 32]));
        let input = match is_new {
            true => Input::Join { request, name, device },
            false => Input::Rename { request, name, device },
        };
        match test.give(input).pop() {
            Some(Output::Answer(_, Answer::Me(Some(member)))) => Ok(member.name),
            Some(Output::Answer(_, Answer::Refused(code, suggestion))) => Err((code, suggestion)),
            other => panic!("{other:?}"),
        }
    };
    let taken = |suggestion: &str| Err((ErrorCode::NameTaken, Some(suggestion.to_owned())));
    let start = test.now;

    assert_eq!(name(&mut test, 1, "Hao", false).as_deref(), Ok("Hao"));
    assert_eq!(name(&mut test, 3, "wei", true), taken("wei 2"), "for a newcomer");
    assert_eq!(name(&mut test, 2, "Wei", false), taken("Wei 2"), "for another member");
    assert_eq!(name(&mut test, 1, "WEI", false).as_deref(), Ok("WEI"), "its former holder takes it back");
    assert_eq!(name(&mut test, 1, "Wei", false).as_deref(), Ok("Wei"), "another case of the own name");
    assert_eq!(name(&mut test, 2, "Hao", false), taken("Hao 2"), "the name in between rests too");

    test.now = start.after(NAME_REST_MS - 1);
    test.give(Input::SignOut(RequestId(90), DeviceKey([1; 32])));
    assert_eq!(name(&mut test, 2, "Hao", false), taken("Hao 2"));
    assert_eq!(name(&mut test, 3, "Wei", true), taken("Wei 2"), "of a member who has left");
    test.now = start.after(NAME_REST_MS);
    assert_eq!(name(&mut test, 2, "Hao", false).as_deref(), Ok("Hao"));
    test.now = start.after(2 * NAME_REST_MS - 2);
    assert_eq!(name(&mut test, 3, "Wei", true), taken("Wei 2"));
    test.now = test.now.after(1);
    assert_eq!(name(&mut test, 3, "Wei", true).as_deref(), Ok("Wei"));
}

#[test]
fn the_tag_of_a_passer_by_does_not_repeat_after_a_restart() {
    let mut test = TestHub::new();
    let post = |test: &mut TestHub, session: u64| {
        let session = SessionId(session);
        test.give(Input::Opened { session, dialect: Dialect::Text, device: None });
        let client_id = ClientId([u8::try_from(session.0).unwrap(); 16]);
        let out = test.give(Input::TextReceived { session, client_id, text: "hi".into() });
        let tag = out.iter().find_map(|output| match output {
            Output::Publish(_, Event::Posted(posted), _) => posted.tag,
            _ => None,
        });
        tag.unwrap_or_else(|| panic!("{out:?}"))
    };
    assert_eq!([post(&mut test, 1), post(&mut test, 2)], [1, 2]);
    // A store that does not read its events restores the tag.
    let house = test.log.house();
    let (head, mark, last_tag) = (house.head(), house.mark(), house.last_tag());
    let header = HouseHeader { head, mark, last_tag, ..HouseHeader::default() };
    let restored = House::restore(house.members.clone(), house.rooms.clone(), header);
    for house in [house.clone(), restored] {
        let hub = Hub::new(Settings::default(), Epoch(1), house);
        let mut after = TestHub { hub, log: test.log.clone(), now: test.now };
        assert_eq!(post(&mut after, 3), 3);
    }
}

#[test]
fn signing_out_closes_every_session_of_the_member() {
    let mut test = TestHub::with_members(&["Wei"]);
    test.connect(1, 1);
    test.connect(2, 1);
    let out = test.give(Input::SignOut(RequestId(5), DeviceKey([1; 32])));
    let closes: Vec<_> =
        out.iter().filter(|output| matches!(output, Output::Close(_, CloseCode::SignedOut))).collect();
    assert_eq!(closes.len(), 2);
    assert!(matches!(out.last(), Some(Output::Answer(_, Answer::Me(None)))));
    let out = test.give(Input::WhoAmI(RequestId(6), DeviceKey([1; 32])));
    assert_eq!(out, [Output::Answer(RequestId(6), Answer::Me(None))]);
    assert_eq!(refusal(&test.post(1, 1, "still here?")), Some(ErrorCode::SignInRequired));
}

#[test]
fn presence_is_published_to_the_lobby() {
    let mut test = TestHub::with_members(&["Wei"]);
    let out = test.connect(1, 1);
    assert!(
        out.iter()
            .any(|output| matches!(output, Output::Publish(_, Event::Here(here), _) if here.count == 1)),
        "{out:?}"
    );
    test.now = test.now.after(5_000);
    let away = Command::Presence(command::PresenceReport { away: true });
    let out = test.give(Input::CommandReceived(SessionId(1), away));
    assert!(matches!(&out[..], [Output::Publish(_, Event::Away(_), _)]), "{out:?}");
    test.give(Input::Closed(SessionId(1)));
    assert_eq!(test.hub.next_wake(), Some(test.now.mono + 1_000));
    test.now = test.now.after(1_000);
    assert!(matches!(&test.give(Input::Tick)[..], [Output::Publish(_, Event::Gone(_), _)]));
}
