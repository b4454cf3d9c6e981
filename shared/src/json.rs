//! JSON reader in two steps: text to tree, tree to type.
//!
//! serde derives a reader for every type. Each adds 2 to 4 KB to the page, that of a tagged enum twice as
//! much. The page reads from this tree instead, for a tenth of the size. [`read!`](crate::read)
//! implements the reader of a struct, and serde's `Deserialize` through the same tree.
//!
//! Unknown fields are ignored. A field that is missing, of the wrong kind, or there twice is an error.

mod parser;
pub mod raw;

use serde::{Deserialize, Deserializer, de};
use std::fmt;

/// Value of a parsed JSON text (RFC 8259).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Json {
    /// The literal `null`, which an [`Option`] reads as [`None`].
    Null,
    /// One of the literals `true` and `false`.
    Bool(bool),
    /// Whole number from 0 to [`u64::MAX`].
    Number(u64),
    /// Any other number, which this protocol does not use.
    OtherNumber,
    /// String, with its escapes decoded.
    Text(String),
    /// Array, with its elements in their order.
    List(Vec<Json>),
    /// Object, whose fields are taken out by name.
    Object(Object),
}

/// Fields of a JSON object. Each field can be taken once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Object(Vec<(String, Json)>);

/// Error of JSON that does not have the expected form. Holds the name of the innermost wrong or missing
/// field; empty if the whole value is wrong or the text is not JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DecodeError(pub &'static str);

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            "" => f.write_str("not the JSON that was expected"),
            field => write!(f, "the field {field:?} is missing or wrong"),
        }
    }
}

impl std::error::Error for DecodeError {}

/// Types that can be read from JSON.
pub trait FromJson: Sized {
    /// Reads the value.
    ///
    /// # Errors
    /// The JSON does not have the form of this type.
    fn read(json: Json) -> Result<Self, DecodeError>;

    /// Returns the value of a missing field; `None` if the field is required.
    fn absent() -> Option<Self> {
        None
    }
}

/// Reads a value from a text.
///
/// # Errors
/// The text is not JSON, or does not have the form of `T`.
pub fn from_str<T: FromJson>(text: &str) -> Result<T, DecodeError> {
    T::read(Json::parse(text)?)
}

impl Json {
    /// Parses a text.
    ///
    /// # Errors
    /// The text is not JSON.
    pub fn parse(text: &str) -> Result<Self, DecodeError> {
        parser::parse(text)
    }

    /// Returns the fields of an object.
    ///
    /// # Errors
    /// The value is not an object.
    pub fn into_object(self) -> Result<Object, DecodeError> {
        match self {
            Json::Object(object) => Ok(object),
            _ => Err(DecodeError("")),
        }
    }
}

impl Object {
    /// Takes a field out of the object.
    ///
    /// # Errors
    /// The field is there twice.
    pub fn take(&mut self, name: &'static str) -> Result<Option<Json>, DecodeError> {
        let find = |fields: &[(String, Json)]| fields.iter().position(|(field, _)| field == name);
        let Some(found) = find(&self.0) else { return Ok(None) };
        let (_, json) = self.0.swap_remove(found);
        if find(&self.0).is_some() { Err(DecodeError(name)) } else { Ok(Some(json)) }
    }

    /// Takes a field and reads it.
    ///
    /// # Errors
    /// The field is required and missing, or it is wrong.
    pub fn field<T: FromJson>(&mut self, name: &'static str) -> Result<T, DecodeError> {
        self.field_or(name, T::absent)
    }

    /// Takes a field and reads it; the default if it is missing.
    ///
    /// # Errors
    /// The field is wrong.
    pub fn field_or_default<T: FromJson + Default>(&mut self, name: &'static str) -> Result<T, DecodeError> {
        self.field_or(name, || Some(T::default()))
    }

    fn field_or<T: FromJson>(
        &mut self,
        name: &'static str,
        absent: impl FnOnce() -> Option<T>,
    ) -> Result<T, DecodeError> {
        match self.take(name)? {
            Some(json) => {
                T::read(json).map_err(|inner| if inner.0.is_empty() { DecodeError(name) } else { inner })
            }
            None => absent().ok_or(DecodeError(name)),
        }
    }

    /// Returns the name and value of the only field.
    ///
    /// # Errors
    /// The object has no field, or several.
    pub fn into_only(self) -> Result<(String, Json), DecodeError> {
        match <[(String, Json); 1]>::try_from(self.0) {
            Ok([only]) => Ok(only),
            Err(_) => Err(DecodeError("")),
        }
    }
}

