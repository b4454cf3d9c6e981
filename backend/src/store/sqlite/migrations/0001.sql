-- The log. `shelf` is the partition of an event: 4 * room for the room's messages, 4 * room + 1 for its
-- other events, 4 * member + 2 for a member's events. Only `text` holds the text of a message. The event
-- that is the subject of a receipt carries the `client_id` of its change.
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
-- Every index of this table ends with n, its primary key.
CREATE INDEX events_by_shelf ON events (shelf);
CREATE UNIQUE INDEX receipts ON events (author, client_id) WHERE client_id IS NOT NULL;

-- The projections of the events: `teahouse check` rebuilds and compares them.

CREATE TABLE rooms (
    id INTEGER PRIMARY KEY,
    name TEXT,
    description TEXT NOT NULL
) STRICT;
INSERT INTO rooms (id, name, description) VALUES (1, NULL, '');

-- Present members.
CREATE TABLE members (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL
) STRICT;

-- Devices of the members, by the hash of the token. They are not in the log.
CREATE TABLE devices (
    key BLOB PRIMARY KEY,
    member INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX devices_by_member ON devices (member);

-- Rooms of the members, and the position at which each joined.
CREATE TABLE memberships (
    member INTEGER NOT NULL,
    room INTEGER NOT NULL,
    joined INTEGER NOT NULL,
    PRIMARY KEY (member, room)
) STRICT, WITHOUT ROWID;

-- The entries epoch, house and next_member.
CREATE TABLE meta (
    name TEXT PRIMARY KEY,
    value ANY
) STRICT, WITHOUT ROWID;
