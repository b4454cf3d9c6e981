use super::*;

const ENTER: KeyEvent<'static> = KeyEvent {
    key: "Enter",
    key_code: 13,
    shift: false,
    ctrl: false,
    alt: false,
    meta: false,
    composing: false,
    touch: false,
};

#[test]
fn a_text_of_the_greatest_length_can_be_sent_and_one_byte_more_cannot() {
    for bytes in [TEXT_BYTES_MAX - 1, TEXT_BYTES_MAX] {
        assert_eq!(check(&"t".repeat(bytes)), Ok(()));
    }
    let refusal = TextRefusal::TooLong { bytes: TEXT_BYTES_MAX + 1, max: TEXT_BYTES_MAX };
    assert_eq!(check(&"t".repeat(TEXT_BYTES_MAX + 1)), Err(refusal));
}

#[test]
fn length_is_counted_in_bytes_not_in_characters() {
    let text = "茶".repeat(TEXT_BYTES_MAX / 3 + 1);
    assert_eq!(check(&text), Err(TextRefusal::TooLong { bytes: text.len(), max: TEXT_BYTES_MAX }));
}

#[test]
fn white_space_alone_is_empty() {
    for text in ["", " ", "\n\t\r\n", "\u{3000}\u{a0}"] {
        assert_eq!(check(text), Err(TextRefusal::Empty), "{text:?}");
    }
    assert_eq!(check("\n茶\n"), Ok(()));
}

#[test]
fn enter_sends_and_shift_enter_breaks_the_line() {
    assert_eq!(on_key(ENTER), KeyAction::Send);
    assert_eq!(on_key(KeyEvent { shift: true, ..ENTER }), KeyAction::Newline);
    assert_eq!(on_key(KeyEvent { shift: true, ctrl: true, ..ENTER }), KeyAction::Newline);
    assert_eq!(on_key(KeyEvent { ctrl: true, ..ENTER }), KeyAction::Send);
    assert_eq!(on_key(KeyEvent { meta: true, ..ENTER }), KeyAction::Send);
    assert_eq!(on_key(KeyEvent { alt: true, ..ENTER }), KeyAction::Nothing);
}

#[test]
fn enter_on_a_touch_keyboard_breaks_the_line() {
    let touch = KeyEvent { touch: true, ..ENTER };
    assert_eq!(on_key(touch), KeyAction::Newline);
    assert_eq!(on_key(KeyEvent { shift: true, ..touch }), KeyAction::Newline);
    assert_eq!(on_key(KeyEvent { ctrl: true, ..touch }), KeyAction::Send, "a keyboard is attached");
}

#[test]
fn an_enter_that_ends_a_composition_never_sends() {
    for (key, key_code, composing) in
        [("Enter", 13, true), ("Enter", 229, false), ("Enter", 229, true), ("Process", 229, true)]
    {
        for modifiers in 0..32 {
            let event = KeyEvent {
                key,
                key_code,
                composing,
                shift: modifiers & 1 != 0,
                ctrl: modifiers & 2 != 0,
                alt: modifiers & 4 != 0,
                meta: modifiers & 8 != 0,
                touch: modifiers & 16 != 0,
            };
            assert_eq!(on_key(event), KeyAction::Nothing, "{event:?}");
        }
    }
}

#[test]
fn other_keys_are_left_to_the_field() {
    for key in ["a", "茶", "Tab", "Escape", "NumpadEnter", "enter", ""] {
        assert_eq!(on_key(KeyEvent { key, key_code: 65, ..ENTER }), KeyAction::Nothing, "{key}");
    }
}
