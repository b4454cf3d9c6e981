//! Bytes that the server holds for the connections of one IP address: answers that a client does not read, and messages
//! that a client does not finish. A bound for each connection is no bound for an address with thousands of them.
//!
//! Beyond the bound, the connections go that hold a considerable part. Others behind the same address, such as those of
//! a class or of a proxy, hold little for long, and stay.

use crate::limits::{HELD_BYTES_PER_ADDRESS_MAX, HELD_BYTES_SPARED};
use std::{
    cell::Cell,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

/// Bytes held for all connections of one IP address.
pub(super) type AddressBytes = Arc<AtomicUsize>;

/// The part that one connection has of its address's bytes. Dropping it frees them.
#[derive(Debug, Default)]
pub struct HeldBytes {
    /// `None` if the address is not limited.
    address: Option<AddressBytes>,
    bytes: Cell<usize>,
}

impl HeldBytes {
    /// No bytes yet of the address that has this count.
    pub(super) fn of(address: AddressBytes) -> Self {
        HeldBytes { address: Some(address), bytes: Cell::new(0) }
    }

    /// Notes how many bytes are held for the connection now.
    pub fn set(&self, bytes: usize) {
        let before = self.bytes.replace(bytes);
        let Some(address) = &self.address else { return };
        if bytes > before {
            address.fetch_add(bytes - before, Ordering::Relaxed);
        } else if bytes < before {
            address.fetch_sub(before - bytes, Ordering::Relaxed);
        }
    }

    /// Whether more than [`HELD_BYTES_SPARED`] are held for the connection.
    pub fn is_considerable(&self) -> bool {
        self.bytes.get() > HELD_BYTES_SPARED
    }

    /// Whether the connection must be closed for its address: the address holds more than
    /// [`HELD_BYTES_PER_ADDRESS_MAX`], and the connection a considerable part.
    pub fn is_over_limit(&self) -> bool {
        self.is_considerable()
            && self
                .address
                .as_ref()
                .is_some_and(|address| address.load(Ordering::Relaxed) > HELD_BYTES_PER_ADDRESS_MAX)
    }
}

impl Drop for HeldBytes {
    fn drop(&mut self) {
        self.set(0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The parts of two connections of one address.
    fn two() -> (AddressBytes, [HeldBytes; 2]) {
        let address = AddressBytes::default();
        let parts = [0; 2].map(|_| HeldBytes::of(Arc::clone(&address)));
        (address, parts)
    }

    #[test]
    fn an_address_is_over_its_limit_with_the_bytes_of_all_its_connections() {
        for (last, is_over) in [
            (HELD_BYTES_PER_ADDRESS_MAX - 1, false),
            (HELD_BYTES_PER_ADDRESS_MAX, false),
            (HELD_BYTES_PER_ADDRESS_MAX + 1, true),
        ] {
            let (address, [first, second]) = two();
            first.set(1_000);
            second.set(last - 1_000);
            assert_eq!(second.is_over_limit(), is_over, "{last}");
            first.set(0);
            assert!(!second.is_over_limit(), "what has left does not count");
            drop(second);
            assert_eq!(address.load(Ordering::Relaxed), 0, "what is dropped does not count");
        }
        let unlimited = HeldBytes::default();
        unlimited.set(2 * HELD_BYTES_PER_ADDRESS_MAX);
        assert!(!unlimited.is_over_limit());
    }

    #[test]
    fn a_connection_with_a_small_part_is_spared() {
        for (bytes, is_over) in
            [(HELD_BYTES_SPARED - 1, false), (HELD_BYTES_SPARED, false), (HELD_BYTES_SPARED + 1, true)]
        {
            let (_, [greedy, other]) = two();
            greedy.set(HELD_BYTES_PER_ADDRESS_MAX);
            other.set(bytes);
            assert_eq!(other.is_over_limit(), is_over, "{bytes}");
            assert!(greedy.is_over_limit());
        }
    }
}
