//! Charges of IP addresses, until the registry knows whether the hub has made something new.
//!
//! A worker charges the address of a request before it passes the request on, so that many requests at once cannot
//! exceed a rate. The registry keeps the charge if the request's change has made new events. A request that the hub or
//! the store refuses costs nothing, and neither does a retry, which gets the receipt of the first try.

use crate::connection::address_limits::ActCharge;
use hub::house::change::{NewReceipts, Outcome};
use std::collections::VecDeque;

/// The charges of the input that is being handled, and of the appends that have no outcome yet.
#[derive(Debug)]
pub(super) struct Charges {
    /// Charge of the input that is being handled, until the hub appends its change.
    of_input: Option<ActCharge>,
    /// One entry for each append without an outcome, in their order. The hub bounds their number.
    of_appends: VecDeque<Option<ActCharge>>,
    new_receipts: NewReceipts,
}

impl Charges {
    /// No charges yet. The log ends at this position.
    pub(super) fn new(head: u64) -> Self {
        Charges { of_input: None, of_appends: VecDeque::new(), new_receipts: NewReceipts::after(head) }
    }

    /// Notes the charge of the input that is handled next.
    pub(super) fn begin_input(&mut self, charge: Option<ActCharge>) {
        self.of_input = charge;
    }

    /// Notes that the hub appends a change. The first one is that of the input.
    pub(super) fn append(&mut self) {
        self.of_appends.push_back(self.of_input.take());
    }

    /// Takes back the charge of an input for which the hub has appended nothing.
    pub(super) fn end_input(&mut self) {
        self.of_input = None;
    }

    /// Settles the charges of the first appends.
    pub(super) fn settle(&mut self, outcomes: &[Outcome]) {
        for outcome in outcomes {
            let is_new = self.new_receipts.is_new(outcome);
            if let Some(Some(charge)) = self.of_appends.pop_front()
                && is_new
            {
                charge.keep();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::connection::address_limits::{Act, AddressLimits};
    use crate::fanout::batch_channel;
    use crate::limits::JOINS;
    use crate::registry::{Actor, IdentityRequest, Registry};
    use crate::store::memory::MemoryStore;
    use hub::house::members::DeviceKey;
    use hub::input::ExpectedIdentity;
    use hub::output::Answer;
    use hub::{Input, SessionId, Settings};
    use shared::{ClientId, Command, Epoch, command::RoomCreate};
    use std::net::{IpAddr, Ipv4Addr};
    use std::sync::Arc;

    const IP: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);
    const WEI: DeviceKey = DeviceKey([1; 32]);

    /// A registry, and the limits that it settles charges with.
    struct Setup {
        registry: Registry,
        limits: Arc<AddressLimits>,
        last_session: u64,
    }

    impl Setup {
        async fn join(&self, name: &str, device: DeviceKey) -> bool {
            let request = IdentityRequest::Join(name.to_owned(), device);
            let charge = self.limits.charge(IP, Act::Join).unwrap();
            matches!(self.registry.ask_charged(request, Some(charge)).await.unwrap(), Answer::Me(_))
        }

        /// Asks for a room in a request of its own, and waits until the registry has settled it.
        async fn create_room(&mut self, device: DeviceKey, number: u8, name: &str) {
            self.last_session += 1;
            let (client_id, name) = (ClientId([number; 16]), name.to_owned());
            let create = RoomCreate { reference: 1, client_id, name, description: String::new() };
            let input = Input::CommandRequested {
                session: SessionId(self.last_session),
                device: Some(device),
                identity: ExpectedIdentity::default(),
                command: Command::RoomCreate(create),
            };
            let charge = self.limits.charge(IP, Act::CreateRoom).unwrap();
            self.registry.tell_charged(input, Some(charge)).await.unwrap();
            self.registry.tell(Input::Closed(SessionId(self.last_session))).await.unwrap();
            // The store in memory answers in the turn of the command, and a question in a later one.
            self.registry.ask(IdentityRequest::Me(device)).await.unwrap();
        }

        fn rooms_charged(&self) -> u32 {
            self.limits.charged(IP, Act::CreateRoom)
        }
    }

    #[tokio::test]
    async fn only_what_is_made_anew_stays_charged() {
        let (sender, _batches) = batch_channel();
        let store = Box::new(MemoryStore::new(Epoch(1)));
        let (actor, registry) = Actor::new(Settings::default(), store, vec![sender]).unwrap();
        let mut setup = Setup { registry, limits: AddressLimits::new(1_000, true), last_session: 0 };
        let requests = async {
            for number in 0..3 * JOINS.burst {
                assert!(setup.join("Wei", WEI).await, "{number}: a retry");
                assert!(!setup.join("Wei", DeviceKey([2; 32])).await, "{number}: the name is taken");
            }
            setup.create_room(WEI, 1, "Tea").await;
            assert_eq!(setup.rooms_charged(), 1);
            setup.create_room(WEI, 1, "Tea").await;
            assert_eq!(setup.rooms_charged(), 1, "a retry");
            setup.create_room(WEI, 2, "Tea").await;
            assert_eq!(setup.rooms_charged(), 1, "the name is taken");
            setup.create_room(DeviceKey([9; 32]), 3, "Rice").await;
            assert_eq!(setup.rooms_charged(), 1, "nobody is signed in");
            setup.create_room(WEI, 4, "Rice").await;
            assert_eq!(setup.rooms_charged(), 2);
        };
        tokio::select! {
            ended = actor.run() => panic!("{ended:?}"),
            () = requests => {}
        }
    }
}
