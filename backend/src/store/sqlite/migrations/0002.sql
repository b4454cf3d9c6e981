-- The column gets the word of the code. The index keeps its name: to rename an index, SQLite would have to
-- write all of it again.
ALTER TABLE events RENAME COLUMN shelf TO partition;
