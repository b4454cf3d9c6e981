//! The secret from which the server makes the tokens of new devices.

use std::fmt;

/// Secret of a house: 256 random bits, which its log keeps. With it a retry of `POST /api/join` gets the token
/// of the first request, on every server of the house.
#[derive(Clone)]
pub struct JoinSecret(pub [u8; 32]);

impl JoinSecret {
    /// Draws a new secret.
    ///
    /// # Errors
    ///
    /// The operating system gives no random bytes.
    pub fn new() -> Result<Self, getrandom::Error> {
        let mut bytes = [0; 32];
        getrandom::fill(&mut bytes)?;
        Ok(JoinSecret(bytes))
    }
}

impl fmt::Debug for JoinSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JoinSecret(…)")
    }
}
