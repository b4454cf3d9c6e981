-- Format 2 under the column names of the present format. Migration 0004 added `maker` and `archived`.
CREATE TEMP VIEW rooms AS
    SELECT id, name, description, (
        SELECT author FROM main.events
        WHERE partition = 4 * rooms.id + 1 AND kind = 'room_created' ORDER BY n LIMIT 1
    ) AS maker, 0 AS archived
    FROM main.rooms;
