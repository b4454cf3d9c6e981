//! The answer to a poll, decoded for the session and for the inspector.

use super::event::Traffic;
use shared::json::{DecodeError, FromJson, Json, raw};
use shared::{Cursor, Event, event::EventFrame};

/// Body of a successful answer to a poll (PROTOCOL.md §14).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PollAnswer<'t> {
    /// Frames in their order, each with its JSON text. A frame that cannot be decoded has [`Event::Unknown`].
    pub events: Vec<(EventFrame, &'t str)>,
    /// Cursor for the next poll: everything up to it is in this answer or in earlier ones.
    pub through: Cursor,
    /// Revision of presence, which the client sends with the next poll.
    pub present: u64,
    /// Milliseconds until the next poll, for a client whose polls do not wait at the server.
    pub again_ms: u64,
    /// Bytes of the request and the answer, if the client asked for them (`trace=1`).
    pub traced: Option<Traffic>,
}

impl<'t> PollAnswer<'t> {
    /// Decodes the body of an answer.
    ///
    /// # Errors
    /// [`DecodeError`], if the body is cut or is no answer to a poll.
    pub fn read(body: &'t str) -> Result<Self, DecodeError> {
        let mut answer = Json::parse(body)?.into_object()?;
        let events: Vec<AnyFrame> = answer.field("events")?;
        let texts = raw::elements(body, "events");
        if texts.len() != events.len() {
            return Err(DecodeError("events"));
        }
        let through = answer.field("through")?;
        Ok(PollAnswer {
            events: events.into_iter().map(|AnyFrame(frame)| frame).zip(texts).collect(),
            // A server of an older build has no marks.
            through: answer.field::<Option<Cursor>>("cursor")?.unwrap_or(through),
            present: answer.field("present")?,
            again_ms: answer.field("again_ms")?,
            traced: answer.field("traced")?,
        })
    }
}

/// A frame, with [`Event::Unknown`] if it cannot be decoded.
struct AnyFrame(EventFrame);

impl FromJson for AnyFrame {
    fn read(json: Json) -> Result<Self, DecodeError> {
        Ok(AnyFrame(EventFrame::read(json).unwrap_or(Event::Unknown.into())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use shared::api::PollResponse;

    #[test]
    fn an_answer_is_read_with_the_texts_of_its_events() {
        let caught_up = r#"{"type": "caught_up","through":"000000000000000a.7"}"#;
        let body = format!(
            r#"{{"events":[{caught_up},{{"type":"song","x":-1.5}},7],"through":"000000000000000a.8","present":3,"again_ms":9,"traced":{{"up":1,"down":2}}}}"#
        );
        let answer = PollAnswer::read(&body).unwrap();
        let texts: Vec<_> = answer.events.iter().map(|(_, text)| *text).collect();
        assert_eq!(texts, [caught_up, r#"{"type":"song","x":-1.5}"#, "7"]);
        assert!(matches!(answer.events[0].0.event, Event::CaughtUp(_)));
        assert_eq!(
            (&answer.events[1].0.event, &answer.events[2].0.event),
            (&Event::Unknown, &Event::Unknown)
        );
        assert_eq!((answer.through.to_string().as_str(), answer.present), ("000000000000000a.8", 3));
        assert_eq!((answer.again_ms, answer.traced), (9, Some(Traffic { up: 1, down: 2 })));
    }

    #[test]
    fn an_answer_is_read_as_it_is_written() {
        let through: Cursor = "000000000000000a.8".parse().unwrap();
        for texts in [vec![], vec![r#"{"type":"song"}"#], vec!["7", "[]"]] {
            let response = PollResponse { through, present: 3, again_ms: 9 };
            let body = [PollResponse::HEAD, &texts.join(","), &response.tail(), "}"].concat();
            let answer = PollAnswer::read(&body).unwrap();
            assert_eq!(answer.events.iter().map(|(_, text)| *text).collect::<Vec<_>>(), texts);
            assert_eq!((answer.through, answer.present, answer.again_ms), (through, 3, 9));
        }
    }

    #[test]
    fn an_answer_is_read_with_the_mark_of_its_cursor() {
        let through: Cursor = "000000000000000a.8.0000beef".parse().unwrap();
        let response = PollResponse { through, present: 3, again_ms: 9 };
        let body = format!("{}{}}}", PollResponse::HEAD, response.tail());
        assert!(body.contains(r#""through":"000000000000000a.8","cursor":"000000000000000a.8.0000beef""#));
        assert_eq!(PollAnswer::read(&body).unwrap().through, through);
    }

    #[test]
    fn an_incomplete_answer_is_refused() {
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
