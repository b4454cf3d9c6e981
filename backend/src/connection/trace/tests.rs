use super::*;
use crate::connection::frame;
use shared::websocket::Frame;

/// Decodes the item in a frame of the tracer.
fn read(told: &Bytes) -> TraceItem {
    let payload = Frame::read(told, Side::Server).unwrap().payload;
    match Event::parse(std::str::from_utf8(&payload).unwrap()) {
        Ok(Event::Trace(trace)) => trace.seen,
        other => panic!("{other:?}"),
    }
}

#[test]
fn at_the_limit_frames_are_told_and_past_it_counted() {
    // A header of two bytes, a payload of 54, and the time: 64 bytes each.
    let frame = frame::text(&[b'x'; 54]);
    let each = frame.len() + ITEM_TIME_BYTES;
    let full = TRACE_BYTES_MAX / each;
    let tracer = Tracer::new();
    for number in 1..=full + 2 {
        let told = tracer.sent(&frame).map(|told| read(&told));
        match number.cmp(&(full + 1)) {
            std::cmp::Ordering::Less => assert!(matches!(told, Some(TraceItem::Frame(_))), "{number}"),
            std::cmp::Ordering::Equal => {
                let server = DirectionCount { frames: number as u64, bytes: (number * frame.len()) as u64 };
                assert_eq!(
                    told,
                    Some(TraceItem::Counted(ByteCounts { client: DirectionCount::default(), server }))
                );
            }
            std::cmp::Ordering::Greater => assert_eq!(told, None),
        }
    }
}

#[test]
fn the_last_byte_may_be_told() {
    for (spare, is_told) in [(1, true), (0, true), (-1, false)] {
        let tracer = Tracer::new();
        let frame = frame::text(b"Hello");
        let remaining = i64::try_from(frame.len() + ITEM_TIME_BYTES).unwrap() + spare;
        tracer.remaining.set(usize::try_from(remaining).ok());
        let told = read(&tracer.sent(&frame).unwrap());
        assert_eq!(matches!(told, TraceItem::Frame(_)), is_told, "{spare} to spare");
    }
}

#[test]
fn past_the_limit_pings_and_the_close_bring_the_count() {
    let tracer = Tracer::new();
    tracer.remaining.set(None);
    assert_eq!(tracer.sent(&frame::text(b"x")), None);
    tracer.received(&Frame::write(Opcode::Text, b"Hello", Some([1, 2, 3, 4])));
    let client = DirectionCount { frames: 1, bytes: 11 };
    for (frame, server) in [
        (frame::ping(), DirectionCount { frames: 2, bytes: 5 }),
        (frame::close(Some(1000), ""), DirectionCount { frames: 3, bytes: 9 }),
    ] {
        let told = read(&tracer.sent(&frame).unwrap());
        assert_eq!(told, TraceItem::Counted(ByteCounts { client, server }));
    }
}

#[test]
fn of_a_long_frame_the_beginning_is_told() {
    for (length, told) in [(63, 63), (64, 64), (65, 64), (70_000, 64)] {
        let TraceItem::Frame(frame) = read(&Tracer::new().sent(&frame::binary(&vec![7; length])).unwrap())
        else {
            panic!()
        };
        assert_eq!(frame.payload.0.len(), told);
        assert_eq!(FrameHeader::read(&frame.header.0).unwrap().length, length as u64);
    }
}
