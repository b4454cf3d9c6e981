use super::*;

fn parse(line: &str) -> Result<Command, String> {
    Command::parse(line.split_whitespace().map(str::to_owned))
}

#[test]
fn defaults_equal_the_settings_of_the_bound() {
    let usual = FanOut::usual();
    assert_eq!(parse("fan-out").unwrap(), Command::FanOut(usual.clone()));
    assert_eq!((usual.clients, usual.rate, usual.bytes), (1_000, 200, 64));
    assert_eq!(parse("slow").unwrap(), Command::Slow(Slow::usual()));
}

#[test]
fn values_and_switches_are_parsed() {
    let Command::FanOut(settings) = parse("fan-out --saturate --clients 7").unwrap() else {
        panic!("another command");
    };
    assert!(settings.saturate && !settings.spin);
    assert_eq!(settings.clients, 7);
    assert_eq!(settings.windows, WINDOWS);
    let Command::FanOut(settings) = parse("fan-out --window 9").unwrap() else {
        panic!("another command");
    };
    assert_eq!(settings.windows, [9]);
}

#[test]
fn a_number_is_accepted_up_to_its_bounds() {
    for (line, fine) in [
        ("fan-out --bytes 31", false),
        ("fan-out --bytes 32", true),
        ("fan-out --bytes 65536", true),
        ("fan-out --bytes 65537", false),
        ("idle --clients 0", false),
        ("idle --clients 1", true),
        ("idle --clients 10000", true),
        ("idle --clients 10001", false),
        ("large-house --members 999", false),
        ("large-house --members 1000", true),
        ("large-house --members 100000", true),
        ("large-house --members 100001", false),
        ("large-house --rooms 299", false),
        ("large-house --rooms 300", true),
        ("large-house --rooms 10000", true),
        ("large-house --rooms 10001", false),
        ("hostile --sockets 0", false),
        ("hostile --sockets 1", true),
        ("hostile --sockets 4000", true),
        ("hostile --sockets 4001", false),
        ("hostile --seconds 600", true),
        ("hostile --seconds 601", false),
        ("readers --members 0", false),
        ("readers --members 1", true),
        ("readers --members 100", true),
        ("readers --members 101", false),
        ("readers --sessions 64", true),
        ("readers --sessions 65", false),
        ("readers --flight 4", true),
        ("readers --flight 5", false),
    ] {
        assert_eq!(parse(line).is_ok(), fine, "{line}");
    }
}

#[test]
fn a_word_is_accepted_only_when_known() {
    for (line, expected) in [
        ("fault", Some(true)),
        ("fault --transports all", Some(true)),
        ("fault --transports websocket", Some(false)),
        ("fault --transports pigeon", None),
        ("fault --transports", None),
    ] {
        let switches = match parse(line) {
            Ok(Command::Fault(fault)) => Some(fault.switches),
            _ => None,
        };
        assert_eq!(switches, expected, "{line}");
    }
}

#[test]
fn every_wrong_argument_is_named_at_once() {
    let wrong = parse("fan-out --clients many --rate --colour red").unwrap_err();
    for name in ["--clients", "--rate", "--colour"] {
        assert!(wrong.contains(name), "{wrong}");
    }
    assert!(parse("").is_err());
    assert!(parse("dance").is_err());
    assert!(parse("start 5").is_err());
    assert!(parse("start --runs 5 --runs 6").is_err());
}

#[test]
fn an_attack_is_one_of_the_kinds_or_all_of_them() {
    let kinds = |line: &str| match parse(line) {
        Ok(Command::Hostile(hostile)) => Some(hostile.kinds),
        _ => None,
    };
    assert_eq!(kinds("hostile").unwrap(), AttackKind::ALL);
    assert_eq!(kinds("hostile --attack all").unwrap(), AttackKind::ALL);
    for (word, kind) in [
        ("heads", AttackKind::Heads),
        ("messages", AttackKind::Messages),
        ("readers", AttackKind::Readers),
        ("polls", AttackKind::Polls),
        ("joins", AttackKind::Joins),
        ("rooms", AttackKind::Rooms),
    ] {
        assert_eq!(kinds(&format!("hostile --attack {word}")).unwrap(), [kind], "{word}");
    }
    assert_eq!(kinds("hostile --attack storms"), None);
}

#[test]
fn defaults_equal_the_settings_of_the_large_house_and_the_readers() {
    let Command::LargeHouse(house) = parse("large-house").unwrap() else { panic!("another command") };
    assert_eq!((house.members, house.rooms, house.messages), (100_000, 10_000, 1_000_000));
    assert_eq!((house.clients, house.pairs, house.seconds), (10_000, 3, 10));
    let Command::Readers(readers) = parse("readers").unwrap() else { panic!("another command") };
    assert_eq!((readers.members, readers.sessions, readers.flight), (20, 64, 4));
    let Command::Hostile(hostile) = parse("hostile").unwrap() else { panic!("another command") };
    assert_eq!((hostile.sockets, hostile.seconds), (2_000, 60));
}
