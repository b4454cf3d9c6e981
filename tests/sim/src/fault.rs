//! What goes wrong in a storm.

use crate::http_session::Shell;
use crate::network::{Kind, Wire};
use crate::promise::Broken;
use crate::world::{Happening, World};
use client::input::Input;
use client::transport::Transport;

/// The end of something that went wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mend {
    /// The server starts.
    Server,
    /// The store takes messages again.
    Store,
    /// A page has a network again.
    Network(usize),
}

/// The longest time for which a page is frozen, in milliseconds.
const FROZEN_MS: u64 = 15_000;

impl World {
    /// Something goes wrong.
    pub(crate) fn fault(&mut self) -> Result<(), Broken> {
        if !self.storm {
            return Ok(());
        }
        let wait = self.chance.between(1, self.plan.fault_ms);
        self.after(wait, Happening::Fault);
        if self.plan.freezes && self.chance.one_in(3) {
            self.freeze();
            return Ok(());
        }
        match self.chance.below(10) {
            0..5 => {
                let living = self.living();
                if let Some(wire) = self.chance.pick(&living) {
                    self.cut(wire);
                }
                Ok(())
            }
            5..7 => {
                let index = usize::try_from(self.chance.below(self.plan.pages)).unwrap_or(0);
                self.black_out(index)
            }
            7..9 => {
                if self.server.up {
                    let in_order = self.chance.one_in(2);
                    self.stop(in_order);
                    let wait = self.chance.between(0, 3_000);
                    self.after(wait, Happening::Mend(Mend::Server));
                }
                Ok(())
            }
            _ => {
                self.server.refusing = true;
                let wait = self.chance.between(100, 3_000);
                self.after(wait, Happening::Mend(Mend::Store));
                Ok(())
            }
        }
    }

    /// Once a second some pages are told to use another transport, or their network lets another pass.
    pub(crate) fn switch(&mut self) -> Result<(), Broken> {
        if !self.storm {
            return Ok(());
        }
        self.after(1_000, Happening::Switch);
        if self.plan.switches == self.plan.pages {
            return (0..self.pages.len()).try_for_each(|index| self.switch_page(index));
        }
        let index = usize::try_from(self.chance.below(self.plan.pages)).unwrap_or(0);
        self.switch_page(index)
    }

    fn switch_page(&mut self, index: usize) -> Result<(), Broken> {
        if self.pages[index].frozen_until > self.now {
            return Ok(());
        }
        self.story.switches += 1;
        // Where pages share a browser they are to share what is read too: most often by plain HTTP.
        let is_plain = self.plan.is_plain && !self.chance.one_in(4);
        let transport = self.chance.pick(if is_plain { &Transport::ALL[1..] } else { &Transport::ALL });
        if is_plain || self.chance.one_in(2) {
            let pinned = transport.filter(|_| is_plain || !self.chance.one_in(4));
            let id = self.pages[index].id;
            return self.give(id, Input::PinTransport(pinned));
        }
        self.pages[index].blocked = match transport {
            Some(Transport::WebSocket) => Some(Kind::Socket),
            Some(Transport::EventStream) => Some(Kind::Stream),
            Some(Transport::LongPoll) => Some(Kind::Poll { waits: true }),
            _ => None,
        };
        Ok(())
    }

    /// A browser lets a page that is out of sight do nothing for a while.
    fn freeze(&mut self) {
        let ms = self.chance.between(1_000, FROZEN_MS);
        let out_of_sight: Vec<usize> =
            self.pages.iter().filter(|page| !page.visible).map(|page| page.id.index).collect();
        if let Some(index) = self.chance.pick(&out_of_sight) {
            let page = &mut self.pages[index];
            page.frozen_until = page.frozen_until.max(self.now + ms);
            if self.trace {
                println!("{:>8} page {index} is frozen until {}", self.now, page.frozen_until);
            }
            let (id, is_led) = (page.id, page.sessions.values().any(Shell::leads));
            if is_led {
                self.leader_is_gone(id);
            }
        }
    }

    /// A page loses its network, and its browser may notice.
    fn black_out(&mut self, index: usize) -> Result<(), Broken> {
        let page = &mut self.pages[index];
        if !page.online {
            return Ok(());
        }
        page.online = false;
        let id = page.id;
        let of_page = self.connections.iter().filter(|(_, connection)| connection.page == id);
        let wires: Vec<Wire> = of_page.map(|(wire, _)| *wire).collect();
        wires.into_iter().for_each(|wire| self.cut(wire));
        let wait = self.chance.between(200, 8_000);
        self.after(wait, Happening::Mend(Mend::Network(index)));
        if self.chance.one_in(2) {
            return self.give(id, Input::NetworkReported { online: false });
        }
        Ok(())
    }

    pub(crate) fn mend(&mut self, what: Mend) -> Result<(), Broken> {
        match what {
            Mend::Server => self.start(),
            Mend::Store => self.server.refusing = false,
            Mend::Network(index) => {
                let page = &mut self.pages[index];
                let was_offline = !std::mem::replace(&mut page.online, true);
                let id = page.id;
                if was_offline && (page.view.connection.offline || self.chance.one_in(2)) {
                    return self.give(id, Input::NetworkReported { online: true });
                }
            }
        }
        Ok(())
    }
}
