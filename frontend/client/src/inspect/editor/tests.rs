use super::*;

fn edited(edits: impl IntoIterator<Item = EditorInput>) -> Editor {
    let mut editor = Editor::default();
    edits.into_iter().for_each(|edit| editor.edit(edit));
    editor
}

fn frames(editor: &Editor) -> &[Frame] {
    match &editor.meaning {
        Meaning::Frames(frames, None) => frames,
        other => panic!("{other:?}"),
    }
}

#[test]
fn fields_follow_bytes_and_bytes_follow_fields() {
    let editor = Editor::default();
    assert_eq!(editor.hex, "81 85 37 fa 21 3d 7f 9f 4d 51 58", "RFC 6455 §5.7");
    assert_eq!((&*editor.fields.payload, &*editor.fields.key), ("Hello", "37 fa 21 3d"));
    let editor = edited([EditorInput::Masked(false), EditorInput::From(Side::Server)]);
    assert_eq!(editor.hex, "81 05 48 65 6c 6c 6f");
    let editor =
        edited([EditorInput::Payload("Hel".into()), EditorInput::Fin(false), EditorInput::Masked(false)]);
    assert_eq!(editor.hex, "01 03 48 65 6c");
    let editor = edited([EditorInput::Masked(false), EditorInput::Masked(true)]);
    assert_eq!(editor.hex, Editor::default().hex, "the key field keeps its text");
    let editor = edited([
        EditorInput::Rsv(4),
        EditorInput::Rsv(1),
        EditorInput::Rsv(4),
        EditorInput::Opcode(Opcode::Ping),
    ]);
    assert!(editor.hex.starts_with("99 85"), "{}", editor.hex);
}

#[test]
fn each_example_has_its_described_meaning() {
    for example in Example::ALL {
        let editor = edited([EditorInput::Example(example)]);
        let faults: Vec<_> = frames(&editor).iter().flat_map(|frame| &frame.faults).copied().collect();
        match example {
            Example::Broken => assert_eq!(
                faults,
                [
                    FrameFault::ReservedBit,
                    FrameFault::ControlInParts,
                    FrameFault::Unmasked,
                    FrameFault::LengthNotShortest
                ]
            ),
            Example::Bytes64K => assert_eq!(faults, [FrameFault::Short(65_536)]),
            _ => assert_eq!(faults, [], "{example:?}"),
        }
        assert_eq!(frames(&editor).len(), if example == Example::Parts { 2 } else { 1 });
        assert_eq!(editor.from, example.bytes().1);
    }
}

#[test]
fn a_field_changes_only_the_first_frame() {
    let editor = edited([EditorInput::Example(Example::Parts), EditorInput::Payload("H".into())]);
    assert_eq!(editor.hex, "01 01 48 80 02 6c 6f");
    let editor = edited([EditorInput::Example(Example::Bytes64K), EditorInput::Fin(false)]);
    assert_eq!(editor.hex, "02 7f 00 00 00 00 00 01 00 00", "a declared length stays");
    let editor = edited([EditorInput::Example(Example::Bytes64K), EditorInput::Payload("07".into())]);
    assert_eq!(editor.hex, "82 01 07");
}

#[test]
fn frames_are_checked_as_a_sequence() {
    for (hex, expected) in [
        ("80 80 00 00 00 00", [vec![FrameFault::ContinuesNothing], vec![]]),
        ("01 80 00 00 00 00 81 80 00 00 00 00", [vec![], vec![FrameFault::InsideMessage]]),
        ("01 80 00 00 00 00 89 80 00 00 00 00", [vec![], vec![]]),
        ("88 80 00 00 00 00 89 80 00 00 00 00", [vec![], vec![FrameFault::AfterClose]]),
    ] {
        let editor = edited([EditorInput::Hex(hex.into())]);
        let faults: Vec<_> = frames(&editor).iter().map(|frame| frame.faults.clone()).collect();
        assert_eq!(faults, expected[..faults.len()], "{hex}");
    }
    // A field that completes the first frame leaves the second unchanged.
    let editor = edited([EditorInput::Example(Example::Parts), EditorInput::Fin(true)]);
    assert_eq!(frames(&editor)[1].faults, [FrameFault::ContinuesNothing]);
}

