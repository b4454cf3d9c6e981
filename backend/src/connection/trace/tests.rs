use super::*;
use crate::connection::frame;
use shared::websocket::Frame;

/// Decodes the item in a frame of the tracer.
fn read(item: &Bytes) -> TraceItem {
    let payload = Frame::read(item, Side::Server).unwrap().payload;
    match Event::parse(std::str::from_utf8(&payload).unwrap()) {
        Ok(Event::Trace(trace)) => trace.seen,
        other => panic!("{other:?}"),
    }
}

#[test]
fn frames_are_traced_up_to_the_limit_and_then_counted() {
    // A header of two bytes, a payload of 54, and the time: 64 bytes each.
    let frame = frame::text(&[b'x'; 54]);
    let each = frame.len() + ITEM_TIME_BYTES;
    let full = TRACE_BYTES_MAX / each;
    let tracer = Tracer::new();
    for number in 1..=full + 2 {
        let item = tracer.sent(&frame).map(|item| read(&item));
        match number.cmp(&(full + 1)) {
            std::cmp::Ordering::Less => assert!(matches!(item, Some(TraceItem::Frame(_))), "{number}"),
            std::cmp::Ordering::Equal => {
                let server = DirectionCount { frames: number as u64, bytes: (number * frame.len()) as u64 };
                assert_eq!(
                    item,
                    Some(TraceItem::Counted(ByteCounts { client: DirectionCount::default(), server }))
                );
            }
            std::cmp::Ordering::Greater => assert_eq!(item, None),
        }
    }
}

#[test]
fn an_item_that_fills_the_limit_is_traced() {
    for (spare, is_traced) in [(1, true), (0, true), (-1, false)] {
        let tracer = Tracer::new();
        let frame = frame::text(b"Hello");
        let remaining = i64::try_from(frame.len() + ITEM_TIME_BYTES).unwrap() + spare;
        tracer.remaining.set(usize::try_from(remaining).ok());
        let item = read(&tracer.sent(&frame).unwrap());
        assert_eq!(matches!(item, TraceItem::Frame(_)), is_traced, "{spare} to spare");
    }
}

#[test]
fn counts_follow_pings_and_the_close_past_the_limit() {
    let tracer = Tracer::new();
    tracer.remaining.set(None);
    assert_eq!(tracer.sent(&frame::text(b"x")), None);
    tracer.received(&Frame::write(Opcode::Text, b"Hello", Some([1, 2, 3, 4])));
    let client = DirectionCount { frames: 1, bytes: 11 };
    for (frame, server) in [
        (frame::ping(), DirectionCount { frames: 2, bytes: 5 }),
        (frame::close(Some(1000), ""), DirectionCount { frames: 3, bytes: 9 }),
    ] {
        let item = read(&tracer.sent(&frame).unwrap());
        assert_eq!(item, TraceItem::Counted(ByteCounts { client, server }));
    }
}

#[test]
fn a_long_payload_is_traced_in_part() {
    for (length, item) in [(63, 63), (64, 64), (65, 64), (70_000, 64)] {
        let TraceItem::Frame(frame) = read(&Tracer::new().sent(&frame::binary(&vec![7; length])).unwrap())
        else {
            panic!()
        };
        assert_eq!(frame.payload.0.len(), item);
        assert_eq!(FrameHeader::read(&frame.header.0).unwrap().length, length as u64);
    }
}
