use super::*;

#[derive(Debug, PartialEq)]
struct Cup {
    size: u32,
    reference: u64,
    tea: Option<String>,
    hot: bool,
    sips: Vec<u16>,
}

read! {
    Cup { size, reference as "ref", tea, hot or default, sips or default }
}

fn cup(fields: &str) -> Result<Cup, DecodeError> {
    from_str(&format!("{{{fields}}}"))
}

fn minimal() -> Cup {
    Cup { size: 2, reference: 3, tea: None, hot: false, sips: Vec::new() }
}

#[test]
fn fields_are_read_by_name_in_any_order() {
    let whole = Cup { tea: Some("茶 \"\n".to_owned()), hot: true, sips: vec![1, 2], ..minimal() };
    assert_eq!(cup(r#""sips":[1,2],"hot":true,"tea":"茶 \"\u000a","ref":3,"size":2"#), Ok(whole));
    assert_eq!(cup(r#""ref":3,"size":2"#), Ok(minimal()));
    assert_eq!(cup(r#""ref":3,"size":2,"tea":null"#), Ok(minimal()));
}

#[test]
fn unknown_fields_are_ignored() {
    for more in [r#""x":{"y":[null,-1,1.5,{}]}"#, r#""x":1,"x":2"#, r#""reference":7"#] {
        assert_eq!(cup(&format!(r#""ref":3,{more},"size":2"#)), Ok(minimal()), "{more}");
    }
}

#[test]
fn an_error_names_the_wrong_field() {
    let cases = [
        (r#""ref":3"#, "size"),
        (r#""size":2"#, "ref"),
        (r#""size":2,"ref":3,"size":2"#, "size"),
        (r#""size":2,"ref":3,"tea":"a","tea":"a""#, "tea"),
        (r#""size":"2","ref":3"#, "size"),
        (r#""size":null,"ref":3"#, "size"),
        (r#""size":2,"ref":-3"#, "ref"),
        (r#""size":2,"ref":3.0"#, "ref"),
        (r#""size":2,"ref":[3]"#, "ref"),
        (r#""size":2,"ref":3,"tea":1"#, "tea"),
        (r#""size":2,"ref":3,"hot":null"#, "hot"),
        (r#""size":2,"ref":3,"hot":"yes""#, "hot"),
        (r#""size":2,"ref":3,"sips":{}"#, "sips"),
        (r#""size":2,"ref":3,"sips":[1,"2"]"#, "sips"),
    ];
    for (fields, field) in cases {
        assert_eq!(cup(fields), Err(DecodeError(field)), "{fields}");
    }
    for text in ["", "{", "{}x", "[]", "[2,3]", "7", "null", "{\"size\":2,}"] {
        assert!(from_str::<Cup>(text).is_err(), "{text}");
    }
}

#[test]
fn a_number_is_refused_when_it_exceeds_its_type() {
    for (number, fits) in [(u64::from(u32::MAX) - 1, true), (u32::MAX.into(), true), (1 << 32, false)] {
        assert_eq!(cup(&format!(r#""ref":3,"size":{number}"#)).is_ok(), fits, "{number}");
    }
    for (number, fits) in [(65_534, true), (65_535, true), (65_536, false)] {
        assert_eq!(from_str::<u16>(&number.to_string()).is_ok(), fits, "{number}");
    }
    assert_eq!(from_str("18446744073709551615"), Ok(u64::MAX));
    assert!(from_str::<u64>("18446744073709551616").is_err());
}

#[test]
fn serde_reads_the_same_values() {
    assert_eq!(serde_json::from_str::<Cup>(r#"{"ref":3,"size":2}"#).unwrap(), minimal());
    let value = serde_json::json!({ "ref": 3, "size": 2, "x": -1.5 });
    assert_eq!(serde_json::from_value::<Cup>(value).unwrap(), minimal());
    let error = serde_json::from_str::<Cup>(r#"{"ref":3}"#).unwrap_err();
    assert!(error.to_string().contains("\"size\""), "{error}");
}

#[test]
fn deeply_nested_json_is_refused() {
    assert_eq!(Json::parse(&"[".repeat(100_000)), Err(DecodeError("")));
    let deep = format!("{}{}", "[".repeat(100), "]".repeat(100));
    assert!(cup(&format!(r#""ref":3,"x":{deep},"size":2"#)).is_ok());
}

#[test]
fn an_only_field_is_refused_when_there_are_none_or_several() {
    let only = |text| Json::parse(text).unwrap().into_object().unwrap().into_only();
    assert_eq!(only(r#"{"a":1}"#), Ok(("a".to_owned(), Json::Number(1))));
    assert!(only("{}").is_err() && only(r#"{"a":1,"b":2}"#).is_err());
}
