-- Read markers of the members: `n` is the position up to which the member has read the room. They are not in the
-- log. A marker that never moved has no row. A row stays when the member leaves the room, so that the versions
-- of a member never go back.
CREATE TABLE markers (
    member INTEGER NOT NULL,
    room INTEGER NOT NULL,
    n INTEGER NOT NULL,
    version INTEGER NOT NULL,
    PRIMARY KEY (member, room)
) STRICT, WITHOUT ROWID;

-- Older builds had no markers. What was posted before this migration counts as read.
INSERT INTO meta (name, value) SELECT 'markers_since', coalesce(max(n), 0) FROM events;
