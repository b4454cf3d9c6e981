use super::*;
use crate::name_refusal::COOKIES_BLOCKED;
use shared::{ClientId, MemberId};

fn member(id: u64, name: &str) -> Member {
    Member { id: MemberId(id), name: name.to_owned() }
}

fn refusal(code: ErrorCode) -> NameRefusal {
    NameRefusal { code, suggestion: Some("Ann2".to_owned()), retry_after_s: None }
}

/// An identity and its effects, with a method for each input.
struct IdentityFixture {
    identity: Identity,
    jitter: Jitter,
}

impl IdentityFixture {
    /// A page that was opened with the last visit's name.
    fn opened(name: Option<&str>) -> Self {
        let mut fixture = IdentityFixture { identity: Identity::new(), jitter: Jitter::new(1) };
        let mut out = Vec::new();
        fixture.identity.start(name.map(str::to_owned), JOIN_ID, &mut out);
        assert_eq!(out, [Effect::FetchIdentity]);
        fixture
    }

    /// A page on which Ann is signed in.
    fn ann() -> Self {
        let mut fixture = IdentityFixture::opened(Some("Ann"));
        assert_eq!(fixture.fetched(Ok(Some(member(1, "Ann")))), (IdentityOutcome::Resume, vec![]));
        fixture
    }

    fn fetched(&mut self, answer: Result<Option<Member>, Unreachable>) -> (IdentityOutcome, Vec<Effect>) {
        let mut out = Vec::new();
        let outcome = self.identity.apply_fetched(answer, 1_000, &mut self.jitter, &mut out);
        (outcome, out)
    }

    fn named(&mut self, answer: Result<Member, NameRefusal>) -> (IdentityOutcome, Vec<Effect>) {
        let mut out = Vec::new();
        let outcome = self.identity.apply_named(answer, 1_000, &mut self.jitter, &mut out);
        (outcome, out)
    }

    fn signed_out(&mut self, answer: Result<(), Unreachable>) -> (IdentityOutcome, Vec<Effect>) {
        let mut out = Vec::new();
        (self.identity.apply_signed_out(answer, &mut out), out)
    }

    fn run(&mut self, what: impl FnOnce(&mut Identity, &mut Vec<Effect>)) -> Vec<Effect> {
        let mut out = Vec::new();
        what(&mut self.identity, &mut out);
        out
    }

    /// The server closed the connection with 4401 and knows no member.
    fn forgotten(&mut self) -> Vec<Effect> {
        assert_eq!(self.run(|identity, out| identity.doubt(false, out)), [Effect::FetchIdentity]);
        assert!(!self.identity.is_known());
        let (outcome, out) = self.fetched(Ok(None));
        assert_eq!(outcome, IdentityOutcome::Nothing);
        out
    }

    fn nobody(&self) -> (&str, bool, Option<ErrorCode>) {
        match self.identity.view() {
            IdentityView::Nobody { name, busy, refusal, .. } => {
                (name, *busy, refusal.as_ref().map(|refusal| refusal.code))
            }
            other => panic!("{other:?}"),
        }
    }

    fn somebody(&self) -> (&str, bool, Option<ErrorCode>) {
        match self.identity.view() {
            IdentityView::Somebody { me, busy, refusal } => {
                (&me.name, *busy, refusal.as_ref().map(|refusal| refusal.code))
            }
            other => panic!("{other:?}"),
        }
    }
}

const JOIN_ID: ClientId = ClientId([7; 16]);

fn join(name: &str) -> Effect {
    Effect::Join { name: name.to_owned(), client_id: Some(JOIN_ID) }
}

/// A join of the page's next member, after a `welcome` of the first.
fn next_join(name: &str) -> Effect {
    let mut client_id = JOIN_ID;
    client_id.0[15] += 1;
    Effect::Join { name: name.to_owned(), client_id: Some(client_id) }
}

fn remember(name: &str) -> Effect {
    Effect::RememberName(Some(name.to_owned()))
}

