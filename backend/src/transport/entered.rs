//! A connection for as long as it is in its worker's table.

use crate::{connection::Connection, fanout::Table, place::Place};
use shared::CloseCode;
use std::rc::Rc;

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
}

impl Drop for Entered {
    fn drop(&mut self) {
        self.table.leave(self.connection.session);
        // Closed already, unless its task panicked.
        self.connection.close(Some(CloseCode::Internal.number()), "");
        self.connection.flush();
    }
}
