//! Who one is: what is asked over HTTP.

use crate::change::Change;
use crate::house::members::DeviceKey;
use crate::house::names::Name;
use crate::hub::{Hub, commit::Origin};
use crate::output::{Answer, Output};
use crate::session::RequestId;
use shared::ErrorCode;

impl Hub {
    pub(in crate::hub) fn answer_me(&mut self, ticket: RequestId, device: DeviceKey, out: &mut Vec<Output>) {
        let members = &self.house.members;
        let member = members.of_device(&device).and_then(|id| members.get(id));
        out.push(Output::Answer(ticket, Answer::Me(member)));
    }

    pub(in crate::hub) fn join(
        &mut self,
        ticket: RequestId,
        typed: &str,
        device: DeviceKey,
        out: &mut Vec<Output>,
    ) {
        match Name::parse(typed) {
            Ok(name) => {
                let origin = Origin::Join { ticket, name: name.clone(), device };
                self.append(origin, Change::Join { name, device }, out);
            }
            Err(code) => self.refuse_name(ticket, typed, code, out),
        }
    }

    pub(in crate::hub) fn rename(
        &mut self,
        ticket: RequestId,
        typed: &str,
        device: DeviceKey,
        out: &mut Vec<Output>,
    ) {
        let Some(member) = self.house.members.of_device(&device) else {
            return out.push(Output::Answer(ticket, Answer::Refused(ErrorCode::SignInRequired, None)));
        };
        match Name::parse(typed) {
            Ok(name) => {
                let origin = Origin::Rename { ticket, name: name.clone() };
                self.append(origin, Change::Rename { member, name }, out);
            }
            Err(code) => self.refuse_name(ticket, typed, code, out),
        }
    }

    pub(in crate::hub) fn sign_out(&mut self, ticket: RequestId, device: DeviceKey, out: &mut Vec<Output>) {
        match self.house.members.of_device(&device) {
            Some(member) => self.append(Origin::SignOut { ticket, member }, Change::Leave { member }, out),
            // Already so: a retry whose answer was lost.
            None => out.push(Output::Answer(ticket, Answer::Me(None))),
        }
    }

    pub(in crate::hub) fn refuse_name(
        &self,
        ticket: RequestId,
        typed: &str,
        code: ErrorCode,
        out: &mut Vec<Output>,
    ) {
        let suggestion = (code == ErrorCode::NameTaken)
            .then(|| Name::suggest(typed, |key| self.house.members.is_taken(key)))
            .flatten();
        out.push(Output::Answer(ticket, Answer::Refused(code, suggestion)));
    }
}
