use super::*;
use shared::MemberId;

const WEI: &str = "Wei";

fn wei() -> Member {
    Member { id: MemberId(1), name: WEI.into() }
}

/// The effects of these inputs, which are one millisecond apart.
fn play(inspector: &mut Inspector, inputs: impl IntoIterator<Item = InspectorInput>) -> Vec<InspectorEffect> {
    let mut out = Vec::new();
    for (at, input) in inputs.into_iter().enumerate() {
        inspector.handle(input, 1_000 + at as u64, &mut out);
    }
    out
}

fn golden(name: &str) -> SocketEvent {
    let path = format!("{}/../../shared/tests/golden/v1/{name}.json", env!("CARGO_MANIFEST_DIR"));
    SocketEvent::Message(std::fs::read_to_string(path).unwrap())
}

fn open() -> (Inspector, Vec<InspectorEffect>) {
    let mut inspector = Inspector::default();
    let opened = [
        InspectorInput::Started,
        InspectorInput::StateRead(1, ReadyState::Connecting),
        InspectorInput::IdentityFetched(Ok(Some(wei()))),
        InspectorInput::StateRead(1, ReadyState::Open),
        InspectorInput::EventReceived(1, SocketEvent::Opened),
    ];
    let out = play(&mut inspector, opened);
    (inspector, out)
}

fn is_hello(effect: &InspectorEffect) -> bool {
    matches!(effect, InspectorEffect::Transmit(_, text) if matches!(Command::parse(text), Ok(Command::Hello(_))))
}

#[test]
fn a_life_is_recorded_from_beginning_to_end() {
    let (mut inspector, out) = open();
    assert_eq!(out[..2], [InspectorEffect::FetchIdentity, InspectorEffect::Open(1)]);
    assert!(is_hello(&out[2]) && out.len() == 3, "{out:?}");
    let out = play(
        &mut inspector,
        [
            InspectorInput::Send("茶".into()),
            InspectorInput::EventReceived(1, golden("event_error")),
            InspectorInput::Close { code: "3001".into(), reason: "bye".into() },
            InspectorInput::StateRead(1, ReadyState::Closing),
            InspectorInput::StateRead(1, ReadyState::Closed),
            InspectorInput::EventReceived(
                1,
                SocketEvent::Closed { code: 3001, reason: "bye".into(), clean: true },
            ),
        ],
    );
    assert_eq!(
        out,
        [InspectorEffect::Transmit(1, "茶".into()), InspectorEffect::Close(1, Some(3001), "bye".into())]
    );
    let events: Vec<_> = inspector.life.entries.iter().map(|entry| &entry.event).collect();
    let closed = LifecycleEvent::Closed { code: 3001, reason: "bye".into(), clean: true };
    assert!(matches!(
        events[..],
        [
            LifecycleEvent::Called(SocketCall::New),
            LifecycleEvent::State(ReadyState::Connecting),
            LifecycleEvent::State(ReadyState::Open),
            LifecycleEvent::Opened,
            LifecycleEvent::Called(SocketCall::Send { .. }),
            LifecycleEvent::Called(SocketCall::Send { bytes: 3, .. }),
            LifecycleEvent::Message { .. },
            LifecycleEvent::Called(SocketCall::Close { code: Some(3001), .. }),
            LifecycleEvent::State(ReadyState::Closing),
            LifecycleEvent::State(ReadyState::Closed),
            last,
        ] if *last == closed
    ));
    assert!(inspector.life.reached.iter().all(Option::is_some));
}

#[test]
fn hello_is_sent_once_and_only_for_a_member() {
    for me in [Ok(None), Err(Unreachable)] {
        let mut inspector = Inspector::default();
        let inputs = [
            InspectorInput::Started,
            InspectorInput::StateRead(1, ReadyState::Open),
            InspectorInput::EventReceived(1, SocketEvent::Opened),
            InspectorInput::IdentityFetched(me),
        ];
        assert!(!play(&mut inspector, inputs).iter().any(is_hello));
    }
    // The answer may arrive after the connection opened, and twice.
    let mut inspector = Inspector::default();
    let me = InspectorInput::IdentityFetched(Ok(Some(wei())));
    let inputs = [
        InspectorInput::Started,
        InspectorInput::StateRead(1, ReadyState::Open),
        InspectorInput::EventReceived(1, SocketEvent::Opened),
        me.clone(),
        me,
    ];
    let out = play(&mut inspector, inputs);
    assert_eq!(out.iter().filter(|effect| is_hello(effect)).count(), 1);
    // The next connection repeats it.
    let again = [
        InspectorInput::Connect,
        InspectorInput::StateRead(2, ReadyState::Open),
        InspectorInput::EventReceived(2, SocketEvent::Opened),
    ];
    assert_eq!(play(&mut inspector, again).iter().filter(|effect| is_hello(effect)).count(), 1);
}

