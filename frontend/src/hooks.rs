//! What components share with the browser.

pub mod keys;
pub mod media;
pub mod tick;
