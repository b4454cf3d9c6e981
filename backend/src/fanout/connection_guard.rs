//! A connection for as long as it is in its worker's table.

use super::Table;
use crate::clock::now_ms;
use crate::connection::Connection;
use crate::connection::permit::Place;
use shared::CloseCode;
use std::{rc::Rc, time::Duration};

/// Takes the connection out of its table when dropped: after the last line, an
/// early return or a panic alike.
pub struct Entered {
    /// The table.
    pub table: Rc<Table>,
    /// The connection.
    pub connection: Rc<Connection>,
    _place: Place,
}

impl Entered {
    /// This connection, which was entered into this table, in its place.
    pub fn new(table: Rc<Table>, connection: Rc<Connection>, place: Place) -> Self {
        Entered { table, connection, _place: place }
    }

    /// Whoever is over their rate waits for the answer: what they ask next comes later.
    pub async fn wait_for_rate(&self) {
        let pause = self.connection.pause(now_ms());
        if pause > 0 {
            tokio::time::sleep(Duration::from_millis(pause)).await;
        }
    }
}

impl Drop for Entered {
    fn drop(&mut self) {
        self.table.leave(self.connection.session);
        // Closed already, unless its task panicked.
        self.connection.close(Some(CloseCode::Internal.number()), "");
        self.connection.flush();
    }
}
