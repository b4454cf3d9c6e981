use super::*;

const GET: &str = "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n";

/// Gives bytes in steps of this length. Returns what passes at once.
fn receive(requests: &mut RequestBytes, bytes: &[u8], step: usize) -> Vec<u8> {
    let mut passed = Vec::new();
    for part in bytes.chunks(step) {
        let count = requests.receive(part);
        passed.extend_from_slice(&part[..count]);
    }
    passed
}

/// Takes all held bytes that may pass.
fn take(requests: &mut RequestBytes) -> Vec<u8> {
    let mut taken = Vec::new();
    loop {
        assert_eq!(requests.can_pass_held(), {
            let part = requests.take_held(3);
            taken.extend_from_slice(&part);
            !part.is_empty()
        });
        if !requests.can_pass_held() {
            return taken;
        }
    }
}

#[test]
fn one_request_at_a_time_passes_however_the_bytes_are_cut() {
    for (request, head_bytes, body) in [
        (GET, GET.len(), BodyLength::Bytes(0)),
        ("\r\n\r\nGET / HTTP/1.1\n\n", 20, BodyLength::Bytes(0)),
        ("POST / HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}", 38, BodyLength::Bytes(2)),
        ("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n", 47, BodyLength::Chunked),
    ] {
        let bytes = request.repeat(3) + "G";
        for step in [1, 3, 1 << 20] {
            let mut requests = RequestBytes::default();
            let mut all = receive(&mut requests, bytes.as_bytes(), step);
            for round in 0..3 {
                let what = format!("{request:?} by {step}, round {round}");
                assert_eq!((all.len(), requests.stage()), (head_bytes, Stage::Head), "{what}");
                assert!(requests.is_head_read() && take(&mut requests).is_empty(), "{what}");
                requests.begin_request(body);
                all.extend(take(&mut requests));
                assert_eq!(String::from_utf8_lossy(&all), request, "{what}");
                assert_eq!(requests.stage(), Stage::Request, "{what}");
                requests.end_request();
                assert_eq!((take(&mut requests), requests.stage()), (Vec::new(), Stage::Idle), "{what}");
                requests.note_flush();
                all = take(&mut requests);
            }
            assert_eq!((&all[..], requests.stage()), (&b"G"[..], Stage::Head));
            assert!(!requests.holds_bytes() && !requests.is_head_read());
        }
    }
}

#[test]
fn the_socket_is_not_read_when_too_many_bytes_are_held_back() {
    for (more, has_room) in [(-1, true), (0, false), (1, false)] {
        let mut requests = RequestBytes::default();
        requests.receive(GET.as_bytes());
        requests.begin_request(BodyLength::Bytes(0));
        let length = PIPELINED_BYTES_MAX.checked_add_signed(more).unwrap();
        assert_eq!(receive(&mut requests, &vec![b'x'; length], 1_000), b"");
        assert_eq!(requests.has_room(), has_room, "{more}");
        requests.end_request();
        requests.note_flush();
        assert_eq!(take(&mut requests).len(), length);
        assert!(requests.has_room() && !requests.holds_bytes());
    }
}

#[test]
fn a_body_that_no_route_reads_passes_up_to_a_limit() {
    let chunked = format!("{:x}\r\n", 2 * SERVED_BODY_BYTES_MAX);
    for (body, begin) in [(BodyLength::Bytes(u64::MAX), ""), (BodyLength::Chunked, chunked.as_str())] {
        for (more, held) in [(-1, 0), (0, 0), (1, 1)] {
            let mut requests = RequestBytes::default();
            requests.receive(GET.as_bytes());
            requests.begin_request(body);
            let length = SERVED_BODY_BYTES_MAX.checked_add_signed(more).unwrap() - begin.len();
            let bytes = [begin.as_bytes(), &vec![b'x'; length]].concat();
            let passed = receive(&mut requests, &bytes, 10_000);
            assert_eq!(bytes.len() - passed.len(), held, "{body:?} {more}");
            assert!(!requests.can_pass_held());
            requests.end_request();
            assert_eq!((take(&mut requests).len(), requests.stage()), (held, Stage::RestOfBody));
            assert_eq!(requests.receive(b"xx"), 2, "the rest passes");
        }
    }
}

#[test]
fn the_rest_of_a_body_behind_an_early_response_is_no_head() {
    let mut requests = RequestBytes::default();
    requests.receive(GET.as_bytes());
    requests.begin_request(BodyLength::Bytes(1 << 20));
    requests.receive(b"x");
    requests.end_request();
    requests.note_flush();
    let rest = vec![b'x'; 2 * HEAD_BYTES_MAX];
    assert_eq!(requests.receive(&rest), rest.len());
    assert!(!requests.is_head_too_long());
    assert_eq!(requests.stage(), Stage::RestOfBody);

    // actix-http reads a chunked body to its end, and then the next request.
    let mut requests = RequestBytes::default();
    requests.receive(GET.as_bytes());
    requests.begin_request(BodyLength::Chunked);
    requests.end_request();
    requests.note_flush();
    let chunk = format!("{:x}\r\n{}\r\n0\r\n\r\n", rest.len(), "x".repeat(rest.len()));
    assert_eq!(requests.receive(chunk.as_bytes()), chunk.len());
    assert!(!requests.is_head_too_long());
    assert_eq!(requests.stage(), Stage::Idle);
    assert_eq!(requests.receive(GET.as_bytes()), GET.len());
    assert!(requests.is_head_read());
}

#[test]
fn the_bytes_of_a_head_are_limited() {
    for (length, is_too_long) in
        [(HEAD_BYTES_MAX - 1, false), (HEAD_BYTES_MAX, false), (HEAD_BYTES_MAX + 1, true)]
    {
        let begin = "GET / HTTP/1.1\r\nCookie: ";
        let head = format!("{begin}{}\r\n\r\n", "x".repeat(length - begin.len() - 4));
        for step in [7, 8_192, 1 << 20] {
            let mut requests = RequestBytes::default();
            receive(&mut requests, head.as_bytes(), step);
            assert_eq!(requests.is_head_too_long(), is_too_long, "{length} by {step}");
            assert!(requests.is_head_read());
            requests.begin_request(BodyLength::Bytes(0));
            requests.end_request();
            requests.note_flush();
            requests.receive(GET.as_bytes());
            assert!(!requests.is_head_too_long(), "the next head is counted anew");
        }
    }
}

#[test]
fn everything_passes_after_the_upgrade() {
    let mut requests = RequestBytes::default();
    assert_eq!(requests.receive(&[GET.as_bytes(), b"\x81\x80"].concat()), GET.len());
    requests.begin_request(BodyLength::Bytes(0));
    requests.upgrade();
    assert_eq!(take(&mut requests), b"\x81\x80");
    requests.end_request();
    let frames = vec![0; 10 * PIPELINED_BYTES_MAX];
    assert_eq!((requests.receive(&frames), requests.stage()), (frames.len(), Stage::Upgraded));
}
