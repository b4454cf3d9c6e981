//! Tests that need port 8888, which pages and `Trunk.toml` name. They run one after the other, apart
//! from the other tests, which use any port.

mod trunk_serve;
mod tutorial;

use e2e::{
    fixture::Fixture,
    server::Server,
    wait::{TIMEOUT, until},
};
use std::{
    net::{Ipv4Addr, TcpListener},
    rc::Rc,
};
use tokio::sync::Mutex;

/// The port of the server.
const PORT: u16 = 8888;

/// Held by the test that uses the port.
static PORT_LOCK: Mutex<()> = Mutex::const_new(());

/// Starts a server on the port.
///
/// # Panics
/// If another process uses the port.
async fn start_server(fixture: &Fixture, more: &[&str]) -> Rc<Server> {
    until(&format!("port {PORT}, which this test needs: end the server that uses it"), TIMEOUT, async || {
        TcpListener::bind((Ipv4Addr::LOCALHOST, PORT))
    })
    .await;
    fixture.server_on(PORT, more).await
}
