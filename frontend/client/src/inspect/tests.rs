use super::*;
use shared::MemberId;

const WEI: &str = "Wei";

fn wei() -> Member {
    Member { id: MemberId(1), name: WEI.into() }
}

/// What the inspector did about these inputs, each a millisecond after the one before.
fn play(inspector: &mut Inspector, inputs: impl IntoIterator<Item = Input>) -> Vec<Effect> {
    let mut out = Vec::new();
    for (at, input) in inputs.into_iter().enumerate() {
        inspector.handle(input, 1_000 + at as u64, &mut out);
    }
    out
}

fn golden(name: &str) -> Told {
    let path = format!("{}/../../shared/tests/golden/v1/{name}.json", env!("CARGO_MANIFEST_DIR"));
    Told::Message(std::fs::read_to_string(path).unwrap())
}

fn open() -> (Inspector, Vec<Effect>) {
    let mut inspector = Inspector::default();
    let opened = [
        Input::Started,
        Input::State(1, ReadyState::Connecting),
        Input::Me(Ok(Some(wei()))),
        Input::State(1, ReadyState::Open),
        Input::Told(1, Told::Opened),
    ];
    let out = play(&mut inspector, opened);
    (inspector, out)
}

fn is_hello(effect: &Effect) -> bool {
    matches!(effect, Effect::Transmit(_, text) if matches!(Command::parse(text), Ok(Command::Hello(_))))
}

#[test]
fn a_life_is_told_from_its_beginning_to_its_end() {
    let (mut inspector, out) = open();
    assert_eq!(out[..2], [Effect::AskMe, Effect::Open(1)]);
    assert!(is_hello(&out[2]) && out.len() == 3, "{out:?}");
    let out = play(
        &mut inspector,
        [
            Input::Send("茶".into()),
            Input::Told(1, golden("event_error")),
            Input::Close { code: "3001".into(), reason: "bye".into() },
            Input::State(1, ReadyState::Closing),
            Input::State(1, ReadyState::Closed),
            Input::Told(1, Told::Closed { code: 3001, reason: "bye".into(), clean: true }),
        ],
    );
    assert_eq!(out, [Effect::Transmit(1, "茶".into()), Effect::Close(1, Some(3001), "bye".into())]);
    let told: Vec<_> = inspector.life.moments.iter().map(|moment| &moment.what).collect();
    let closed = What::Closed { code: 3001, reason: "bye".into(), clean: true };
    assert!(matches!(
        told[..],
        [
            What::Called(Call::New),
            What::State(ReadyState::Connecting),
            What::State(ReadyState::Open),
            What::Opened,
            What::Called(Call::Send { .. }),
            What::Called(Call::Send { bytes: 3, .. }),
            What::Message { .. },
            What::Called(Call::Close { code: Some(3001), .. }),
            What::State(ReadyState::Closing),
            What::State(ReadyState::Closed),
            last,
        ] if *last == closed
    ));
    assert!(inspector.life.reached.iter().all(Option::is_some));
}

#[test]
fn hello_is_said_once_and_only_by_somebody() {
    for me in [Ok(None), Err(Unreachable)] {
        let mut inspector = Inspector::default();
        let inputs =
            [Input::Started, Input::State(1, ReadyState::Open), Input::Told(1, Told::Opened), Input::Me(me)];
        assert!(!play(&mut inspector, inputs).iter().any(is_hello));
    }
    // The answer may come behind the open connection, and twice.
    let mut inspector = Inspector::default();
    let me = Input::Me(Ok(Some(wei())));
    let inputs =
        [Input::Started, Input::State(1, ReadyState::Open), Input::Told(1, Told::Opened), me.clone(), me];
    let out = play(&mut inspector, inputs);
    assert_eq!(out.iter().filter(|effect| is_hello(effect)).count(), 1);
    // And again on the next connection.
    let again = [Input::Connect, Input::State(2, ReadyState::Open), Input::Told(2, Told::Opened)];
    assert_eq!(play(&mut inspector, again).iter().filter(|effect| is_hello(effect)).count(), 1);
}