#[test]
fn a_member_who_stays_unknown_after_joining_twice_is_told_about_cookies() {
    let mut fixture = IdentityFixture::opened(None);
    fixture.fetched(Ok(None));
    assert_eq!(fixture.run(|identity, out| identity.join("Ann".to_owned(), out)), [join("Ann")]);
    fixture.named(Ok(member(1, "Ann")));
    // The browser dropped the cookie, so the server refuses the connection.
    assert_eq!(fixture.forgotten(), [join("Ann")], "the same join, so no second member is left behind");
    fixture.named(Ok(member(1, "Ann")));
    assert_eq!(fixture.forgotten(), []);
    assert_eq!(fixture.nobody(), ("Ann", false, Some(COOKIES_BLOCKED)));
    // The person joins again, now with cookies.
    assert_eq!(fixture.run(|identity, out| identity.join("Ann".to_owned(), out)), [join("Ann")]);
}

#[test]
fn a_first_visit_asks_for_a_name_and_joins_with_it() {
    let mut fixture = IdentityFixture::opened(None);
    assert_eq!(fixture.fetched(Ok(None)), (IdentityOutcome::Nothing, vec![]));
    assert_eq!(fixture.nobody(), ("", false, None));
    assert_eq!(fixture.run(|identity, out| identity.join("Ann".to_owned(), out)), [join("Ann")]);
    assert_eq!(fixture.nobody(), ("Ann", true, None));
    assert_eq!(fixture.run(|identity, out| identity.join("Ann".to_owned(), out)), [], "one at a time");
    assert_eq!(fixture.named(Ok(member(1, "Ann"))), (IdentityOutcome::Connect, vec![remember("Ann")]));
    assert_eq!(fixture.somebody(), ("Ann", false, None));
}

#[test]
fn a_refused_name_stays_in_the_field_with_the_reason() {
    let mut fixture = IdentityFixture::opened(None);
    fixture.fetched(Ok(None));
    fixture.run(|identity, out| identity.join("Ann".to_owned(), out));
    assert_eq!(fixture.named(Err(refusal(ErrorCode::NameTaken))), (IdentityOutcome::Nothing, vec![]));
    assert_eq!(fixture.nobody(), ("Ann", false, Some(ErrorCode::NameTaken)));
    fixture.run(|identity, out| identity.join("Anna".to_owned(), out));
    assert_eq!(fixture.nobody(), ("Anna", true, None));
}

#[test]
fn every_join_until_a_welcome_carries_the_same_id() {
    let lost = NameRefusal { code: ErrorCode::Internal, suggestion: None, retry_after_s: None };
    let mut fixture = IdentityFixture::opened(None);
    fixture.fetched(Ok(None));
    fixture.run(|identity, out| identity.join("Ann".to_owned(), out));
    fixture.named(Err(lost));
    let again = fixture.run(|identity, out| identity.join("Anna".to_owned(), out));
    assert_eq!(again, [join("Anna")]);
    fixture.named(Ok(member(1, "Anna")));
    // The browser did not keep the cookie, so the server does not know the page.
    let rejoin = fixture.run(|identity, out| identity.doubt(false, out));
    assert_eq!(rejoin, [Effect::FetchIdentity]);
    assert_eq!(fixture.fetched(Ok(None)).1, [join("Anna")]);
    fixture.named(Ok(member(1, "Anna")));
    fixture.run(|identity, out| identity.confirm(&member(1, "Anna"), out));
    assert_ne!(fixture.identity.join_id, Some(JOIN_ID), "the next member of the page is another");
}

#[test]
fn the_next_member_of_a_page_joins_with_another_id() {
    let mut fixture = IdentityFixture::opened(None);
    fixture.fetched(Ok(None));
    fixture.run(|identity, out| identity.join("Ann".to_owned(), out));
    fixture.named(Ok(member(1, "Ann")));
    fixture.run(|identity, out| identity.sign_out(out));
    fixture.run(|identity, out| {
        identity.apply_signed_out(Ok(()), out);
    });
    assert_eq!(fixture.run(|identity, out| identity.join("Bo".to_owned(), out)), [next_join("Bo")]);
}

