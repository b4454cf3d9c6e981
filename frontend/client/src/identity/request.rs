//! The requests about the member of this browser, and the reading of their answers. The bodies are those
//! of [`shared::api`].

use crate::input::{Input, Unreachable};
use crate::name_refusal::NameRefusal;
use shared::api::{JoinRequest, Me, Problem};
use shared::{ClientId, ErrorCode, Member, json};

/// A request about the member of this browser.
///
/// The shell sends it with the browser's cookie, and gives it up after
/// [`crate::limits::IDENTITY_MS`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IdentityRequest {
    /// Requests the member of the cookie.
    Me,
    /// Joins the house under this name, with the id of the join. The response sets the cookie.
    Join(String, Option<ClientId>),
    /// Changes the member's name to this one.
    Rename(String),
    /// Signs the browser out. Its cookie then belongs to nobody.
    SignOut,
}

/// Status and body of a complete response; `None` if the server could not be reached, or not in time.
pub type IdentityAnswer = Option<(u16, String)>;

impl IdentityRequest {
    /// Path of the request's URL.
    pub fn path(&self) -> &'static str {
        match self {
            IdentityRequest::Me => "/api/me",
            IdentityRequest::Join(..) => "/api/join",
            IdentityRequest::Rename(_) => "/api/name",
            IdentityRequest::SignOut => "/api/sign-out",
        }
    }

    /// Method of the request: `POST` if it has a body.
    pub fn method(&self) -> &'static str {
        if *self == IdentityRequest::Me { "GET" } else { "POST" }
    }

    /// Body of a `POST` (`application/json`); `None` if the request is a `GET`.
    pub fn body(&self) -> Option<String> {
        match self {
            IdentityRequest::Me => None,
            IdentityRequest::Join(name, client_id) => Some(write_name(name, *client_id)),
            IdentityRequest::Rename(name) => Some(write_name(name, None)),
            IdentityRequest::SignOut => Some("{}".to_owned()),
        }
    }

    /// Reads the answer to this request as the client's input.
    ///
    /// A response that is not the server's, such as a proxy's page, counts as no answer.
    pub fn read_answer(&self, answer: IdentityAnswer) -> Input {
        match self {
            IdentityRequest::Me => Input::IdentityFetched(read_member(answer)),
            IdentityRequest::Join(..) | IdentityRequest::Rename(_) => Input::Named(read_named(answer)),
            IdentityRequest::SignOut => Input::SignedOut(read_member(answer).map(drop)),
        }
    }
}

/// Writes the body of a join, which without the id is the body of a rename.
fn write_name(name: &str, client_id: Option<ClientId>) -> String {
    // Strings can always be written as JSON.
    serde_json::to_string(&JoinRequest { name: name.to_owned(), join_key: client_id }).unwrap_or_default()
}

/// Reads the answer to [`IdentityRequest::Me`]: the member, or `None` if the cookie belongs to nobody.
///
/// # Errors
/// [`Unreachable`] if there is no answer of the server.
pub fn read_member(answer: IdentityAnswer) -> Result<Option<Member>, Unreachable> {
    let (_, body) = answer.filter(|(status, _)| *status == 200).ok_or(Unreachable)?;
    json::from_str(&body).map(|me: Me| me.member).map_err(|_| Unreachable)
}

fn read_named(answer: IdentityAnswer) -> Result<Member, NameRefusal> {
    let problem: Option<Problem> = match &answer {
        Some((status, body)) if *status != 200 => json::from_str(body).ok(),
        _ => None,
    };
    let unreachable = NameRefusal { code: ErrorCode::Internal, suggestion: None, retry_after_s: None };
    let refusal = problem.map_or(unreachable, |problem| NameRefusal {
        code: problem.code,
        suggestion: problem.suggestion,
        retry_after_s: problem.retry_after,
    });
    read_member(answer).ok().flatten().ok_or(refusal)
}

#[cfg(test)]
mod tests {
    use super::*;
    use shared::MemberId;

    fn golden(name: &str) -> String {
        let path = format!("{}/../../shared/tests/golden/v1/{name}.json", env!("CARGO_MANIFEST_DIR"));
        std::fs::read_to_string(path).unwrap()
    }

