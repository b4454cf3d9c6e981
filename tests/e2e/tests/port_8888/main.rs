//! What only works, or only means something, on the port that pages and
//! settings name: 8888. Apart from the other tests, which take any port, and
//! one after the other.

mod lesson;
mod trunk_serve;

use e2e::{
    house::House,
    stage::Stage,
    wait::{SOON, until},
};
use std::{
    net::{Ipv4Addr, TcpListener},
    rc::Rc,
};
use tokio::sync::Mutex;

/// The port.
const PORT: u16 = 8888;

/// Whose turn it is.
static TURN: Mutex<()> = Mutex::const_new(());

/// Opens a house on the port.
///
/// # Panics
/// If somebody else has it.
async fn open(stage: &Stage, more: &[&str]) -> Rc<House> {
    until(&format!("port {PORT}, which this test needs: end the server that has it"), SOON, async || {
        TcpListener::bind((Ipv4Addr::LOCALHOST, PORT))
    })
    .await;
    stage.house_at(PORT, more).await
}