fn too_many(retry_after_s: Option<u64>) -> NameRefusal {
    NameRefusal { code: ErrorCode::TooManyRequests, suggestion: None, retry_after_s }
}

#[test]
fn a_join_among_too_many_waits_as_long_as_the_server_asks_and_goes_on_by_itself() {
    for (retry_after_s, expected) in
        [(Some(12), 12), (None, 1), (Some(0), 1), (Some(119), 119), (Some(120), 120), (Some(121), 120)]
    {
        let mut fixture = IdentityFixture::opened(None);
        fixture.fetched(Ok(None));
        fixture.run(|identity, out| identity.join("Ann".to_owned(), out));
        let at = 1_000 + 1_000 * expected;
        let (outcome, out) = fixture.named(Err(too_many(retry_after_s)));
        assert_eq!((outcome, out), (IdentityOutcome::Nothing, vec![Effect::ScheduleTimer(Timer::Retry, at)]));
        assert_eq!(fixture.nobody(), ("Ann", true, Some(ErrorCode::TooManyRequests)));
        let IdentityView::Nobody { retry_at, .. } = fixture.identity.view() else { panic!() };
        assert_eq!(*retry_at, Some(at));
        let again = fixture.run(|identity, out| identity.join("Anna".to_owned(), out));
        assert_eq!(again, [], "one at a time");
        let retried = fixture.run(|identity, out| assert!(identity.retry_join(out)));
        assert_eq!(retried, [join("Ann")]);
        assert_eq!(fixture.nobody(), ("Ann", true, None));
        let none = fixture.run(|identity, out| assert!(!identity.retry_join(out)));
        assert_eq!(none, []);
        assert_eq!(fixture.named(Ok(member(1, "Ann"))).0, IdentityOutcome::Connect);
    }
}

#[test]
fn a_join_that_waited_may_still_be_refused() {
    let mut fixture = IdentityFixture::opened(None);
    fixture.fetched(Ok(None));
    fixture.run(|identity, out| identity.join("Ann".to_owned(), out));
    fixture.named(Err(too_many(Some(5))));
    fixture.run(|identity, out| assert!(identity.retry_join(out)));
    assert_eq!(fixture.named(Err(refusal(ErrorCode::NameTaken))), (IdentityOutcome::Nothing, vec![]));
    assert_eq!(fixture.nobody(), ("Ann", false, Some(ErrorCode::NameTaken)));
    fixture.run(|identity, out| identity.join("Anna".to_owned(), out));
    assert_eq!(fixture.nobody(), ("Anna", true, None));
}

#[test]
fn an_automatic_join_among_too_many_waits_as_long_as_the_server_asks() {
    let mut fixture = IdentityFixture::ann();
    fixture.forgotten();
    let (_, out) = fixture.named(Err(too_many(Some(30))));
    assert_eq!(out, [Effect::ScheduleTimer(Timer::Retry, 31_000)]);
    fixture.run(|identity, out| assert!(identity.fetch_now(out)));
    assert_eq!(fixture.fetched(Ok(None)).1, [join("Ann")]);
}

#[test]
fn a_known_member_connects() {
    let fixture = IdentityFixture::ann();
    assert_eq!(fixture.somebody(), ("Ann", false, None));
    assert!(fixture.identity.is_known());
}

#[test]
fn an_unreachable_server_is_asked_again() {
    let mut fixture = IdentityFixture::opened(Some("Ann"));
    let (outcome, out) = fixture.fetched(Err(Unreachable));
    assert_eq!(outcome, IdentityOutcome::Nothing);
    assert_eq!(fixture.identity.view(), &IdentityView::Unknown { failed: true });
    let at = fixture.identity.retry_at().unwrap();
    assert_eq!(out, [Effect::ScheduleTimer(Timer::Retry, at)]);
    assert!((1_000..=1_250).contains(&at), "{at}");
    let again = fixture.run(|identity, out| assert!(identity.fetch_now(out)));
    assert_eq!(again, [Effect::CancelTimer(Timer::Retry), Effect::FetchIdentity]);
    let none = fixture.run(|identity, out| assert!(!identity.fetch_now(out)));
    assert_eq!(none, []);
}

