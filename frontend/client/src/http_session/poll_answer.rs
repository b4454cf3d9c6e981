//! The answer to a poll, read in one place.

use super::event::Traffic;
use shared::json::{DecodeError, FromJson, Json, raw};
use shared::{Cursor, Event};

/// What a poll was answered with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PollAnswer<'t> {
    /// Events in their order, each with its text. One that cannot be read is [`Event::Unknown`].
    pub events: Vec<(Event, &'t str)>,
    /// Cursor of the next poll: everything up to here is in the answer, or was there before.
    pub through: Cursor,
    /// Revision of presence, to be handed back with the next poll.
    pub present: u64,
    /// Milliseconds until the next poll, if it does not wait.
    pub again_ms: u64,
    /// Bytes of the request and the answer, where they were asked for.
    pub traced: Option<Traffic>,
}

impl<'t> PollAnswer<'t> {
    /// Reads the body of an answer.
    ///
    /// # Errors
    /// It is no answer of a house, or has not come whole.
    pub fn read(body: &'t str) -> Result<Self, DecodeError> {
        let mut answer = Json::parse(body)?.into_object()?;
        let events: Vec<AnyEvent> = answer.field("events")?;
        let texts = raw::elements(body, "events");
        if texts.len() != events.len() {
            return Err(DecodeError("events"));
        }
        Ok(PollAnswer {
            events: events.into_iter().map(|AnyEvent(event)| event).zip(texts).collect(),
            through: answer.field("through")?,
            present: answer.field("present")?,
            again_ms: answer.field("again_ms")?,
            traced: answer.field("traced")?,
        })
    }
}

/// An event, whether it can be read or not.
struct AnyEvent(Event);

impl FromJson for AnyEvent {
    fn read(json: Json) -> Result<Self, DecodeError> {
        Ok(AnyEvent(Event::read(json).unwrap_or(Event::Unknown)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_read_with_the_texts_of_its_events() {
        let caught_up = r#"{"type": "caught_up","through":"000000000000000a.7"}"#;
        let body = format!(
            r#"{{"events":[{caught_up},{{"type":"song","x":-1.5}},7],"through":"000000000000000a.8","present":3,"again_ms":9,"traced":{{"up":1,"down":2}}}}"#
        );
        let answer = PollAnswer::read(&body).unwrap();
        let texts: Vec<_> = answer.events.iter().map(|(_, text)| *text).collect();
        assert_eq!(texts, [caught_up, r#"{"type":"song","x":-1.5}"#, "7"]);
        assert!(matches!(answer.events[0].0, Event::CaughtUp(_)));
        assert_eq!((&answer.events[1].0, &answer.events[2].0), (&Event::Unknown, &Event::Unknown));
        assert_eq!((answer.through.to_string().as_str(), answer.present), ("000000000000000a.8", 3));
        assert_eq!((answer.again_ms, answer.traced), (9, Some(Traffic { up: 1, down: 2 })));
    }

    #[test]
    fn an_answer_that_is_not_whole_is_none() {
        let body = r#"{"events":[],"through":"000000000000000a.7","present":3,"again_ms":9}"#;
        assert_eq!(PollAnswer::read(body).unwrap().traced, None);
        for end in 0..body.len() {
            assert!(PollAnswer::read(&body[..end]).is_err(), "{end}");
        }
        for wrong in
            ["<h1>502</h1>", "{}", r#"{"events":7,"through":"000000000000000a.7","present":3,"again_ms":9}"#]
        {
            assert!(PollAnswer::read(wrong).is_err(), "{wrong}");
        }
    }
}
