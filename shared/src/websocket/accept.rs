//! The server's proof that it understood the handshake (RFC 6455 §4.2.2, item 5.4):
//! `Sec-WebSocket-Accept = base64(SHA-1(Sec-WebSocket-Key + GUID))`.

use base64::{Engine, engine::general_purpose::STANDARD};
use sha1::{Digest, Sha1};

/// Text that every server appends to the key (RFC 6455 §1.3). A server without WebSockets would not.
pub const GUID: &str = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/// Bytes that a key encodes (RFC 6455 §4.1).
pub const KEY_BYTES: usize = 16;

/// Steps of the computation of `Sec-WebSocket-Accept`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AcceptSteps {
    /// Key followed by [`GUID`].
    pub joined: String,
    /// SHA-1 of `joined`.
    pub digest: [u8; 20],
    /// `digest` in base64: the value of `Sec-WebSocket-Accept`.
    pub accept: String,
}

/// Computes the answer to a key. Any text is accepted; white space around it is removed.
pub fn compute_steps(key: &str) -> AcceptSteps {
    let joined = format!("{}{GUID}", key.trim());
    let digest: [u8; 20] = Sha1::digest(joined.as_bytes()).into();
    let accept = STANDARD.encode(digest);
    AcceptSteps { joined, digest, accept }
}

/// Whether a text is a valid key: the base64 of 16 bytes (RFC 6455 §4.2.1, item 5).
pub fn is_key(key: &str) -> bool {
    STANDARD.decode(key.trim()).is_ok_and(|bytes| bytes.len() == KEY_BYTES)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_of_rfc_6455_is_computed_as_there() {
        // RFC 6455 §1.3.
        let steps = compute_steps("dGhlIHNhbXBsZSBub25jZQ==");
        assert_eq!(steps.joined, "dGhlIHNhbXBsZSBub25jZQ==258EAFA5-E914-47DA-95CA-C5AB0DC85B11");
        assert_eq!(
            steps.digest,
            [
                0xb3, 0x7a, 0x4f, 0x2c, 0xc0, 0x62, 0x4f, 0x16, 0x90, 0xf6, 0x46, 0x06, 0xcf, 0x38, 0x59,
                0x45, 0xb2, 0xbe, 0xc4, 0xea
            ]
        );
        assert_eq!(steps.accept, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    }

    #[test]
    fn a_text_is_a_key_only_when_it_encodes_sixteen_bytes() {
        for key in ["", "茶", "not base64", "AAAA"] {
            assert_eq!(compute_steps(key).accept.len(), 28);
            assert!(!is_key(key), "{key}");
        }
        let of = |bytes: usize| STANDARD.encode(vec![7; bytes]);
        assert_eq!([15, 16, 17].map(|bytes| is_key(&of(bytes))), [false, true, false]);
        assert!(is_key(" dGhlIHNhbXBsZSBub25jZQ== "));
    }
}
