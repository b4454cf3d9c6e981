use super::*;
use shared::MemberId;

fn member(id: u64, name: &str) -> Member {
    Member { id: MemberId(id), name: name.to_owned() }
}

fn refusal(code: ErrorCode) -> NameRefusal {
    NameRefusal { code, suggestion: Some("Ann2".to_owned()) }
}

/// An identity and what it wants done, with a word for each thing that happens.
struct Scene {
    identity: Identity,
    jitter: Jitter,
}

impl Scene {
    /// The page was opened, the last visit's name being `name`.
    fn opened(name: Option<&str>) -> Self {
        let mut scene = Scene { identity: Identity::new(), jitter: Jitter::new(1) };
        let mut out = Vec::new();
        scene.identity.started(name.map(str::to_owned), &mut out);
        assert_eq!(out, [Effect::FetchIdentity]);
        scene
    }

    /// Ann is known to the server.
    fn ann() -> Self {
        let mut scene = Scene::opened(Some("Ann"));
        assert_eq!(scene.told(Ok(Some(member(1, "Ann")))), (IdentityOutcome::Resume, vec![]));
        scene
    }

    fn told(&mut self, answer: Result<Option<Member>, Unreachable>) -> (IdentityOutcome, Vec<Effect>) {
        let mut out = Vec::new();
        let turn = self.identity.told(answer, 1_000, &mut self.jitter, &mut out);
        (turn, out)
    }

    fn named(&mut self, answer: Result<Member, NameRefusal>) -> (IdentityOutcome, Vec<Effect>) {
        let mut out = Vec::new();
        let turn = self.identity.named(answer, 1_000, &mut self.jitter, &mut out);
        (turn, out)
    }

    fn signed_out(&mut self, answer: Result<(), Unreachable>) -> (IdentityOutcome, Vec<Effect>) {
        let mut out = Vec::new();
        (self.identity.signed_out(answer, &mut out), out)
    }

    fn does(&mut self, what: impl FnOnce(&mut Identity, &mut Vec<Effect>)) -> Vec<Effect> {
        let mut out = Vec::new();
        what(&mut self.identity, &mut out);
        out
    }

    /// The server closed the connection with 4401 and knows nobody.
    fn is_forgotten(&mut self) -> Vec<Effect> {
        assert_eq!(self.does(|identity, out| identity.doubted(false, out)), [Effect::FetchIdentity]);
        assert!(!self.identity.is_clear());
        let (turn, out) = self.told(Ok(None));
        assert_eq!(turn, IdentityOutcome::Nothing);
        out
    }

    fn nobody(&self) -> (&str, bool, Option<ErrorCode>) {
        match self.identity.who() {
            Who::Nobody { name, busy, refusal } => {
                (name, *busy, refusal.as_ref().map(|refusal| refusal.code))
            }
            other => panic!("{other:?}"),
        }
    }

    fn somebody(&self) -> (&str, bool, Option<ErrorCode>) {
        match self.identity.who() {
            Who::Somebody { me, busy, refusal } => {
                (&me.name, *busy, refusal.as_ref().map(|refusal| refusal.code))
            }
            other => panic!("{other:?}"),
        }
    }
}

fn join(name: &str) -> Effect {
    Effect::Join { name: name.to_owned() }
}

fn remember(name: &str) -> Effect {
    Effect::RememberName(Some(name.to_owned()))
}

#[test]
fn a_first_visit_asks_for_a_name_and_joins_with_it() {
    let mut scene = Scene::opened(None);
    assert_eq!(scene.told(Ok(None)), (IdentityOutcome::Nothing, vec![]));
    assert_eq!(scene.nobody(), ("", false, None));
    assert_eq!(scene.does(|identity, out| identity.join("Ann".to_owned(), out)), [join("Ann")]);
    assert_eq!(scene.nobody(), ("Ann", true, None));
    assert_eq!(scene.does(|identity, out| identity.join("Ann".to_owned(), out)), [], "one at a time");
    assert_eq!(scene.named(Ok(member(1, "Ann"))), (IdentityOutcome::Connect, vec![remember("Ann")]));
    assert_eq!(scene.somebody(), ("Ann", false, None));
}

#[test]
fn a_refused_name_stays_in_the_field_with_the_reason() {
    let mut scene = Scene::opened(None);
    scene.told(Ok(None));
    scene.does(|identity, out| identity.join("Ann".to_owned(), out));
    assert_eq!(scene.named(Err(refusal(ErrorCode::NameTaken))), (IdentityOutcome::Nothing, vec![]));
    assert_eq!(scene.nobody(), ("Ann", false, Some(ErrorCode::NameTaken)));
    scene.does(|identity, out| identity.join("Anna".to_owned(), out));
    assert_eq!(scene.nobody(), ("Anna", true, None));
}

