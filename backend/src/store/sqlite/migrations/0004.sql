-- Member who made the room, the author of its `room_created`; none for the lobby.
ALTER TABLE rooms ADD COLUMN maker INTEGER;
UPDATE rooms SET maker = (
    SELECT author FROM events WHERE partition = 4 * rooms.id + 1 AND kind = 'room_created' ORDER BY n LIMIT 1
);

-- 1 if the room is archived, so that it can be read and left only.
ALTER TABLE rooms ADD COLUMN archived INTEGER NOT NULL DEFAULT 0;
