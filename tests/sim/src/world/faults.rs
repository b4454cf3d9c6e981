//! Faults of the fault phase, and their repair.

use super::World;
use crate::event::{Repair, SimEvent};
use crate::http_session::SessionShell;
use crate::network::{ConnectionKind, Wire};
use crate::violation::Violation;
use client::input::Input;
use client::transport::Transport;

/// Longest time for which a page is frozen, in milliseconds.
const FROZEN_MS: u64 = 15_000;

impl World {
    /// Injects one random fault and schedules the next.
    pub(crate) fn inject_fault(&mut self) -> Result<(), Violation> {
        if !self.is_fault_phase {
            return Ok(());
        }
        let wait = self.rng.between(1, self.plan.fault_interval_ms);
        self.schedule(wait, SimEvent::Fault);
        if self.plan.freezes && self.rng.one_in(3) {
            self.freeze_page();
            return Ok(());
        }
        match self.rng.below(10) {
            0..5 => {
                let open = self.open_wires();
                if let Some(wire) = self.rng.pick(&open) {
                    self.cut(wire);
                }
                Ok(())
            }
            5..7 => {
                let index = usize::try_from(self.rng.below(self.plan.pages)).unwrap_or(0);
                self.disconnect_page(index)
            }
            7..9 => {
                if self.server.is_up {
                    let in_order = self.rng.one_in(2);
                    self.stop_server(in_order);
                    if self.plan.rolls_back && self.rng.one_in(2) {
                        self.roll_back();
                    }
                    let wait = self.rng.between(0, 3_000);
                    self.schedule(wait, SimEvent::Repair(Repair::Server));
                }
                Ok(())
            }
            _ => {
                self.server.refuses_changes = true;
                let wait = self.rng.between(100, 3_000);
                self.schedule(wait, SimEvent::Repair(Repair::Store));
                Ok(())
            }
        }
    }

    /// Switches the transport of some pages, once a second.
    pub(crate) fn switch_transports(&mut self) -> Result<(), Violation> {
        if !self.is_fault_phase {
            return Ok(());
        }
        self.schedule(1_000, SimEvent::TransportSwitch);
        if self.plan.switching_pages == self.plan.pages {
            return (0..self.pages.len()).try_for_each(|index| self.switch_page(index));
        }
        let index = usize::try_from(self.rng.below(self.plan.pages)).unwrap_or(0);
        self.switch_page(index)
    }

    fn switch_page(&mut self, index: usize) -> Result<(), Violation> {
        if self.pages[index].frozen_until > self.now {
            return Ok(());
        }
        self.stats.switches += 1;
        // Tabs share reading only over plain HTTP, so prefer its transports for them.
        let prefers_plain = self.plan.blocks_websocket && !self.rng.one_in(4);
        let transport = self.rng.pick(if prefers_plain { &Transport::ALL[1..] } else { &Transport::ALL });
        if prefers_plain || self.rng.one_in(2) {
            let pinned = transport.filter(|_| prefers_plain || !self.rng.one_in(4));
            let id = self.pages[index].id;
            return self.dispatch(id, Input::PinTransport(pinned));
        }
        self.pages[index].blocked = match transport {
            Some(Transport::WebSocket) => Some(ConnectionKind::WebSocket),
            Some(Transport::EventStream) => Some(ConnectionKind::Stream),
            Some(Transport::LongPoll) => Some(ConnectionKind::Poll { waits: true }),
            _ => None,
        };
        Ok(())
    }

    /// Freezes a hidden page, as browsers do.
    fn freeze_page(&mut self) {
        let ms = self.rng.between(1_000, FROZEN_MS);
        let hidden: Vec<usize> =
            self.pages.iter().filter(|page| !page.visible).map(|page| page.id.index).collect();
        if let Some(index) = self.rng.pick(&hidden) {
            let page = &mut self.pages[index];
            page.frozen_until = page.frozen_until.max(self.now + ms);
            if self.prints_steps {
                println!("{:>8} page {index} is frozen until {}", self.now, page.frozen_until);
            }
            let (id, is_led) = (page.id, page.sessions.values().any(SessionShell::leads));
            if is_led {
                self.restart_takeover_deadline(id);
            }
        }
    }

    /// Disconnects a page's network; the browser reports this in half of all cases.
    fn disconnect_page(&mut self, index: usize) -> Result<(), Violation> {
        let page = &mut self.pages[index];
        if !page.online {
            return Ok(());
        }
        page.online = false;
        let id = page.id;
        let of_page = self.connections.iter().filter(|(_, connection)| connection.page == id);
        let wires: Vec<Wire> = of_page.map(|(wire, _)| *wire).collect();
        wires.into_iter().for_each(|wire| self.cut(wire));
        let wait = self.rng.between(200, 8_000);
        self.schedule(wait, SimEvent::Repair(Repair::Network(index)));
        if self.rng.one_in(2) {
            return self.dispatch(id, Input::NetworkReported { online: false });
        }
        Ok(())
    }

    pub(crate) fn repair(&mut self, repair: Repair) -> Result<(), Violation> {
        match repair {
            Repair::Server => self.start_server(),
            Repair::Store => self.server.refuses_changes = false,
            Repair::Clock(computer, by) => self.set_clock(computer, by),
            Repair::Network(index) => {
                let page = &mut self.pages[index];
                let was_offline = !std::mem::replace(&mut page.online, true);
                let id = page.id;
                if was_offline && (page.view.connection.offline || self.rng.one_in(2)) {
                    return self.dispatch(id, Input::NetworkReported { online: true });
                }
            }
        }
        Ok(())
    }
}