#[test]
fn who_is_known_connects() {
    let scene = Scene::ann();
    assert_eq!(scene.somebody(), ("Ann", false, None));
    assert!(scene.identity.is_clear());
}

#[test]
fn a_server_that_cannot_be_asked_is_asked_again() {
    let mut scene = Scene::opened(Some("Ann"));
    let (turn, out) = scene.told(Err(Unreachable));
    assert_eq!(turn, IdentityOutcome::Nothing);
    assert_eq!(scene.identity.who(), &Who::Unknown { failed: true });
    let at = scene.identity.ask_at().unwrap();
    assert_eq!(out, [Effect::ScheduleTimer(Timer::Retry, at)]);
    assert!((1_000..=1_250).contains(&at), "{at}");
    let again = scene.does(|identity, out| assert!(identity.ask_now(out)));
    assert_eq!(again, [Effect::CancelTimer(Timer::Retry), Effect::FetchIdentity]);
    let none = scene.does(|identity, out| assert!(!identity.ask_now(out)));
    assert_eq!(none, []);
}

#[test]
fn who_was_forgotten_by_a_restarted_server_comes_back_by_itself() {
    let mut scene = Scene::ann();
    assert_eq!(scene.is_forgotten(), [join("Ann")]);
    assert_eq!(scene.somebody(), ("Ann", true, None), "still in sight as Ann");
    assert_eq!(scene.named(Ok(member(7, "Ann"))), (IdentityOutcome::Connect, vec![]));
    assert_eq!(scene.identity.me(), Some(&member(7, "Ann")));
}

#[test]
fn a_remembered_name_without_a_member_joins_by_itself() {
    let mut scene = Scene::opened(Some("Ann"));
    assert_eq!(scene.told(Ok(None)), (IdentityOutcome::Nothing, vec![join("Ann")]));
    assert_eq!(scene.identity.who(), &Who::Unknown { failed: false });
    assert_eq!(scene.named(Ok(member(1, "Ann"))).0, IdentityOutcome::Connect);
}

#[test]
fn an_own_joining_that_is_refused_asks_the_person() {
    for code in [ErrorCode::NameTaken, ErrorCode::HouseFull] {
        let mut scene = Scene::ann();
        scene.is_forgotten();
        assert_eq!(scene.named(Err(refusal(code))), (IdentityOutcome::Nothing, vec![]));
        assert_eq!(scene.nobody(), ("Ann", false, Some(code)));
    }
}

#[test]
fn it_joins_by_itself_once_until_a_welcome() {
    let mut scene = Scene::ann();
    scene.is_forgotten();
    scene.named(Ok(member(7, "Ann")));
    assert_eq!(scene.is_forgotten(), [], "a browser that keeps no cookie would join without end");
    assert_eq!(scene.nobody(), ("Ann", false, None));

    let mut scene = Scene::ann();
    scene.is_forgotten();
    scene.named(Ok(member(7, "Ann")));
    scene.does(|identity, out| identity.welcomed(&member(7, "Ann"), out));
    assert_eq!(scene.is_forgotten(), [join("Ann")]);
}

#[test]
fn who_signed_out_on_another_page_does_not_come_back() {
    let mut scene = Scene::ann();
    assert_eq!(scene.does(|identity, out| identity.doubted(true, out)), [Effect::FetchIdentity]);
    assert_eq!(scene.told(Ok(None)), (IdentityOutcome::Nothing, vec![]));
    assert_eq!(scene.nobody(), ("Ann", false, None));
}

#[test]
fn an_own_joining_that_cannot_reach_the_server_begins_again_later() {
    let mut scene = Scene::ann();
    scene.is_forgotten();
    let (turn, out) = scene.named(Err(refusal(ErrorCode::Internal)));
    assert_eq!((turn, out.len()), (IdentityOutcome::Nothing, 1));
    assert_eq!(scene.somebody(), ("Ann", true, None));
    scene.does(|identity, out| assert!(identity.ask_now(out)));
    assert_eq!(scene.told(Ok(None)).1, [join("Ann")]);
}

