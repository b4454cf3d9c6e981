//! Identity: HTTP requests to join, rename, sign out, and ask for the own member.

use crate::house::change::Change;
use crate::house::members::DeviceKey;
use crate::house::names::Name;
use crate::hub::{Hub, pending_append::Origin};
use crate::output::{Answer, Output};
use crate::session::RequestId;
use shared::ErrorCode;

impl Hub {
    pub(in crate::hub) fn answer_who_am_i(
        &self,
        request: RequestId,
        device: DeviceKey,
        out: &mut Vec<Output>,
    ) {
        let members = &self.house.members;
        let member = members.find_by_device(&device).and_then(|id| members.get(id));
        out.push(Output::Answer(request, Answer::Me(member)));
    }

    pub(in crate::hub) fn join(
        &mut self,
        request: RequestId,
        typed: &str,
        device: DeviceKey,
        out: &mut Vec<Output>,
    ) {
        match Name::parse(typed) {
            // The answer to an earlier request was lost, and the person may have typed another name since then.
            Ok(name) if self.has_other_name(device, &name) => self.rename(request, typed, device, out),
            Ok(name) => {
                let origin = Origin::Join { request, name: name.clone(), device };
                self.append(origin, Change::Join { name, device }, out);
            }
            Err(code) => self.refuse_name(request, typed, code, out),
        }
    }

    /// Whether a member has this device, and another name.
    pub(in crate::hub) fn has_other_name(&self, device: DeviceKey, name: &Name) -> bool {
        let members = &self.house.members;
        let known = members.find_by_device(&device).and_then(|id| members.get(id));
        known.is_some_and(|member| member.name != name.as_str())
    }

    pub(in crate::hub) fn rename(
        &mut self,
        request: RequestId,
        typed: &str,
        device: DeviceKey,
        out: &mut Vec<Output>,
    ) {
        let Some(member) = self.house.members.find_by_device(&device) else {
            return out.push(Output::Answer(request, Answer::Refused(ErrorCode::SignInRequired, None)));
        };
        match Name::parse(typed) {
            Ok(name) => {
                let origin = Origin::Rename { request, member, name: name.clone() };
                self.append(origin, Change::Rename { member, name }, out);
            }
            Err(code) => self.refuse_name(request, typed, code, out),
        }
    }

    pub(in crate::hub) fn sign_out(&mut self, request: RequestId, device: DeviceKey, out: &mut Vec<Output>) {
        match self.house.members.find_by_device(&device) {
            Some(member) => self.append(Origin::SignOut { request }, Change::Leave { member }, out),
            // The device is signed out already: the request is a retry whose answer was lost.
            None => out.push(Output::Answer(request, Answer::Me(None))),
        }
    }

    /// Refuses a name. If it is taken, the answer suggests a free one.
    pub(in crate::hub) fn refuse_name(
        &self,
        request: RequestId,
        typed: &str,
        code: ErrorCode,
        out: &mut Vec<Output>,
    ) {
        let suggestion = (code == ErrorCode::NameTaken)
            .then(|| Name::suggest(typed, |key| !self.house.is_free(key)))
            .flatten();
        out.push(Output::Answer(request, Answer::Refused(code, suggestion)));
    }
}
