//! Random bytes from the system, through `crypto.getRandomValues`. Unlike `randomUUID`, it exists without a
//! secure context too.

use shared::ClientId;

/// Creates the `client_id` of a new command: 16 random bytes.
pub fn client_id() -> ClientId {
    ClientId(bytes())
}

/// Creates the seed of a core's jitter.
pub fn seed() -> u64 {
    u64::from_le_bytes(bytes())
}

fn bytes<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    let filled = web_sys::window()
        .and_then(|window| window.crypto().ok())
        .is_some_and(|crypto| crypto.get_random_values_with_u8_array(&mut bytes).is_ok());
    if !filled {
        // Every browser of the last ten years has `crypto`. Without it, use a weaker source: of two messages
        // with the same id, one would be lost.
        for byte in &mut bytes {
            *byte = (js_sys::Math::random() * 256.0) as u8;
        }
    }
    bytes
}