#[test]
fn who_joined_in_another_page_of_the_browser_is_that_member() {
    let mut scene = Scene::opened(None);
    scene.told(Ok(None));
    scene.does(|identity, out| identity.join("Bo".to_owned(), out));
    assert_eq!(
        scene.named(Err(refusal(ErrorCode::AlreadySignedIn))),
        (IdentityOutcome::Nothing, vec![Effect::FetchIdentity])
    );
    assert_eq!(scene.told(Ok(Some(member(1, "Ann")))), (IdentityOutcome::Resume, vec![remember("Ann")]));
}

#[test]
fn renaming_takes_the_new_name_or_shows_the_reason() {
    let mut scene = Scene::ann();
    let rename = |identity: &mut Identity, out: &mut Vec<Effect>| identity.rename("Anna".to_owned(), out);
    assert_eq!(scene.does(rename), [Effect::Rename { name: "Anna".to_owned() }]);
    assert_eq!(scene.does(rename), [], "one at a time");
    assert_eq!(scene.named(Err(refusal(ErrorCode::NameTaken))), (IdentityOutcome::Nothing, vec![]));
    assert_eq!(scene.somebody(), ("Ann", false, Some(ErrorCode::NameTaken)));
    scene.does(rename);
    assert_eq!(scene.somebody(), ("Ann", true, None));
    assert_eq!(scene.named(Ok(member(1, "Anna"))), (IdentityOutcome::Renamed, vec![remember("Anna")]));
    assert_eq!(scene.somebody(), ("Anna", false, None));
}

#[test]
fn a_renaming_that_reached_another_member_makes_us_that_member() {
    let mut scene = Scene::ann();
    scene.does(|identity, out| identity.rename("Anna".to_owned(), out));
    assert_eq!(scene.named(Ok(member(2, "Anna"))), (IdentityOutcome::Connect, vec![remember("Anna")]));
    assert_eq!(scene.identity.me(), Some(&member(2, "Anna")));
}

#[test]
fn a_name_given_on_another_page_is_ours_too() {
    let mut scene = Scene::ann();
    assert_eq!(scene.does(|identity, out| identity.renamed(&member(2, "Bob"), out)), []);
    assert_eq!(scene.does(|identity, out| identity.renamed(&member(1, "Anna"), out)), [remember("Anna")]);
    let welcomed = scene.does(|identity, out| identity.welcomed(&member(1, "Annie"), out));
    assert_eq!(welcomed, [remember("Annie")]);
    assert_eq!(scene.somebody(), ("Annie", false, None));
}

#[test]
fn a_renaming_under_way_is_answered_before_we_join_again() {
    for (answer, name) in [(Ok(member(1, "Anna")), "Anna"), (Err(refusal(ErrorCode::SignInRequired)), "Ann")]
    {
        let mut scene = Scene::ann();
        scene.does(|identity, out| identity.rename("Anna".to_owned(), out));
        assert_eq!(scene.is_forgotten(), [], "two answers would not be told apart");
        let (_, out) = scene.named(answer);
        assert_eq!(out.last(), Some(&join(name)));
        assert_eq!(scene.named(Ok(member(7, name))).0, IdentityOutcome::Connect);
    }
}

#[test]
fn signing_out_forgets_the_name_and_nobody_comes_back() {
    let mut scene = Scene::ann();
    assert_eq!(scene.does(|identity, out| identity.sign_out(out)), [Effect::SignOut]);
    assert_eq!(
        scene.does(|identity, out| identity.doubted(false, out)),
        [],
        "the server ends the connection"
    );
    assert_eq!(scene.signed_out(Ok(())), (IdentityOutcome::Left, vec![Effect::RememberName(None)]));
    assert_eq!(scene.nobody(), ("", false, None));
    assert_eq!(scene.told(Ok(None)), (IdentityOutcome::Nothing, vec![]));
    assert_eq!(scene.nobody(), ("", false, None));
}

#[test]
fn a_signing_out_that_cannot_reach_the_server_is_told() {
    let mut scene = Scene::ann();
    scene.does(|identity, out| identity.sign_out(out));
    assert_eq!(scene.signed_out(Err(Unreachable)), (IdentityOutcome::Resume, vec![]));
    assert_eq!(scene.somebody(), ("Ann", false, Some(ErrorCode::Internal)));
}

#[test]
fn answers_that_nobody_waits_for_change_nothing() {
    let mut scene = Scene::ann();
    assert_eq!(scene.told(Ok(None)), (IdentityOutcome::Nothing, vec![]));
    assert_eq!(scene.named(Ok(member(9, "Eve"))), (IdentityOutcome::Nothing, vec![]));
    assert_eq!(scene.signed_out(Ok(())), (IdentityOutcome::Nothing, vec![]));
    assert_eq!(scene.somebody(), ("Ann", false, None));
}
