//! Requests to the account API: joining, names and signing out. They have no order with the frames of
//! connections, and requests as well as responses can be lost.

use super::World;
use crate::account::AccountResponse;
use crate::event::SimEvent;
use crate::page_id::PageId;
use crate::violation::Violation;
use client::identity::IdentityRequest;
use hub::house::members::DeviceKey;
use hub::output::Answer;
use hub::{Input, RequestId};
use shared::{ClientId, ErrorCode};

impl World {
    /// Sends an account request of a page.
    pub(crate) fn request_account(&mut self, id: PageId, request: IdentityRequest) {
        self.pages[id.index].pending_requests += 1;
        let delay = self.rng.between(0, self.plan.delay_ms);
        if !self.pages[id.index].online || (self.is_fault_phase && self.rng.one_in(15)) {
            let response = AccountResponse::unreachable(&request);
            return self.schedule(delay + 500, SimEvent::AccountResponse(id, response));
        }
        let device = self.browser_of(id).device;
        self.schedule(delay, SimEvent::AccountRequest(id, request, device));
    }

    /// Receives a response at the page, or the failure of the request.
    pub(crate) fn receive_account_response(
        &mut self,
        id: PageId,
        response: AccountResponse,
    ) -> Result<(), Violation> {
        if let Some(device) = response.cookie {
            self.browser_of(id).device = device;
        }
        if self.pages[id.index].id == id {
            self.pages[id.index].pending_requests -= 1;
        }
        self.dispatch(id, response.input)
    }

    /// Receives an account request at the server.
    pub(crate) fn receive_account_request(
        &mut self,
        page: PageId,
        request: IdentityRequest,
        device: Option<DeviceKey>,
    ) -> Result<(), Violation> {
        if !self.server.is_up {
            let response = AccountResponse::unreachable(&request);
            self.schedule(100, SimEvent::AccountResponse(page, response));
            return Ok(());
        }
        let known = device.filter(|device| self.server.log.house().members.find_by_device(device).is_some());
        let choice = self.choose_node();
        self.server.last_request = self.server.next_number(self.server.last_request, device, choice);
        let hub_request = RequestId(self.server.last_request);
        let no_device = DeviceKey([0; 32]);
        let (input, device) = match (&request, device) {
            (IdentityRequest::Join(_, client_id), _)
                if known.is_some_and(|known| client_id.is_none_or(|id| device_of(id) != known)) =>
            {
                self.answer_account_request(
                    page,
                    &request,
                    Answer::Refused(ErrorCode::AlreadySignedIn, None),
                    no_device,
                );
                return Ok(());
            }
            (IdentityRequest::Join(name, client_id), _) => {
                let device = device_of(client_id.unwrap_or_else(|| ClientId(self.rng.bytes())));
                (Input::Join { request: hub_request, name: name.clone(), device }, device)
            }
            (IdentityRequest::Me, Some(device)) => (Input::WhoAmI(hub_request, device), device),
            (IdentityRequest::Rename(name), Some(device)) => {
                (Input::Rename { request: hub_request, name: name.clone(), device }, device)
            }
            (IdentityRequest::SignOut, Some(device)) => (Input::SignOut(hub_request, device), device),
            (IdentityRequest::Me | IdentityRequest::SignOut, None) => {
                self.answer_account_request(page, &request, Answer::Me(None), no_device);
                return Ok(());
            }
            (IdentityRequest::Rename(_), None) => {
                self.answer_account_request(
                    page,
                    &request,
                    Answer::Refused(ErrorCode::SignInRequired, None),
                    no_device,
                );
                return Ok(());
            }
        };
        self.server.account_requests.insert(hub_request, (page, request, device));
        self.dispatch_to_hub(self.server.node_of(hub_request.0), input)
    }

    /// Sends a response, which may be lost in the fault phase.
    pub(crate) fn answer_account_request(
        &mut self,
        page: PageId,
        request: &IdentityRequest,
        answer: Answer,
        device: DeviceKey,
    ) {
        let is_lost = self.is_fault_phase && self.rng.one_in(15);
        let response = if is_lost {
            AccountResponse::unreachable(request)
        } else {
            AccountResponse::of_answer(request, answer, device)
        };
        let delay = self.rng.between(0, self.plan.delay_ms);
        self.schedule(delay, SimEvent::AccountResponse(page, response));
    }
}

/// Returns the device that a join with this id gets, as the server makes it.
fn device_of(client_id: ClientId) -> DeviceKey {
    let mut key = [1; 32];
    let (id, _) = key.split_at_mut(client_id.0.len());
    id.copy_from_slice(&client_id.0);
    DeviceKey(key)
}