#[test]
fn who_is_signed_out_is_asked_for_again() {
    let close = |code| Input::Told(1, Told::Closed { code, reason: String::new(), clean: true });
    let (mut inspector, _) = open();
    for code in [1000, 1006, 4400, 4402] {
        assert_eq!(play(&mut inspector, [close(code)]), [], "{code}");
    }
    assert_eq!(play(&mut inspector, [Input::State(1, ReadyState::Closed), close(4401)]), [Effect::AskMe]);
    assert_eq!(play(&mut inspector, [Input::Me(Err(Unreachable))]), []);
    assert_eq!(inspector.who, Who::Somebody(wei()), "nothing is known");
    assert_eq!(play(&mut inspector, [Input::SignedOut, Input::Me(Ok(None))]), [Effect::AskMe]);
    assert_eq!(inspector.who, Who::Nobody);
    // It asks once, and does not connect by itself.
    assert_eq!(play(&mut inspector, [Input::Me(Ok(None))]), []);
}

#[test]
fn traces_fill_the_handshake_and_the_frames_and_not_the_time_line() {
    let (mut inspector, _) = open();
    let before = inspector.life.moments.len();
    let traces = ["event_trace_handshake", "event_trace_frame", "event_trace_counted"];
    play(&mut inspector, traces.map(|name| Input::Told(1, golden(name))));
    assert_eq!((inspector.life.moments.len(), inspector.life.traces), (before, 3));
    assert_eq!(inspector.shown_key(), Some("dGhlIHNhbXBsZSBub25jZQ=="));
    assert_eq!(inspector.frames.rows[0].read.as_ref().unwrap().payload, b"Hello");
    assert_eq!(inspector.frames.counted.unwrap().client.frames, 812);
    play(&mut inspector, [Input::Key(Some("x".repeat(INSPECT_KEY_CHARS_MAX + 1)))]);
    assert_eq!(inspector.shown_key().unwrap().len(), INSPECT_KEY_CHARS_MAX);
    play(&mut inspector, [Input::Key(Some(String::new()))]);
    assert_eq!(inspector.shown_key(), Some(""), "it may be empty on the way to another");
    play(&mut inspector, [Input::Key(None)]);
    assert_eq!(inspector.shown_key(), Some("dGhlIHNhbXBsZSBub25jZQ=="));
    // Another connection has another handshake.
    assert_eq!(play(&mut inspector, [Input::Connect]), [Effect::Open(2)]);
    assert_eq!((inspector.handshake, inspector.frames), (None, Frames::default()));
}

#[test]
fn a_late_word_of_an_old_connection_is_passed_over() {
    let (mut inspector, _) = open();
    play(&mut inspector, [Input::Connect, Input::State(2, ReadyState::Connecting)]);
    let held = inspector.clone();
    let closed = Told::Closed { code: 1006, reason: String::new(), clean: false };
    let late = [
        Input::State(1, ReadyState::Closed),
        Input::Told(1, closed),
        Input::Told(1, golden("event_trace_frame")),
    ];
    assert_eq!(play(&mut inspector, late), []);
    assert_eq!(inspector, held);
}

#[test]
fn what_cannot_be_called_is_told_and_not_called() {
    let (mut inspector, _) = open();
    let close = |code: &str| Input::Close { code: code.into(), reason: String::new() };
    assert_eq!(play(&mut inspector, [close("1001")]), []);
    assert_eq!(inspector.close_fault, Some(CloseFault::NotAllowed(1001)));
    assert_eq!(play(&mut inspector, [close("")]), [Effect::Close(1, None, String::new())]);
    assert_eq!(inspector.close_fault, None);
    play(&mut inspector, [Input::State(1, ReadyState::Closing)]);
    assert_eq!(play(&mut inspector, [Input::Send("x".into())]), []);
    assert_eq!(inspector.send_fault, Some(SendFault::Ended));
}

#[test]
fn a_long_message_is_cut_where_a_character_ends() {
    for (chars, shown, more) in [(199, 199, ""), (200, 200, ""), (201, 200, "…")] {
        assert_eq!(*shortened(&"茶".repeat(chars)), *format!("{}{more}", "茶".repeat(shown)));
    }
}
