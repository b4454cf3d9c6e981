//! Limits of each IP address: what it may have open at once, and how often it may do what costs the others.
//!
//! An address never takes more than its share of all connections, so others still get in. A whole class may sit
//! behind one address, so a refusal says when to come back, and each refused caller gets a later time than the
//! one before. An IPv6 address counts as its /64, because one household can use every address of it.

mod act_charge;
mod held_bytes;
mod slot_bucket;
mod waiting_refusal;

pub use act_charge::ActCharge;
pub use held_bytes::HeldBytes;
pub use waiting_refusal::WaitingRefusal;

use crate::clock::mono_ms;
use crate::connection::permit::ConnectionPermit;
use crate::limits::{
    ADDRESS_CONNECTIONS_MIN, ADDRESS_SHARE, ADDRESSES_MAX, CONNECTIONS_PER_ADDRESS_MAX, HANDSHAKES, JOINS,
    NAME_ATTEMPTS, OPEN_RETRY_AFTER_S, POLLS_PER_ADDRESS_MAX, REFUSALS, REFUSED_PER_ADDRESS_MAX, RENAMES,
    ROOMS_PER_ADDRESS_PER_HOUR, SOCKETS_PER_ADDRESS_MAX, STREAMS_PER_ADDRESS_MAX, TEXTS_PER_ADDRESS,
};
use crate::metrics::{refusal_reason::RefusalReason, worker_counts::count_refusal};
use held_bytes::AddressBytes;
use hub::rate::{Bucket, Rate};
use slot_bucket::SlotBucket;
use std::{
    collections::HashMap,
    net::{IpAddr, Ipv4Addr},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// A thing that an address has open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A TCP connection within the limit.
    Connection,
    /// TCP connection beyond the limit, on which each request is refused.
    Refused,
    /// A WebSocket in either dialect.
    Socket,
    /// Stream of events.
    Stream,
    /// Poll or command.
    Poll,
}

/// A thing that an address does, and that has a rate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    /// Handshake of a WebSocket.
    Handshake,
    /// Request for a name, whether it is refused or not.
    NameAttempt,
    /// A new member of the house.
    Join,
    /// New name of a member.
    Rename,
    /// A new room.
    CreateRoom,
}

/// Cost of a new room, so that a rate per second is one per hour.
const ROOM_COST: u32 = 3_600;

/// The refusal of what an address may not open or do now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OverLimit {
    /// Seconds after which the caller should try again.
    pub retry_after_s: u64,
}

impl OverLimit {
    /// Too many things are open. Nobody knows when one of them ends.
    pub const TOO_MANY_OPEN: OverLimit = OverLimit { retry_after_s: OPEN_RETRY_AFTER_S };
}

impl Kind {
    fn max(self) -> usize {
        match self {
            Kind::Connection => CONNECTIONS_PER_ADDRESS_MAX,
            Kind::Refused => REFUSED_PER_ADDRESS_MAX,
            Kind::Socket => SOCKETS_PER_ADDRESS_MAX,
            Kind::Stream => STREAMS_PER_ADDRESS_MAX,
            Kind::Poll => POLLS_PER_ADDRESS_MAX,
        }
    }

    fn refusal_reason(self) -> RefusalReason {
        match self {
            Kind::Connection | Kind::Refused => RefusalReason::AddressConnections,
            Kind::Socket => RefusalReason::AddressSockets,
            Kind::Stream => RefusalReason::AddressStreams,
            Kind::Poll => RefusalReason::AddressPolls,
        }
    }
}

impl Act {
    const ALL: [Act; 5] = [Act::Handshake, Act::NameAttempt, Act::Join, Act::Rename, Act::CreateRoom];

    fn rate(self) -> Rate {
        match self {
            Act::Handshake => HANDSHAKES,
            Act::NameAttempt => NAME_ATTEMPTS,
            Act::Join => JOINS,
            Act::Rename => RENAMES,
            Act::CreateRoom => {
                let per_s = ROOMS_PER_ADDRESS_PER_HOUR;
                Rate { per_s, burst: per_s * ROOM_COST }
            }
        }
    }

    /// Units of the rate that one act costs.
    fn cost(self) -> u32 {
        if self == Act::CreateRoom { ROOM_COST } else { 1 }
    }

