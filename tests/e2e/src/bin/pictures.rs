//! (grows next)
fn main() {}
