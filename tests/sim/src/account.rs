//! The responses to requests about the member of a browser, as the real server makes them (`shared::api`).

use client::identity::IdentityRequest;
use client::input::Input;
use hub::house::members::DeviceKey;
use hub::output::Answer;
use shared::api::{Me, Problem};
use shared::close::status_of;

/// The client's input for a response, and the cookie: set, cleared, or unchanged.
#[derive(Clone, Debug)]
pub(crate) struct AccountResponse {
    pub(crate) input: Input,
    pub(crate) cookie: Option<Option<DeviceKey>>,
}

impl AccountResponse {
    /// Returns the input for an unreachable server or a lost response.
    pub(crate) fn unreachable(request: &IdentityRequest) -> Self {
        AccountResponse { input: request.read_answer(None), cookie: None }
    }

    /// Returns the input for the hub's answer. `device` made the request, or is the new device of a join.
    pub(crate) fn of_answer(request: &IdentityRequest, answer: Answer, device: DeviceKey) -> Self {
        let cookie = match (request, &answer) {
            (IdentityRequest::Join(..), Answer::Me(Some(_))) => Some(Some(device)),
            (IdentityRequest::SignOut, Answer::Me(_)) => Some(None),
            _ => None,
        };
        let (status, body) = match answer {
            Answer::Me(member) => (200, serde_json::to_string(&Me { member, build: "dev".to_owned() })),
            Answer::Refused(code, suggestion) => {
                let problem = Problem { suggestion, ..Problem::new(status_of(code), code) };
                (problem.status, serde_json::to_string(&problem))
            }
        };
        AccountResponse { input: request.read_answer(Some((status, body.unwrap_or_default()))), cookie }
    }
}
