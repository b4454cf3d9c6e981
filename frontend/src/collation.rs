//! The order of names as readers of a language expect it: by pinyin in Chinese, and é beside e. The core sorts by
//! code points, because tables for all scripts would make the page too large.

use crate::language::Language;
use client::sorted::sort_by;
use js_sys::{Array, Intl::Collator, Object};
use wasm_bindgen::JsValue;

/// Sorts items by the names that `name` returns. Items whose names the language does not tell apart keep their
/// order.
pub fn sort_by_name<T>(language: Language, items: Vec<T>, name: impl Fn(&T) -> &str) -> Vec<T> {
    // `kn` sorts numbers by their value: Room 2 before Room 10.
    let locale = format!("{}-u-kn", language.tag());
    let compare = Collator::new(&Array::of1(&locale.into()), &Object::new()).compare();
    let names: Vec<JsValue> = items.iter().map(|item| JsValue::from_str(name(item))).collect();
    sort_by(items, &|one, other| {
        let order = compare.call2(&JsValue::UNDEFINED, &names[one], &names[other]);
        let order = order.ok().and_then(|order| order.as_f64()).unwrap_or_default();
        order.total_cmp(&0.0)
    })
}