/// Implements [`FromJson`] and serde's `Deserialize` for structs:
/// `read! { Type { field, other as "name on the wire", third or default } }`. An [`Option`] may be
/// missing without `or default`. In `field as "new" or "old"` the value of `new` counts if there is one. The calling crate needs serde.
#[macro_export]
macro_rules! read {
    ($($type:ident { $($field:ident $(as $name:literal)? $(or $default:tt)?),* $(,)? })*) => {
        $(
            impl $crate::json::FromJson for $type {
                fn read(json: $crate::json::Json) -> ::std::result::Result<Self, $crate::json::DecodeError> {
                    let mut object = json.into_object()?;
                    Ok($type { $($field: $crate::read!(@field object $field $(as $name)? $(or $default)?)),* })
                }
            }
            $crate::read!(@serde $type);
        )*
    };
    (@field $object:ident $field:ident as $name:literal or $other:literal) => {{
        let other = $object.field($other)?;
        $object.field::<::std::option::Option<_>>($name)?.unwrap_or(other)
    }};
    (@field $object:ident $field:ident as $name:literal) => { $object.field($name)? };
    (@field $object:ident $field:ident or default) => { $object.field_or_default(stringify!($field))? };
    (@field $object:ident $field:ident) => { $object.field(stringify!($field))? };
    (@serde $type:ident) => {
        impl<'de> ::serde::Deserialize<'de> for $type {
            fn deserialize<D: ::serde::Deserializer<'de>>(deserializer: D) -> ::std::result::Result<Self, D::Error> {
                let json = <$crate::json::Json as ::serde::Deserialize>::deserialize(deserializer)?;
                <$type as $crate::json::FromJson>::read(json).map_err(<D::Error as ::serde::de::Error>::custom)
            }
        }
    };
}

impl FromJson for bool {
    fn read(json: Json) -> Result<Self, DecodeError> {
        match json {
            Json::Bool(value) => Ok(value),
            _ => Err(DecodeError("")),
        }
    }
}

impl FromJson for u64 {
    fn read(json: Json) -> Result<Self, DecodeError> {
        match json {
            Json::Number(number) => Ok(number),
            _ => Err(DecodeError("")),
        }
    }
}

impl FromJson for u32 {
    fn read(json: Json) -> Result<Self, DecodeError> {
        u32::try_from(u64::read(json)?).map_err(|_| DecodeError(""))
    }
}

impl FromJson for u16 {
    fn read(json: Json) -> Result<Self, DecodeError> {
        u16::try_from(u64::read(json)?).map_err(|_| DecodeError(""))
    }
}

impl FromJson for String {
    fn read(json: Json) -> Result<Self, DecodeError> {
        match json {
            Json::Text(text) => Ok(text),
            _ => Err(DecodeError("")),
        }
    }
}

impl<T: FromJson> FromJson for Option<T> {
    fn read(json: Json) -> Result<Self, DecodeError> {
        match json {
            Json::Null => Ok(None),
            json => T::read(json).map(Some),
        }
    }

    fn absent() -> Option<Self> {
        Some(None)
    }
}

impl<T: FromJson> FromJson for Vec<T> {
    fn read(json: Json) -> Result<Self, DecodeError> {
        match json {
            Json::List(list) => list.into_iter().map(T::read).collect(),
            _ => Err(DecodeError("")),
        }
    }
}

impl<T: FromJson> FromJson for Box<T> {
    fn read(json: Json) -> Result<Self, DecodeError> {
        T::read(json).map(Box::new)
    }
}

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TreeVisitor)
    }
}

/// Builds a [`Json`] from what serde's deserializer visits.
struct TreeVisitor;

impl<'de> de::Visitor<'de> for TreeVisitor {
    type Value = Json;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Json, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Json, E> {
        Ok(Json::Bool(value))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Json, E> {
        Ok(Json::Number(number))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Json, E> {
        Ok(u64::try_from(number).map_or(Json::OtherNumber, Json::Number))
    }

    fn visit_f64<E>(self, _: f64) -> Result<Json, E> {
        Ok(Json::OtherNumber)
    }

    fn visit_str<E>(self, text: &str) -> Result<Json, E> {
        Ok(Json::Text(text.to_owned()))
    }

    fn visit_seq<A: de::SeqAccess<'de>>(self, mut list: A) -> Result<Json, A::Error> {
        let mut found = Vec::new();
        while let Some(json) = list.next_element()? {
            found.push(json);
        }
        Ok(Json::List(found))
    }

    fn visit_map<A: de::MapAccess<'de>>(self, mut fields: A) -> Result<Json, A::Error> {
        let mut found = Vec::new();
        while let Some(name) = fields.next_key()? {
            found.push((name, fields.next_value()?));
        }
        Ok(Json::Object(Object(found)))
    }
}

#[cfg(test)]
mod tests;