#[test]
fn a_member_forgotten_by_a_restarted_server_joins_again() {
    let mut fixture = IdentityFixture::ann();
    assert_eq!(fixture.forgotten(), [join("Ann")]);
    assert_eq!(fixture.somebody(), ("Ann", true, None), "still shown as Ann");
    assert_eq!(fixture.named(Ok(member(7, "Ann"))), (IdentityOutcome::Connect, vec![]));
    assert_eq!(fixture.identity.me(), Some(&member(7, "Ann")));
}

#[test]
fn a_remembered_name_joins_without_asking() {
    let mut fixture = IdentityFixture::opened(Some("Ann"));
    assert_eq!(fixture.fetched(Ok(None)), (IdentityOutcome::Nothing, vec![join("Ann")]));
    assert_eq!(fixture.identity.view(), &IdentityView::Unknown { failed: false });
    assert_eq!(fixture.named(Ok(member(1, "Ann"))).0, IdentityOutcome::Connect);
}

#[test]
fn a_refused_automatic_join_asks_the_person() {
    for code in [ErrorCode::NameTaken, ErrorCode::HouseFull] {
        let mut fixture = IdentityFixture::ann();
        fixture.forgotten();
        assert_eq!(fixture.named(Err(refusal(code))), (IdentityOutcome::Nothing, vec![]));
        assert_eq!(fixture.nobody(), ("Ann", false, Some(code)));
    }
}

#[test]
fn the_page_joins_by_itself_once_until_a_welcome() {
    let mut fixture = IdentityFixture::ann();
    fixture.forgotten();
    fixture.named(Ok(member(7, "Ann")));
    assert_eq!(fixture.forgotten(), [], "a browser that keeps no cookie would join without end");
    assert_eq!(fixture.nobody(), ("Ann", false, Some(COOKIES_BLOCKED)));

    let mut fixture = IdentityFixture::ann();
    fixture.forgotten();
    fixture.named(Ok(member(7, "Ann")));
    fixture.run(|identity, out| identity.confirm(&member(7, "Ann"), out));
    assert_eq!(fixture.forgotten(), [next_join("Ann")]);
}

#[test]
fn a_member_who_signed_out_in_another_tab_does_not_join_again() {
    let mut fixture = IdentityFixture::ann();
    assert_eq!(fixture.run(|identity, out| identity.doubt(true, out)), [Effect::FetchIdentity]);
    assert_eq!(fixture.fetched(Ok(None)), (IdentityOutcome::Nothing, vec![]));
    assert_eq!(fixture.nobody(), ("Ann", false, None));
}

#[test]
fn an_automatic_join_is_retried_when_the_server_is_unreachable() {
    let mut fixture = IdentityFixture::ann();
    fixture.forgotten();
    let (outcome, out) = fixture.named(Err(refusal(ErrorCode::Internal)));
    assert_eq!((outcome, out.len()), (IdentityOutcome::Nothing, 1));
    assert_eq!(fixture.somebody(), ("Ann", true, None));
    fixture.run(|identity, out| assert!(identity.fetch_now(out)));
    assert_eq!(fixture.fetched(Ok(None)).1, [join("Ann")]);
}

#[test]
fn a_member_who_joined_in_another_tab_is_taken_over() {
    let mut fixture = IdentityFixture::opened(None);
    fixture.fetched(Ok(None));
    fixture.run(|identity, out| identity.join("Bo".to_owned(), out));
    assert_eq!(
        fixture.named(Err(refusal(ErrorCode::AlreadySignedIn))),
        (IdentityOutcome::Nothing, vec![Effect::FetchIdentity])
    );
    assert_eq!(fixture.fetched(Ok(Some(member(1, "Ann")))), (IdentityOutcome::Resume, vec![remember("Ann")]));
}

