//! Frames of events that tell a mark of the log.
//!
//! The marks are those of [`Cursor::mark`]. With them a client that returns can name a position behind all that
//! it has got, and the server notices if the log has lost any of it.

use super::Event;
use crate::json::{DecodeError, FromJson, Json};
use crate::{Cursor, Mark};
use serde::{Deserialize, Deserializer, Serialize, de};

/// Frame with an event, as a server sends it. `E` is [`Event`] or a reference to it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct EventFrame<E = Event> {
    /// Event of the frame.
    #[serde(flatten)]
    pub event: E,
    /// Mark of the log at the `n` of this durable event. Everything addressed to the client up to this event has
    /// been sent before, so a client that has applied it moves its cursor here.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mark: Option<Mark>,
    /// Position with its mark, not before any position in this frame. It says nothing about what was sent. A
    /// client that has applied the frame names it in its next `hello`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub held: Option<Cursor>,
}

impl<'e> EventFrame<&'e Event> {
    /// Makes the frame of an event that is published; `told` is the end of the event's change. A cursor without a
    /// mark tells nothing.
    pub fn published(event: &'e Event, told: Option<Cursor>) -> Self {
        let is_end = |told: Cursor| event.position().is_some_and(|position| position.n == told.n);
        match told.filter(|told| is_end(*told)) {
            Some(end) => EventFrame { event, mark: end.mark.map(Mark), held: None },
            None => EventFrame::answered(event, told),
        }
    }

    /// Makes the frame of an answer, or of an event of a replay; `told` is not before any position in it. A cursor
    /// without a mark tells nothing.
    pub fn answered(event: &'e Event, told: Option<Cursor>) -> Self {
        EventFrame { event, mark: None, held: told.filter(|told| told.mark.is_some()) }
    }
}

impl EventFrame {
    /// Parses a text frame as [`Event::parse_untraced`] does.
    ///
    /// # Errors
    /// The text is not JSON, or not an event.
    pub fn parse_untraced(frame: &str) -> Result<Self, DecodeError> {
        EventFrame::read(Json::parse(frame)?)
    }

    /// Parses a text frame; [`Event::Unknown`] if it is unreadable. If that was an event of the log, the next event
    /// reveals the gap.
    pub fn parse_or_unknown(frame: &str) -> Self {
        EventFrame::parse_untraced(frame).unwrap_or(Event::Unknown.into())
    }
}

impl From<Event> for EventFrame {
    fn from(event: Event) -> Self {
        EventFrame { event, mark: None, held: None }
    }
}

impl FromJson for EventFrame {
    /// Reads the frame. Its field `held` is not read into [`super::Reset`] too.
    fn read(json: Json) -> Result<Self, DecodeError> {
        let mut object = json.into_object()?;
        let (mark, held) = (object.field("mark")?, object.field("held")?);
        Ok(EventFrame { event: Event::read(Json::Object(object))?, mark, held })
    }
}

impl<'de> Deserialize<'de> for EventFrame {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        EventFrame::read(Json::deserialize(deserializer)?).map_err(de::Error::custom)
    }
}
