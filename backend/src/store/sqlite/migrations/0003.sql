-- Messages that are not as they were posted, by their position: a projection. A message without a row has
-- version 1. `last_edit` is the position of the event that made this version.
CREATE TABLE messages (
    n INTEGER PRIMARY KEY,
    version INTEGER NOT NULL,
    is_deleted INTEGER NOT NULL,
    last_edit INTEGER NOT NULL
) STRICT;

-- Member who made the room, the author of its `room_created`; none for the lobby.
ALTER TABLE rooms ADD COLUMN maker INTEGER;
UPDATE rooms SET maker = (
    SELECT author FROM events WHERE partition = 4 * rooms.id + 1 AND kind = 'room_created' ORDER BY n LIMIT 1
);

-- 1 if the room is archived, so that it can be read and left only.
ALTER TABLE rooms ADD COLUMN archived INTEGER NOT NULL DEFAULT 0;