#[test]
fn a_length_is_written_in_any_form_that_holds_it() {
    for (form, length, hex) in [
        (LengthForm::Seven, 125, "81 7d"),
        (LengthForm::Seven, 126, "81 7e 00 7e"),
        (LengthForm::Sixteen, 1, "81 7e 00 01"),
        (LengthForm::SixtyFour, 1, "81 7f 00 00 00 00 00 00 00 01"),
    ] {
        let editor = edited([
            EditorInput::Masked(false),
            EditorInput::Payload("x".repeat(length)),
            EditorInput::Form(form),
        ]);
        assert!(editor.hex.starts_with(hex), "{}", editor.hex);
    }
}

#[test]
fn a_form_that_cannot_hold_the_length_is_refused_with_the_reason() {
    for (length, form, fits) in [
        (125, LengthForm::Seven, true),
        (126, LengthForm::Seven, false),
        (200, LengthForm::Seven, false),
        (200, LengthForm::Sixteen, true),
        (200, LengthForm::SixtyFour, true),
    ] {
        let before = edited([EditorInput::Payload("y".repeat(length))]);
        let mut editor = before.clone();
        editor.edit(EditorInput::Form(form));
        let fault = FormFault { length: length as u64, form };
        assert_eq!(editor.form_fault, (!fits).then_some(fault), "{length}");
        assert_eq!(editor.fields.form == form, fits);
        if !fits {
            assert_eq!((&editor.hex, &editor.fields), (&before.hex, &before.fields));
            editor.edit(EditorInput::Fin(false));
            assert_eq!(editor.form_fault, None, "the fault was shown");
        }
    }
    // The declared length counts, not the length of the payload.
    let editor = edited([EditorInput::Example(Example::Bytes64K), EditorInput::Form(LengthForm::Sixteen)]);
    assert_eq!(editor.form_fault, Some(FormFault { length: 65_536, form: LengthForm::Sixteen }));
}

#[test]
fn a_longer_form_stays_while_it_holds_the_payload() {
    let long = [
        EditorInput::Payload("Hi".into()),
        EditorInput::Masked(false),
        EditorInput::Form(LengthForm::SixtyFour),
    ];
    let mut editor = edited(long);
    assert_eq!(editor.hex, "81 7f 00 00 00 00 00 00 00 02 48 69");
    editor.edit(EditorInput::Payload("Hi!".into()));
    assert_eq!(editor.hex, "81 7f 00 00 00 00 00 00 00 03 48 69 21");
    // A form that was read from bytes counts as chosen.
    let mut editor = edited([EditorInput::Hex("81 7e 00 01 61".into()), EditorInput::Payload("ab".into())]);
    assert_eq!(editor.hex, "81 7e 00 02 61 62");
    editor.edit(EditorInput::Form(LengthForm::Seven));
    assert_eq!(editor.hex, "81 02 61 62");
    // A form that the length required is dropped when the length shrinks.
    for length in [200, 2, 200] {
        editor.edit(EditorInput::Payload("y".repeat(length)));
        assert_eq!(editor.fields.form, LengthForm::shortest(length as u64));
    }
}

#[test]
fn unreadable_bytes_or_fields_leave_the_other_unchanged() {
    let initial = Editor::default();
    for (text, meaning) in [
        ("81 8", Meaning::NotHex(NotHex(3))),
        ("tea", Meaning::NotHex(NotHex(0))),
        ("81", Meaning::Frames(vec![], Some(FrameFault::Short(1)))),
        ("", Meaning::Frames(vec![], None)),
    ] {
        let editor = edited([EditorInput::Hex(text.into())]);
        assert_eq!((&editor.meaning, &editor.fields), (&meaning, &initial.fields), "{text}");
    }
    for (edit, fault) in [
        (EditorInput::Key("37 fa".into()), FieldFault::Key),
        (EditorInput::Key("tea".into()), FieldFault::Key),
        (EditorInput::Payload("x".repeat(2_000)), FieldFault::TooLong(2_008)),
    ] {
        let editor = edited([edit]);
        assert_eq!((editor.field_fault, &editor.hex), (Some(fault), &initial.hex));
    }
    let editor = edited([EditorInput::AsHex(true), EditorInput::Payload("0 1".into())]);
    assert_eq!(editor.field_fault, Some(FieldFault::Payload(NotHex(0))));
    assert_eq!(edited([EditorInput::Key("x".into()), EditorInput::Key("01020304".into())]).field_fault, None);
}