#[test]
fn the_identity_is_fetched_again_after_a_sign_out() {
    let close = |code| {
        InspectorInput::EventReceived(1, SocketEvent::Closed { code, reason: String::new(), clean: true })
    };
    let (mut inspector, _) = open();
    for code in [1000, 1006, 4400, 4402] {
        assert_eq!(play(&mut inspector, [close(code)]), [], "{code}");
    }
    assert_eq!(
        play(&mut inspector, [InspectorInput::StateRead(1, ReadyState::Closed), close(4401)]),
        [InspectorEffect::FetchIdentity]
    );
    assert_eq!(play(&mut inspector, [InspectorInput::IdentityFetched(Err(Unreachable))]), []);
    assert_eq!(inspector.signed_in, SignedIn::Somebody(wei()), "nothing is known");
    assert_eq!(
        play(&mut inspector, [InspectorInput::SignedOut, InspectorInput::IdentityFetched(Ok(None))]),
        [InspectorEffect::FetchIdentity]
    );
    assert_eq!(inspector.signed_in, SignedIn::Nobody);
    // The inspector fetches the identity once and does not connect by itself.
    assert_eq!(play(&mut inspector, [InspectorInput::IdentityFetched(Ok(None))]), []);
}

#[test]
fn traces_fill_the_handshake_and_the_frames_and_not_the_time_line() {
    let (mut inspector, _) = open();
    let before = inspector.life.entries.len();
    let traces = ["event_trace_handshake", "event_trace_frame", "event_trace_counted"];
    play(&mut inspector, traces.map(|name| InspectorInput::EventReceived(1, golden(name))));
    assert_eq!((inspector.life.entries.len(), inspector.life.traces), (before, 3));
    assert_eq!(inspector.shown_key(), Some("dGhlIHNhbXBsZSBub25jZQ=="));
    assert_eq!(inspector.frames.rows[0].decoded.as_ref().unwrap().payload, b"Hello");
    assert_eq!(inspector.frames.counts.unwrap().client.frames, 812);
    play(&mut inspector, [InspectorInput::TryKey(Some("x".repeat(INSPECT_KEY_CHARS_MAX + 1)))]);
    assert_eq!(inspector.shown_key().unwrap().len(), INSPECT_KEY_CHARS_MAX);
    play(&mut inspector, [InspectorInput::TryKey(Some(String::new()))]);
    assert_eq!(inspector.shown_key(), Some(""), "a field may be empty while it is edited");
    play(&mut inspector, [InspectorInput::TryKey(None)]);
    assert_eq!(inspector.shown_key(), Some("dGhlIHNhbXBsZSBub25jZQ=="));
    // Another connection has another handshake.
    assert_eq!(play(&mut inspector, [InspectorInput::Connect]), [InspectorEffect::Open(2)]);
    assert_eq!((inspector.handshake, inspector.frames), (None, FrameTable::default()));
}

#[test]
fn late_events_of_an_old_connection_are_ignored() {
    let (mut inspector, _) = open();
    play(&mut inspector, [InspectorInput::Connect, InspectorInput::StateRead(2, ReadyState::Connecting)]);
    let before = inspector.clone();
    let closed = SocketEvent::Closed { code: 1006, reason: String::new(), clean: false };
    let late = [
        InspectorInput::StateRead(1, ReadyState::Closed),
        InspectorInput::EventReceived(1, closed),
        InspectorInput::EventReceived(1, golden("event_trace_frame")),
    ];
    assert_eq!(play(&mut inspector, late), []);
    assert_eq!(inspector, before);
}

#[test]
fn a_call_that_would_throw_is_explained_and_not_made() {
    let (mut inspector, _) = open();
    let close = |code: &str| InspectorInput::Close { code: code.into(), reason: String::new() };
    assert_eq!(play(&mut inspector, [close("1001")]), []);
    assert_eq!(inspector.close_fault, Some(CloseFault::NotAllowed(1001)));
    assert_eq!(play(&mut inspector, [close("")]), [InspectorEffect::Close(1, None, String::new())]);
    assert_eq!(inspector.close_fault, None);
    play(&mut inspector, [InspectorInput::StateRead(1, ReadyState::Closing)]);
    assert_eq!(play(&mut inspector, [InspectorInput::Send("x".into())]), []);
    assert_eq!(inspector.send_fault, Some(SendFault::Ended));
}

#[test]
fn a_long_message_is_cut_where_a_character_ends() {
    for (chars, length, more) in [(199, 199, ""), (200, 200, ""), (201, 200, "…")] {
        assert_eq!(*shortened(&"茶".repeat(chars)), *format!("{}{more}", "茶".repeat(length)));
    }
}
