-- The column gets the word of the code. The index keeps its name: to rename an index, SQLite would have to
-- write all of it again.
ALTER TABLE events RENAME COLUMN shelf TO partition;

-- The mark of the log after the change whose last event this is; -1 if another event of the change follows; 0
-- in the events of older builds, which have no marks.
ALTER TABLE events ADD COLUMN mark INTEGER NOT NULL DEFAULT 0;

-- Position from which on the member may read the room's events. The creator may read `room_created`, which
-- comes right before the creator's `member_joined`.
ALTER TABLE memberships ADD COLUMN readable_from INTEGER NOT NULL DEFAULT 0;
UPDATE memberships SET readable_from = joined - EXISTS (
    SELECT 1 FROM events
    WHERE n = joined - 1 AND kind = 'room_created' AND partition = 4 * room + 1 AND author = member
);

-- Names that members gave up, with the time of that. Nobody else can take one for a day.
CREATE TABLE resting_names (
    name TEXT NOT NULL,
    member INTEGER NOT NULL,
    freed_at INTEGER NOT NULL
) STRICT;
CREATE INDEX resting_names_by_time ON resting_names (freed_at);

-- The greatest number of a passer-by's connection. Later connections get greater ones. A damaged body has none.
INSERT INTO meta (name, value)
    SELECT 'last_tag', coalesce(max(iif(json_valid(body), json_extract(body, '$.tag'), 0)), 0) FROM events
    WHERE author = 0 AND client_id IS NOT NULL AND kind = 'posted';
