//! Requests over HTTP: who one is. They come and go beside the connections, in
//! no order with them, and either way can be lost.

use crate::page::{Answered, Ask, PageId};
use crate::promise::Broken;
use crate::world::{Happening, World};
use hub::house::members::DeviceKey;
use hub::output::Answer;
use hub::{Input, RequestId};
use shared::ErrorCode;

impl World {
    /// A page asks.
    pub(crate) fn ask(&mut self, id: PageId, ask: Ask) {
        self.pages[id.index].asking += 1;
        let delay = self.chance.between(0, self.plan.delay_ms);
        if !self.pages[id.index].online || (self.storm && self.chance.one_in(15)) {
            let answered = ask.unreachable();
            return self.after(delay + 500, Happening::Response(id, answered));
        }
        let device = self.browser_of(id).device;
        self.after(delay, Happening::Request(id, ask, device));
    }

    /// An answer reaches the page, or the page finds that it never will.
    pub(crate) fn response(&mut self, id: PageId, answered: Answered) -> Result<(), Broken> {
        if let Some(device) = answered.cookie {
            self.browser_of(id).device = device;
        }
        if self.pages[id.index].id == id {
            self.pages[id.index].asking -= 1;
        }
        self.give(id, answered.input)
    }

    /// A request over HTTP is there.
    pub(crate) fn request(
        &mut self,
        page: PageId,
        ask: Ask,
        device: Option<DeviceKey>,
    ) -> Result<(), Broken> {
        if !self.server.up {
            let answered = ask.unreachable();
            self.after(100, Happening::Response(page, answered));
            return Ok(());
        }
        let known = device.filter(|device| self.server.log.house().members.find_by_device(device).is_some());
        self.server.last_ticket += 1;
        let ticket = RequestId(self.server.last_ticket);
        let nobody = DeviceKey([0; 32]);
        let (input, device) = match (&ask, device) {
            (Ask::Join(_), _) if known.is_some() => {
                self.respond(page, &ask, Answer::Refused(ErrorCode::AlreadySignedIn, None), nobody);
                return Ok(());
            }
            (Ask::Join(name), _) => {
                let mut key = [1; 32];
                key[..16].copy_from_slice(&self.chance.bytes());
                let device = DeviceKey(key);
                (Input::Join { request: ticket, name: name.clone(), device }, device)
            }
            (Ask::Me, Some(device)) => (Input::WhoAmI(ticket, device), device),
            (Ask::Rename(name), Some(device)) => {
                (Input::Rename { request: ticket, name: name.clone(), device }, device)
            }
            (Ask::SignOut, Some(device)) => (Input::SignOut(ticket, device), device),
            (Ask::Me | Ask::SignOut, None) => {
                self.respond(page, &ask, Answer::Me(None), nobody);
                return Ok(());
            }
            (Ask::Rename(_), None) => {
                self.respond(page, &ask, Answer::Refused(ErrorCode::SignInRequired, None), nobody);
                return Ok(());
            }
        };
        self.server.questions.insert(ticket, (page, ask, device));
        self.serve(input)
    }

    pub(crate) fn respond(&mut self, page: PageId, ask: &Ask, answer: Answer, device: DeviceKey) {
        let lost = self.storm && self.chance.one_in(15);
        let answered = if lost { ask.unreachable() } else { ask.answered(answer, device) };
        let delay = self.chance.between(0, self.plan.delay_ms);
        self.after(delay, Happening::Response(page, answered));
    }
}
