//! Numbers for people.

use crate::clock::locale;
use crate::language::Language;
use js_sys::BigInt;
use wasm_bindgen::JsValue;

/// A number as the person's language writes it, such as `1,000`.
pub(super) fn grouped(language: Language, number: u64) -> String {
    BigInt::from(number).to_locale_string(&locale(language).into(), &JsValue::UNDEFINED).into()
}