#[test]
fn a_rename_takes_the_new_name_or_shows_the_reason() {
    let mut fixture = IdentityFixture::ann();
    let rename = |identity: &mut Identity, out: &mut Vec<Effect>| identity.rename("Anna".to_owned(), out);
    assert_eq!(fixture.run(rename), [Effect::Rename { name: "Anna".to_owned() }]);
    assert_eq!(fixture.run(rename), [], "one at a time");
    assert_eq!(fixture.named(Err(refusal(ErrorCode::NameTaken))), (IdentityOutcome::Nothing, vec![]));
    assert_eq!(fixture.somebody(), ("Ann", false, Some(ErrorCode::NameTaken)));
    fixture.run(rename);
    assert_eq!(fixture.somebody(), ("Ann", true, None));
    assert_eq!(fixture.named(Ok(member(1, "Anna"))), (IdentityOutcome::Renamed, vec![remember("Anna")]));
    assert_eq!(fixture.somebody(), ("Anna", false, None));
}

#[test]
fn a_rename_answered_for_another_member_changes_the_identity() {
    let mut fixture = IdentityFixture::ann();
    fixture.run(|identity, out| identity.rename("Anna".to_owned(), out));
    assert_eq!(fixture.named(Ok(member(2, "Anna"))), (IdentityOutcome::Connect, vec![remember("Anna")]));
    assert_eq!(fixture.identity.me(), Some(&member(2, "Anna")));
}

#[test]
fn a_name_given_in_another_tab_is_taken_over() {
    let mut fixture = IdentityFixture::ann();
    assert_eq!(fixture.run(|identity, out| identity.set_name(&member(2, "Bob"), out)), []);
    assert_eq!(fixture.run(|identity, out| identity.set_name(&member(1, "Anna"), out)), [remember("Anna")]);
    let welcomed = fixture.run(|identity, out| identity.confirm(&member(1, "Annie"), out));
    assert_eq!(welcomed, [remember("Annie")]);
    assert_eq!(fixture.somebody(), ("Annie", false, None));
}

#[test]
fn a_pending_rename_is_answered_before_the_page_joins_again() {
    for (answer, name) in [(Ok(member(1, "Anna")), "Anna"), (Err(refusal(ErrorCode::SignInRequired)), "Ann")]
    {
        let mut fixture = IdentityFixture::ann();
        fixture.run(|identity, out| identity.rename("Anna".to_owned(), out));
        assert_eq!(fixture.forgotten(), [], "two answers could not be told apart");
        let (_, out) = fixture.named(answer);
        assert_eq!(out.last(), Some(&join(name)));
        assert_eq!(fixture.named(Ok(member(7, name))).0, IdentityOutcome::Connect);
    }
}

#[test]
fn signing_out_forgets_the_name() {
    let mut fixture = IdentityFixture::ann();
    assert_eq!(fixture.run(|identity, out| identity.sign_out(out)), [Effect::SignOut]);
    assert_eq!(fixture.run(|identity, out| identity.doubt(false, out)), [], "the server ends the connection");
    assert_eq!(fixture.signed_out(Ok(())), (IdentityOutcome::Left, vec![Effect::RememberName(None)]));
    assert_eq!(fixture.nobody(), ("", false, None));
    assert_eq!(fixture.fetched(Ok(None)), (IdentityOutcome::Nothing, vec![]));
    assert_eq!(fixture.nobody(), ("", false, None));
}

#[test]
fn a_failed_sign_out_is_shown() {
    let mut fixture = IdentityFixture::ann();
    fixture.run(|identity, out| identity.sign_out(out));
    assert_eq!(fixture.signed_out(Err(Unreachable)), (IdentityOutcome::Resume, vec![]));
    assert_eq!(fixture.somebody(), ("Ann", false, Some(ErrorCode::Internal)));
}

#[test]
fn unexpected_answers_change_nothing() {
    let mut fixture = IdentityFixture::ann();
    assert_eq!(fixture.fetched(Ok(None)), (IdentityOutcome::Nothing, vec![]));
    assert_eq!(fixture.named(Ok(member(9, "Eve"))), (IdentityOutcome::Nothing, vec![]));
    assert_eq!(fixture.signed_out(Ok(())), (IdentityOutcome::Nothing, vec![]));
    assert_eq!(fixture.somebody(), ("Ann", false, None));
}
