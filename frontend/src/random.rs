//! Random bytes from the system, through `crypto.getRandomValues`: unlike
//! `randomUUID` it is there without a secure context too.

use shared::ClientId;

/// A new message's id.
pub fn client_id() -> ClientId {
    ClientId(bytes())
}

/// The seed of the client's jitter.
pub fn seed() -> u64 {
    u64::from_le_bytes(bytes())
}

fn bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    let filled = web_sys::window()
        .and_then(|window| window.crypto().ok())
        .is_some_and(|crypto| crypto.get_random_values_with_u8_array(&mut bytes).is_ok());
    if !filled {
        // No browser of the last ten years is without it. Two ids that are
        // equal would lose a message, so something must differ.
        for byte in &mut bytes {
            *byte = (js_sys::Math::random() * 256.0) as u8;
        }
    }
    bytes
}