    fn refusal_reason(self) -> RefusalReason {
        match self {
            Act::Handshake => RefusalReason::Handshakes,
            Act::NameAttempt => RefusalReason::NameAttempts,
            Act::Join => RefusalReason::Joins,
            Act::Rename => RefusalReason::Renames,
            Act::CreateRoom => RefusalReason::RoomsMade,
        }
    }
}

/// What each address has open and has done lately, shared by all workers.
#[derive(Debug)]
pub struct AddressLimits {
    /// Whether anything but the share of all connections is limited.
    is_limited: bool,
    /// TCP connections, and sessions, that one address may have.
    share: usize,
    /// Whether the TCP connections belong to a trusted proxy, so that each serves many addresses.
    shares_connections: bool,
    table: Mutex<Table>,
}

#[derive(Debug, Default)]
struct Table {
    addresses: HashMap<IpAddr, Address>,
    /// Refusals of all addresses that wait.
    waiting_refusals: usize,
    /// Time of the last removal of idle addresses, in milliseconds.
    swept_at: u64,
}

#[derive(Debug)]
struct Address {
    open: [usize; 5],
    acts: [SlotBucket; 5],
    texts: Bucket,
    refusals: Bucket,
    waiting_refusals: usize,
    held: AddressBytes,
}

impl Address {
    fn new(now: u64) -> Self {
        Address {
            open: [0; 5],
            acts: Act::ALL.map(|act| SlotBucket::full(act.rate(), now)),
            texts: Bucket::full(TEXTS_PER_ADDRESS, now),
            refusals: Bucket::full(REFUSALS, now),
            waiting_refusals: 0,
            held: AddressBytes::default(),
        }
    }

    /// Whether nothing of this address must be remembered.
    fn is_idle(&self, now: u64) -> bool {
        self.open == [0; 5]
            && self.waiting_refusals == 0
            // A connection may outlive its guard, and then still counts.
            && Arc::strong_count(&self.held) == 1
            && self.texts.is_full(TEXTS_PER_ADDRESS, now)
            && self.refusals.is_full(REFUSALS, now)
            && Act::ALL.iter().all(|act| self.acts[*act as usize].is_full(act.rate(), now))
    }

    /// WebSockets, streams, polls and commands. Each has a permit.
    fn sessions(&self) -> usize {
        [Kind::Socket, Kind::Stream, Kind::Poll].iter().map(|kind| self.open[*kind as usize]).sum()
    }
}

/// The permit of one session: a connection of all, and one of its address.
pub type SessionPermit = (ConnectionPermit, AddressGuard);

/// Counts one open thing of an address while it lives.
#[derive(Debug)]
pub struct AddressGuard {
    limits: Arc<AddressLimits>,
    address: IpAddr,
    kind: Kind,
}

impl Drop for AddressGuard {
    fn drop(&mut self) {
        let mut table = self.limits.lock();
        if let Some(address) = table.addresses.get_mut(&self.address) {
            address.open[self.kind as usize] -= 1;
        }
    }
}

impl AddressGuard {
    /// Kind of what is counted.
    pub fn kind(&self) -> Kind {
        self.kind
    }
}

impl AddressLimits {
    /// Limits for a server with this many connections in all. If not `is_limited`, only the share of them is.
    pub fn new(connections_max: usize, is_limited: bool) -> Arc<Self> {
        Arc::new(AddressLimits::with_share(connections_max, is_limited))
    }

    /// Limits for a server whose connections come from a trusted proxy, like [`AddressLimits::new`].
    pub fn behind_proxy(connections_max: usize, is_limited: bool) -> Arc<Self> {
        let limits = AddressLimits::with_share(connections_max, is_limited);
        Arc::new(AddressLimits { shares_connections: true, ..limits })
    }

    fn with_share(connections_max: usize, is_limited: bool) -> Self {
        let share = (connections_max / ADDRESS_SHARE).max(ADDRESS_CONNECTIONS_MIN);
        AddressLimits { is_limited, share, shares_connections: false, table: Mutex::default() }
    }

    /// Counts a new TCP connection. One beyond the limit is [`Kind::Refused`]; `None` if there are too many of
    /// those too.
    pub fn accept(self: &Arc<Self>, ip: IpAddr) -> Option<AddressGuard> {
        self.count(ip, Kind::Connection).or_else(|| {
            count_refusal(Kind::Refused.refusal_reason());
            self.count(ip, Kind::Refused)
        })
    }

