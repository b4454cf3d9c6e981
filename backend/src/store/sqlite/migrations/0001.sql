-- The log. `shelf` is whom an event is addressed to: 4 * room for its messages, 4 * room + 1 for its
-- other events, 4 * member + 2. `text` is what was said, and the only place where it stands. The event
-- that a receipt is about carries the client's id for it.
CREATE TABLE events (
    n INTEGER PRIMARY KEY,
    shelf INTEGER NOT NULL,
    prev INTEGER NOT NULL,
    kind TEXT NOT NULL,
    author INTEGER NOT NULL,
    client_id BLOB,
    at INTEGER NOT NULL,
    body TEXT NOT NULL,
    text TEXT
) STRICT;
-- Ends with n, as every index of this table does.
CREATE INDEX events_by_shelf ON events (shelf);
CREATE UNIQUE INDEX receipts ON events (author, client_id) WHERE client_id IS NOT NULL;

-- What follows from the events: `teahouse check` works it out again and compares.

CREATE TABLE rooms (
    id INTEGER PRIMARY KEY,
    name TEXT,
    description TEXT NOT NULL
) STRICT;
INSERT INTO rooms (id, name, description) VALUES (1, NULL, '');

-- Today's members.
CREATE TABLE members (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL
) STRICT;

-- Their devices, by the hash of the token. Not in the log.
CREATE TABLE devices (
    key BLOB PRIMARY KEY,
    member INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX devices_by_member ON devices (member);

-- Who is in which room, and since which position.
CREATE TABLE memberships (
    member INTEGER NOT NULL,
    room INTEGER NOT NULL,
    joined INTEGER NOT NULL,
    PRIMARY KEY (member, room)
) STRICT, WITHOUT ROWID;

-- epoch, house, next_member.
CREATE TABLE meta (
    name TEXT PRIMARY KEY,
    value ANY
) STRICT, WITHOUT ROWID;