    const JOIN_ID: &str = "7a6b5c4d3e2f1a0b9c8d7e6f5a4b3c2d";

    fn requests() -> [IdentityRequest; 4] {
        let name = || "Tom".to_owned();
        [
            IdentityRequest::Me,
            IdentityRequest::Join(name(), JOIN_ID.parse().ok()),
            IdentityRequest::Rename(name()),
            IdentityRequest::SignOut,
        ]
    }

    #[test]
    fn a_request_has_the_method_the_path_and_the_body_of_the_protocol() {
        let compact = |name| golden(name).split_whitespace().collect::<String>();
        let (join, name) = (compact("api_join"), compact("api_name"));
        let (join, name) = (Some(join.as_str()), Some(name.as_str()));
        let expected = [
            ("GET", "/api/me", None),
            ("POST", "/api/join", join),
            ("POST", "/api/name", name),
            ("POST", "/api/sign-out", Some("{}")),
        ];
        for (request, expected) in requests().iter().zip(expected) {
            let body = request.body();
            assert_eq!((request.method(), request.path(), body.as_deref()), expected);
        }
    }

    #[test]
    fn the_member_is_read_from_the_answer() {
        let tom = Member { id: MemberId(2), name: "Tom".to_owned() };
        let inputs = [
            Input::IdentityFetched(Ok(Some(tom.clone()))),
            Input::Named(Ok(tom.clone())),
            Input::Named(Ok(tom)),
            Input::SignedOut(Ok(())),
        ];
        for (request, input) in requests().iter().zip(inputs) {
            assert_eq!(request.read_answer(Some((200, golden("api_me")))), input);
        }
        let nobody = Some((200, golden("api_me_nobody")));
        assert_eq!(IdentityRequest::Me.read_answer(nobody.clone()), Input::IdentityFetched(Ok(None)));
        assert_eq!(IdentityRequest::SignOut.read_answer(nobody), Input::SignedOut(Ok(())));
    }

    #[test]
    fn a_refused_name_is_read_with_its_suggestion() {
        let suggestion = Some("Tom 2".to_owned());
        let refusal = NameRefusal { code: ErrorCode::NameTaken, suggestion, retry_after_s: None };
        let answer = Some((409, golden("api_problem_suggestion")));
        let input = IdentityRequest::Join("Tom".to_owned(), JOIN_ID.parse().ok()).read_answer(answer);
        assert_eq!(input, Input::Named(Err(refusal)));
        let refusal =
            NameRefusal { code: ErrorCode::TooManyRequests, suggestion: None, retry_after_s: Some(12) };
        let answer = Some((429, golden("api_problem_retry")));
        let input = IdentityRequest::Join("Tom".to_owned(), JOIN_ID.parse().ok()).read_answer(answer);
        assert_eq!(input, Input::Named(Err(refusal)));
    }

    #[test]
    fn a_response_that_is_not_the_servers_counts_as_no_answer() {
        let unreachable = NameRefusal { code: ErrorCode::Internal, suggestion: None, retry_after_s: None };
        let inputs = [
            Input::IdentityFetched(Err(Unreachable)),
            Input::Named(Err(unreachable.clone())),
            Input::Named(Err(unreachable)),
            Input::SignedOut(Err(Unreachable)),
        ];
        let answers = [
            None,
            Some((200, "<h1>Sign in to the Wi-Fi</h1>".to_owned())),
            Some((200, golden("api_problem"))),
            Some((502, "<h1>Bad gateway</h1>".to_owned())),
            Some((502, golden("api_me"))),
        ];
        for answer in answers {
            for (request, input) in requests().iter().zip(&inputs) {
                assert_eq!(request.read_answer(answer.clone()), *input, "{answer:?}");
            }
        }
        for request in [IdentityRequest::Me, IdentityRequest::SignOut] {
            let input = request.read_answer(Some((429, golden("api_problem"))));
            assert!(matches!(input, Input::IdentityFetched(Err(_)) | Input::SignedOut(Err(_))));
        }
    }
}
