use super::*;

/// The same by serde_json.
fn reference(text: &str) -> Option<Json> {
    serde_json::from_str(text).ok()
}

#[track_caller]
fn check(text: &str) {
    assert_eq!(parse(text).ok(), reference(text), "{text:?}");
}

#[test]
fn values_are_parsed_as_serde_json_parses_them() {
    let numbers = ["0", "7", "18446744073709551615", "18446744073709551616", "-0", "-1", "1.5", "0.0", "1e3"];
    let more =
        ["1E+3", "1e-3", "-1.25e2", "00", "01", "-", "-a", "1.", ".5", "1.e3", "1e", "1e+", "+1", "1a"];
    let strings = [r#""""#, r#""茶""#, r#""\"\\\/\b\f\n\r\t""#, r#""\u8336\u00e9""#, r#""\ud83c\udf75""#];
    let halves = [r#""\ud83c""#, r#""\ud83cx""#, r#""\ud83c\n""#, r#""\ud83c\u0041""#, r#""\udf75""#];
    let faults =
        [r#"""#, r#""a"#, r#""\"#, r#""\x""#, r#""\u12"#, r#""\u12g4""#, "\"\n\"", "\"\u{1f}\"", "'a'"];
    let words = ["null", "true", "false", "nul", "nulll", "True", "falsey", "", " ", "\u{feff}1", "\u{a0}1"];
    let lists =
        ["[]", "[ ]", "[1]", "[1,2]", " [ 1 , [ ] ] ", "[", "[1", "[1,]", "[,1]", "[1 2]", "]", "[1]]"];
    let objects = ["{}", r#"{"a":1}"#, r#"{ "a" : {"b":[null]} , "a" : 2 }"#, "{", r#"{"a"}"#, r#"{"a":}"#];
    let wrong =
        [r#"{"a":1,}"#, "{a:1}", "{1:2}", r#"{"a" 1}"#, r#"{"a":1"#, "{,}", r#"{"a":1}x"#, "[1}", "1 1"];
    let all = [&numbers[..], &more, &strings, &halves, &faults, &words, &lists, &objects, &wrong].concat();
    for text in all {
        check(text);
        check(&format!("\t{text}\r\n"));
        check(&format!("[{text}]"));
        check(&format!("{{\"x\":{text},\"茶\":0}}"));
    }
}

#[test]
fn a_text_with_any_byte_changed_is_parsed_as_serde_json_parses_it() {
    const FRAME: &str = r#" {"type":"posted","n":12,"to":{"room":3},"text":"茶 \u8336\ud83c\udf75\\ \n","x":[-1.5e3,null,true,false]} "#;
    let others = b"\"\\{}[],:.-+eEu0159 \x1fntfa";
    for at in 0..FRAME.len() {
        for other in others {
            let mut bytes = FRAME.as_bytes().to_vec();
            bytes[at] = *other;
            let Ok(changed) = std::str::from_utf8(&bytes) else { continue };
            check(changed);
        }
        if FRAME.is_char_boundary(at) {
            check(&FRAME[at..]);
            check(&FRAME[..at]);
        }
    }
}

#[test]
fn a_number_beyond_every_float_is_no_whole_number() {
    // serde_json calls it an error.
    assert_eq!(parse("1e999"), Ok(Json::OtherNumber));
}

#[test]
fn nesting_is_limited() {
    for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
        for depth in [DEPTH_MAX - 1, DEPTH_MAX, DEPTH_MAX + 1] {
            let text = format!("{}0{}", open.repeat(depth), close.repeat(depth));
            assert_eq!(parse(&text).is_ok(), depth <= DEPTH_MAX, "{depth}");
            check(&text);
        }
    }
}
