-- Messages that are not as they were posted, by their position: a projection. A message without a row has
-- version 1. `last_edit` is the position of the event that made this version.
CREATE TABLE messages (
    n INTEGER PRIMARY KEY,
    version INTEGER NOT NULL,
    is_deleted INTEGER NOT NULL,
    last_edit INTEGER NOT NULL
) STRICT;
