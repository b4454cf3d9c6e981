//! Requests to the account API, and the client's inputs for their responses.

use client::input::{Input, Unreachable};
use client::view::NameRefusal;
use hub::house::members::DeviceKey;
use hub::output::Answer;
use shared::ErrorCode;

/// A request to the account API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum AccountRequest {
    Me,
    Join(String),
    Rename(String),
    SignOut,
}

/// The client's input for a response, and the cookie: set, cleared, or unchanged.
#[derive(Clone, Debug)]
pub(crate) struct AccountResponse {
    pub(crate) input: Input,
    pub(crate) cookie: Option<Option<DeviceKey>>,
}

impl AccountRequest {
    /// Returns the input for an unreachable server or a lost response.
    pub(crate) fn unreachable(&self) -> AccountResponse {
        let refusal = NameRefusal { code: ErrorCode::Internal, suggestion: None };
        let input = match self {
            AccountRequest::Me => Input::IdentityFetched(Err(Unreachable)),
            AccountRequest::Join(_) | AccountRequest::Rename(_) => Input::Named(Err(refusal)),
            AccountRequest::SignOut => Input::SignedOut(Err(Unreachable)),
        };
        AccountResponse { input, cookie: None }
    }

    /// Returns the input for the hub's answer. `device` made the request, or is the new device of a join.
    pub(crate) fn response(&self, answer: Answer, device: DeviceKey) -> AccountResponse {
        let (input, cookie) = match (self, answer) {
            (AccountRequest::Me, Answer::Me(member)) => (Input::IdentityFetched(Ok(member)), None),
            (AccountRequest::Join(_), Answer::Me(Some(member))) => {
                (Input::Named(Ok(member)), Some(Some(device)))
            }
            (AccountRequest::Rename(_), Answer::Me(Some(member))) => (Input::Named(Ok(member)), None),
            (AccountRequest::SignOut, Answer::Me(_)) => (Input::SignedOut(Ok(())), Some(None)),
            (AccountRequest::Join(_) | AccountRequest::Rename(_), Answer::Refused(code, suggestion)) => {
                (Input::Named(Err(NameRefusal { code, suggestion })), None)
            }
            _ => return self.unreachable(),
        };
        AccountResponse { input, cookie }
    }
}
