use std::net::TcpListener;

use super::*;

/// An attacker with a socket, the server's end of it, and the time at which the attacker wakes.
fn open(kind: AttackKind) -> (Attacker, TcpStream, Outcome) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    let mut attacker = Attacker::new(kind, 0, port, "th_1=ab".to_owned());
    let outcome = attacker.open(port);
    let (stream, peer) = listener.accept().unwrap();
    assert_eq!(peer.ip(), ADDRESS);
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    (attacker, stream, outcome)
}

fn read(stream: &mut TcpStream) -> String {
    let mut bytes = [0; 4_096];
    let count = stream.read(&mut bytes).unwrap();
    String::from_utf8_lossy(&bytes[..count]).into_owned()
}

#[test]
fn a_head_grows_and_does_not_end_when_the_attacker_wakes() {
    let (mut attacker, mut stream, outcome) = open(AttackKind::Heads);
    let Outcome::WakeAt(at) = outcome else { panic!("{outcome:?}") };
    let mut counts = AttackCounts::default();
    assert_eq!(attacker.serve(&mut [0; 64], false, &mut counts), Outcome::Pending);
    assert!(!read(&mut stream).contains("\r\n\r\n"));
    assert_eq!(attacker.wake(at + Duration::from_secs(1)), Outcome::Pending, "of an earlier socket");
    assert!(matches!(attacker.wake(at), Outcome::WakeAt(_)));
    assert_eq!(read(&mut stream), "a");
}

#[test]
fn an_attacker_asks_again_at_once_when_a_request_is_accepted() {
    let (mut attacker, mut stream, _) = open(AttackKind::Joins);
    let mut counts = AttackCounts::default();
    attacker.serve(&mut [0; 64], false, &mut counts);
    let first = read(&mut stream);
    let accepted = attacker.read_bytes(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", &mut counts);
    assert_eq!((accepted, counts.accepted), (Outcome::Pending, 1));
    assert_ne!(read(&mut stream), first, "each join has a name of its own");
    let refused = attacker.read_bytes(b"HTTP/1.1 429 Wait\r\nContent-Length: 0\r\n\r\n", &mut counts);
    assert!(matches!(refused, Outcome::WakeAt(_)));
    assert_eq!(counts.refused, 1);
}

#[test]
fn a_stalled_reader_reads_nothing_after_the_handshake() {
    let (mut attacker, mut stream, _) = open(AttackKind::Readers);
    let mut counts = AttackCounts::default();
    attacker.serve(&mut [0; 64], false, &mut counts);
    let request = read(&mut stream);
    let (answer, _) = handshake::answer_as_floor(request.as_bytes());
    assert!(matches!(attacker.read_bytes(answer.as_bytes(), &mut counts), Outcome::WakeAt(_)));
    assert!(!read(&mut stream).is_empty(), "hello and its questions");
    stream.write_all(b"a page").unwrap();
    let mut buffer = [0; 64];
    assert_eq!(attacker.serve(&mut buffer, false, &mut counts), Outcome::Pending);
    assert_eq!(buffer, [0; 64]);
}