    /// Counts something that this address opens.
    ///
    /// # Errors
    ///
    /// The address has too many of the kind, or its share of all sessions.
    pub fn open(self: &Arc<Self>, ip: IpAddr, kind: Kind) -> Result<AddressGuard, OverLimit> {
        self.count(ip, kind).ok_or_else(|| {
            count_refusal(kind.refusal_reason());
            OverLimit::TOO_MANY_OPEN
        })
    }

    /// Counts something that this address does.
    ///
    /// # Errors
    ///
    /// The address is over the rate.
    pub fn act(&self, ip: IpAddr, act: Act) -> Result<(), OverLimit> {
        if !self.is_limited {
            return Ok(());
        }
        let taken =
            self.at(ip, |address, now| address.acts[act as usize].try_take(act.rate(), act.cost(), now));
        taken.map_err(|wait_ms| {
            count_refusal(act.refusal_reason());
            OverLimit { retry_after_s: wait_ms.div_ceil(1_000) }
        })
    }

    /// Takes back an act that had no effect.
    fn take_back(&self, ip: IpAddr, act: Act) {
        if !self.is_limited {
            return;
        }
        self.at(ip, |address, now| address.acts[act as usize].give_back(act.rate(), act.cost(), now));
    }

    /// Counts a message of the text dialect. Returns the milliseconds for which its connection should not be
    /// read.
    pub fn text(&self, ip: IpAddr) -> u64 {
        if !self.is_limited {
            return 0;
        }
        self.at(ip, |address, now| address.texts.take(TEXTS_PER_ADDRESS, 1, now))
    }

    /// Counts the bytes that are held for a connection of this address.
    pub fn held_bytes(&self, ip: IpAddr) -> HeldBytes {
        if !self.is_limited {
            return HeldBytes::default();
        }
        HeldBytes::of(self.at(ip, |address, _| Arc::clone(&address.held)))
    }

    fn count(self: &Arc<Self>, ip: IpAddr, kind: Kind) -> Option<AddressGuard> {
        let max = if self.is_limited { kind.max() } else { usize::MAX };
        let now = mono_ms();
        let mut table = self.lock();
        let key = table.make_room(key(ip), now);
        let address = table.addresses.entry(key).or_insert_with(|| Address::new(now));
        let used = match kind {
            Kind::Connection => address.open[kind as usize],
            // Within the share too, however small it is.
            Kind::Refused => address.open[kind as usize] * 8,
            Kind::Socket | Kind::Stream | Kind::Poll => address.sessions(),
        };
        if address.open[kind as usize] >= max || used >= self.share {
            return None;
        }
        address.open[kind as usize] += 1;
        drop(table);
        Some(AddressGuard { limits: Arc::clone(self), address: key, kind })
    }

    fn at<T>(&self, ip: IpAddr, change: impl FnOnce(&mut Address, u64) -> T) -> T {
        let now = mono_ms();
        let mut table = self.lock();
        let key = table.make_room(key(ip), now);
        change(table.addresses.entry(key).or_insert_with(|| Address::new(now)), now)
    }

    fn lock(&self) -> MutexGuard<'_, Table> {
        // Nothing panics while the lock is held. If something did, the counts would still be usable.
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Table {
    /// The key under which this address is counted: its own while there is room, and one for all further
    /// addresses beyond.
    fn make_room(&mut self, key: IpAddr, now: u64) -> IpAddr {
        if self.addresses.len() < ADDRESSES_MAX || self.addresses.contains_key(&key) {
            return key;
        }
        // At most once a second: a flood of addresses must not make each request walk through the table.
        if now >= self.swept_at + 1_000 {
            self.swept_at = now;
            self.addresses.retain(|_, address| !address.is_idle(now));
        }
        if self.addresses.len() < ADDRESSES_MAX { key } else { IpAddr::V4(Ipv4Addr::UNSPECIFIED) }
    }
}

/// The address that is counted.
fn key(ip: IpAddr) -> IpAddr {
    match ip.to_canonical() {
        IpAddr::V6(v6) => IpAddr::V6((v6.to_bits() >> 64 << 64).into()),
        v4 => v4,
    }
}

#[cfg(test)]
mod tests;
