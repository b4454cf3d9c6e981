//! JSON as it is read: first a tree, then what the tree means.
//!
//! The readers that serde derives are made anew by the compiler for every type, 2 to 4 KB each, and those of tagged
//! enums twice that. All that the page reads is read from this tree instead, at a tenth of it. [`read!`](crate::read)
//! writes the reader of a struct; what is read so is read by serde too, through the same tree.
//!
//! Fields that are not asked for are passed over. One that is there twice, is of another kind or is missing is an error.

pub mod raw;

use serde::{Deserialize, Deserializer, de};
use std::fmt;

/// One value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Json {
    /// Nothing.
    Null,
    /// Yes or no.
    Bool(bool),
    /// A whole number, not negative.
    Number(u64),
    /// Any other number: this protocol has none.
    OtherNumber,
    /// A text.
    Text(String),
    /// A list.
    List(Vec<Json>),
    /// Fields with their names.
    Object(Object),
}

/// The fields of an object. Each can be taken out once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Object(Vec<(String, Json)>);

/// The JSON is not what was to be read. Holds the name of the innermost field that is wrong or
/// missing; empty where it is the whole, or no JSON.
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

/// What can be read from JSON.
pub trait FromJson: Sized {
    /// Reads it.
    ///
    /// # Errors
    /// It is something else.
    fn read(json: Json) -> Result<Self, DecodeError>;

    /// What it is where its field is missing; `None` where the field must be there.
    fn absent() -> Option<Self> {
        None
    }
}

/// Reads a text.
///
/// # Errors
/// It is no JSON, or something else.
pub fn from_str<T: FromJson>(text: &str) -> Result<T, DecodeError> {
    T::read(Json::parse(text)?)
}

impl Json {
    /// Reads a text.
    ///
    /// # Errors
    /// It is no JSON.
    pub fn parse(text: &str) -> Result<Self, DecodeError> {
        serde_json::from_str(text).map_err(|_| DecodeError(""))
    }

    /// The fields of an object.
    ///
    /// # Errors
    /// It is none.
    pub fn into_object(self) -> Result<Object, DecodeError> {
        match self {
            Json::Object(object) => Ok(object),
            _ => Err(DecodeError("")),
        }
    }
}

impl Object {
    /// Takes out a field.
    ///
    /// # Errors
    /// It is there twice.
    pub fn take(&mut self, name: &'static str) -> Result<Option<Json>, DecodeError> {
        let place = |fields: &[(String, Json)]| fields.iter().position(|(field, _)| field == name);
        let Some(found) = place(&self.0) else { return Ok(None) };
        let (_, json) = self.0.swap_remove(found);
        if place(&self.0).is_some() { Err(DecodeError(name)) } else { Ok(Some(json)) }
    }

    /// Reads a field.
    ///
    /// # Errors
    /// It is missing and has to be there, or it is wrong.
    pub fn field<T: FromJson>(&mut self, name: &'static str) -> Result<T, DecodeError> {
        self.field_or(name, T::absent)
    }

    /// Reads a field that may be missing.
    ///
    /// # Errors
    /// It is wrong.
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

    /// The only field and its name.
    ///
    /// # Errors
    /// There are none, or several.
    pub fn into_only(self) -> Result<(String, Json), DecodeError> {
        match <[(String, Json); 1]>::try_from(self.0) {
            Ok([only]) => Ok(only),
            Err(_) => Err(DecodeError("")),
        }
    }
}

/// How structs are read, by [`FromJson`] and by serde:
/// `read! { Type { field, other as "name on the wire", third or default } }`. A field that is an
/// [`Option`] may be missing anyway. The crate that uses it needs serde.
#[macro_export]
macro_rules! read {
    ($($type:ident { $($field:ident $(as $name:literal)? $(or $default:ident)?),* $(,)? })*) => {
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
            Json::Bool(is) => Ok(is),
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
        deserializer.deserialize_any(Tree)
    }
}

struct Tree;

impl<'de> de::Visitor<'de> for Tree {
    type Value = Json;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Json, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E>(self, is: bool) -> Result<Json, E> {
        Ok(Json::Bool(is))
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
