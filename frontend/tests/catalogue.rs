//! The build's check of the catalogues, with faulty catalogues as input.
#![cfg(not(target_arch = "wasm32"))]

#[path = "../build/catalogue.rs"]
mod catalogue;
#[path = "../build/table.rs"]
mod table;

use catalogue::faults;
use std::collections::BTreeMap;

const EN: &str = "{\n \"send\": \"Send\",\n \"count\": \"%{count} here\"\n}";
const ZH: &str = "{\n \"send\": \"发送\",\n \"count\": \"%{count} 人在\"\n}";
const SOURCE: &str = "tr!(language, \"send\"); tr!(use_language(), \"count\", count = many(1, \")\"))";

fn faults_in(en: &str, zh: &str, source: &str) -> Vec<String> {
    let catalogues = [("en".to_owned(), en.to_owned()), ("zh".to_owned(), zh.to_owned())];
    faults(&catalogues, &[("source".to_owned(), source.to_owned())])
}

#[track_caller]
fn one_fault(en: &str, zh: &str, source: &str, words: &str) {
    let faults = faults_in(en, zh, source);
    assert!(faults.len() == 1 && faults[0].contains(words), "{faults:?}");
}

#[test]
fn catalogues_that_agree_have_no_fault() {
    assert_eq!(faults_in(EN, ZH, SOURCE), Vec::<String>::new());
}

#[test]
fn a_key_in_one_language_only_is_a_fault() {
    one_fault(EN, "{\n \"send\": \"发送\"\n}", SOURCE, "zh: the key count is missing");
    one_fault("{\n \"send\": \"Send\"\n}", ZH, "tr!(l, \"send\")", "en: the key count is missing");
}

#[test]
fn placeholders_that_differ_are_a_fault() {
    one_fault(EN, &ZH.replace("count}", "number}"), SOURCE, "zh: count has the placeholders");
    for odd in ["%", "%{count:}", "%{count:a}", "%{count:a|b|c}", "%{count:5%|b}", "%{:a|b}", "%{count:a|b"] {
        one_fault(EN, &ZH.replace("%{count}", odd), SOURCE, "count has a % that begins no placeholder");
    }
    let forms = EN.replace("here", "%{count:is|are} here");
    assert_eq!(faults_in(&forms, ZH, SOURCE), Vec::<String>::new());
}

#[test]
fn a_key_or_placeholder_that_no_catalogue_has_is_a_fault() {
    let more = |call: &str| format!("{SOURCE}; {call}");
    one_fault(EN, ZH, &more("tr!(language, \"sent\")"), "the key sent, which no catalogue has");
    one_fault(EN, ZH, &more("tr!(language, \"count\")"), "tr! of count gives {}");
    one_fault(EN, ZH, &more("tr!(language, \"count\", n = 1)"), "tr! of count gives {\"n\"}");
    one_fault(EN, ZH, &more("tr!(language, key)"), "cannot read tr!(language, key)");
}

#[test]
fn a_key_that_nothing_uses_is_a_fault() {
    one_fault(EN, ZH, "tr!(language, \"send\")", "nothing uses the key count");
}

#[test]
fn a_catalogue_that_cannot_be_read_is_a_fault() {
    for wrong in
        ["", "[]", "{\n \"send\": 1\n}", "{\n \"send\": \" \"\n}", "{\n \"a\": \"b\",\n \"a\": \"c\"\n}"]
    {
        assert!(!faults_in(wrong, ZH, SOURCE).is_empty(), "{wrong}");
    }
}

#[test]
fn the_table_has_the_texts_of_each_language_in_the_order_of_the_keys() {
    let texts = |pairs: [(&str, &str); 2]| {
        pairs.map(|(key, text)| (key.to_owned(), text.to_owned())).into_iter().collect::<BTreeMap<_, _>>()
    };
    let en = texts([("send", "Send \"it\""), ("count", "%{count} here")]);
    let zh = texts([("count", "%{count} 人在"), ("send", "发送")]);
    let source = table::of(&[("zh-CN".to_owned(), zh), ("en".to_owned(), en)].into_iter().collect());
    let lines: Vec<&str> = source.lines().map(str::trim).collect();
    assert_eq!(
        lines,
        [
            "pub(super) const KEYS: [&str; 2] = [\"count\", \"send\"];",
            "#[cfg(test)]",
            "pub(super) const TAGS: [&str; 2] = [\"en\", \"zh-CN\"];",
            "pub(super) const TEXTS: [[&str; 2]; 2] = [",
            "[\"%{count} here\", \"%{count} 人在\"],",
            "[\"Send \\\"it\\\"\", \"发送\"],",
            "];",
        ]
    );
}
