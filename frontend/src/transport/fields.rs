//! A JSON object, read by the browser: what is only passed on need not be read by our own parser.

use js_sys::{Array, JSON, Reflect};
use wasm_bindgen::{JsCast, JsValue};

/// The object.
pub(crate) struct Fields(JsValue);

impl Fields {
    /// Reads a text; none where it is no JSON.
    pub(crate) fn of(text: &str) -> Option<Self> {
        JSON::parse(text).ok().map(Fields)
    }

    fn field(&self, name: &str) -> JsValue {
        Reflect::get(&self.0, &JsValue::from_str(name)).unwrap_or(JsValue::UNDEFINED)
    }

    /// An object in it.
    pub(crate) fn within(&self, name: &str) -> Option<Self> {
        let value = self.field(name);
        value.is_object().then_some(Fields(value))
    }

    /// A list of objects in it.
    pub(crate) fn list(&self, name: &str) -> Option<Vec<Self>> {
        let list: Array = self.field(name).dyn_into().ok()?;
        Some(list.iter().map(Fields).collect())
    }

    /// A text in it.
    pub(crate) fn text(&self, name: &str) -> Option<String> {
        self.field(name).as_string()
    }

    /// Whether something is so.
    pub(crate) fn flag(&self, name: &str) -> bool {
        self.field(name).is_truthy()
    }

    /// Whether something is so, where it is told.
    pub(crate) fn is_so(&self, name: &str) -> Option<bool> {
        self.field(name).as_bool()
    }

    /// A whole number, of at most 2⁵³: no position or id of a house comes near.
    pub(crate) fn number(&self, name: &str) -> Option<u64> {
        self.field(name).as_f64().map(|number| number as u64)
    }

    /// As text again.
    pub(crate) fn json(&self) -> Option<String> {
        JSON::stringify(&self.0).ok().map(String::from)
    }
}