#[test]
fn a_payload_is_converted_between_text_and_hexadecimal() {
    let editor = edited([EditorInput::AsHex(true)]);
    assert_eq!((&*editor.fields.payload, &editor.hex), ("48 65 6c 6c 6f", &Editor::default().hex));
    let editor = edited([
        EditorInput::AsHex(true),
        EditorInput::Payload("e8 8c b6".into()),
        EditorInput::AsHex(false),
    ]);
    assert_eq!(editor.fields.payload, "茶");
    let editor =
        edited([EditorInput::AsHex(true), EditorInput::Payload("ff".into()), EditorInput::AsHex(false)]);
    assert!(editor.fields.as_hex, "the message is not a text");
    assert!(
        edited([EditorInput::Hex("88 02 03 e8".into())]).fields.as_hex,
        "the close code is shown apart from the text"
    );
}

#[test]
fn bytes_are_read_up_to_the_limit() {
    for (bytes, is_read) in [
        (INSPECT_EDIT_BYTES_MAX - 1, true),
        (INSPECT_EDIT_BYTES_MAX, true),
        (INSPECT_EDIT_BYTES_MAX + 1, false),
    ] {
        let editor = edited([EditorInput::Hex("00".repeat(bytes))]);
        assert_eq!(matches!(editor.meaning, Meaning::Frames(..)), is_read, "{bytes}");
    }
    assert!(matches!(edited([EditorInput::Hex(" ".repeat(1 << 20))]).meaning, Meaning::TooLong(_)));
}

#[test]
fn random_edits_keep_the_editor_consistent() {
    // splitmix64, so that every run makes the same edits.
    let mut state = 0x1d_u64;
    let mut draw = || {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    };
    let mut editor = Editor::default();
    for _ in 0..20_000 {
        let bits = draw();
        let text: String = (0..draw() % 40)
            .map(|_| {
                let letters = b"0123456789abcdef \n8f";
                char::from(letters[usize::try_from(draw() % letters.len() as u64).unwrap()])
            })
            .collect();
        editor.edit(match bits % 12 {
            0 | 1 => EditorInput::Hex(text),
            2 => EditorInput::From(if bits & 64 == 0 { Side::Client } else { Side::Server }),
            3 => EditorInput::Fin(bits & 64 == 0),
            4 => EditorInput::Rsv(bits.to_le_bytes()[1]),
            5 => EditorInput::Opcode(Opcode::of(bits.to_le_bytes()[1])),
            6 => EditorInput::Masked(bits & 64 == 0),
            7 => EditorInput::Key(text),
            8 => EditorInput::Form(
                [LengthForm::Seven, LengthForm::Sixteen, LengthForm::SixtyFour][(bits % 3) as usize],
            ),
            9 => EditorInput::Payload(text),
            10 => EditorInput::AsHex(bits & 64 == 0),
            _ => EditorInput::Example(Example::ALL[(bits.to_le_bytes()[1] % 8) as usize]),
        });
        if editor.field_fault.is_none()
            && let Meaning::Frames(frames, _) = &editor.meaning
            && let Some(first) = frames.first()
        {
            // Bytes and fields agree: writing the fields gives the bytes.
            let mut fields = editor.fields.clone();
            let written = fields.bytes().unwrap();
            assert_eq!(written, hex::read(&editor.hex).unwrap()[..first.bytes], "{editor:?}");
        }
    }
}
