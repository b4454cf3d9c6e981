//! The drop guard that removes a connection when its task ends, also after a panic.

use super::Connections;
use crate::clock::mono_ms;
use crate::connection::Connection;
use crate::connection::address_limits::SessionPermit;
use shared::CloseCode;
use std::{rc::Rc, time::Duration};

/// Removes the connection from its worker when it is dropped: after a return, a cancelled task or a panic
/// alike. So the hub gets `Closed` exactly once.
pub struct ConnectionGuard {
    /// Connections of the worker.
    pub connections: Rc<Connections>,
    /// The connection that is guarded.
    pub connection: Rc<Connection>,
    _permit: SessionPermit,
}

impl ConnectionGuard {
    /// Guards a connection that `connections` has registered.
    pub fn new(connections: Rc<Connections>, connection: Rc<Connection>, permit: SessionPermit) -> Self {
        ConnectionGuard { connections, connection, _permit: permit }
    }

    /// Waits while the client is over its rate. A response that is delayed so delays the next request.
    pub async fn wait_for_rate(&self) {
        let pause = self.connection.pause_ms(mono_ms());
        if pause > 0 {
            tokio::time::sleep(Duration::from_millis(pause)).await;
        }
    }
}

impl Drop for ConnectionGuard {
    fn drop(&mut self) {
        self.connections.remove(self.connection.session);
        // The connection is closed already, unless its task has panicked.
        self.connection.close(Some(CloseCode::Internal.number()), "");
        self.connection.flush();
    }
}
