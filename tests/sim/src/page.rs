//! The state of a browser and of its pages: the clients, and their timers, connections and sessions.

use crate::clock::{Clock, EPOCH_MS};
use crate::http_session::SessionShell;
use crate::network::{ConnectionKind, Wire};
use crate::page_id::PageId;
use crate::storage::Database;
use client::Client;
use client::input::{ConnectionId, Input, Timer};
use client::tabs::Lease;
use client::view::{IdentityView, View};
use hub::house::members::DeviceKey;
use shared::{Epoch, Member, RoomId};
use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;

/// The state of a browser, which its pages share.
#[derive(Debug)]
pub(crate) struct Browser {
    /// Device of the cookie.
    pub(crate) device: Option<DeviceKey>,
    /// Remembered name of the member.
    pub(crate) name: Option<String>,
    /// Remembered read markers that the server may not know.
    pub(crate) marks: Option<String>,
    /// Leader lease of its pages.
    pub(crate) lease: Option<Lease>,
    /// Saved rows and drafts.
    pub(crate) database: Database,
    /// Milliseconds since 1970 at the beginning of virtual time, by the wall clock of its computer.
    pub(crate) wall_zero: u64,
}

impl Browser {
    /// A browser without content. The wall clocks of browsers differ.
    pub(crate) fn new(index: usize) -> Self {
        let wall_zero = EPOCH_MS + index as u64 * 3_601_234;
        Browser {
            device: None,
            name: None,
            marks: None,
            lease: None,
            database: Database::default(),
            wall_zero,
        }
    }

    /// The clocks of a page that is loaded at this virtual time.
    pub(crate) fn clock(&self, now: u64) -> Clock {
        Clock { started_at: now, wall_zero: self.wall_zero }
    }
}

/// A page with its client and the state of its shell.
#[derive(Debug)]
pub(crate) struct Page {
    pub(crate) id: PageId,
    pub(crate) client: Client,
    pub(crate) browser: usize,
    /// Clocks of the page, whose monotonic one began when it was loaded.
    pub(crate) clock: Clock,
    pub(crate) timers: BTreeMap<Timer, u64>,
    pub(crate) wires: BTreeMap<ConnectionId, Wire>,
    pub(crate) sessions: BTreeMap<ConnectionId, SessionShell>,
    /// Kind of connection that the page's network blocks.
    pub(crate) blocked: Option<ConnectionKind>,
    /// Whether the page has a network.
    pub(crate) online: bool,
    pub(crate) visible: bool,
    /// Whether the page's window has the focus.
    pub(crate) has_focus: bool,
    /// Time until which the browser freezes the page. Events for the page wait.
    pub(crate) frozen_until: u64,
    /// Number of unanswered account requests.
    pub(crate) pending_requests: u32,
    /// Epoch of the last `welcome`.
    pub(crate) epoch: Option<Epoch>,
    /// Number of roll-backs of the server that sent the last `welcome`.
    pub(crate) roll_backs: u64,
    /// View after the last input.
    pub(crate) view: Rc<View>,
    /// Whether the rows of that view were checked against this epoch's log.
    pub(crate) is_checked: bool,
    /// Whether the identity was fetched under another name since the last `welcome`.
    pub(crate) has_new_name: bool,
    /// Last draft with its room and member's name, while the page must show it.
    pub(crate) typed: Option<(RoomId, String, String)>,
    /// Inputs that wait while another is handled, as in the page's driver.
    pub(crate) waiting: VecDeque<Input>,
    pub(crate) is_busy: bool,
}

impl Page {
    pub(crate) fn new(index: usize, browser: usize, seed: u64, clock: Clock) -> Self {
        let mut client = Client::new(seed);
        let view = client.view();
        Page {
            id: PageId { index, generation: 0 },
            client,
            browser,
            clock,
            timers: BTreeMap::new(),
            wires: BTreeMap::new(),
            sessions: BTreeMap::new(),
            blocked: None,
            online: true,
            visible: true,
            has_focus: true,
            frozen_until: 0,
            pending_requests: 0,
            epoch: None,
            roll_backs: 0,
            view,
            is_checked: false,
            has_new_name: false,
            typed: None,
            waiting: VecDeque::new(),
            is_busy: false,
        }
    }
}

/// Returns the member of a page that is signed in.
pub(crate) fn me(view: &View) -> Option<&Member> {
    if let IdentityView::Somebody { me, .. } = &*view.identity { Some(me) } else { None }
}
