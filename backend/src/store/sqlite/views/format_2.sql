-- Format 2 under the tables of the present format. Migration 0003 added `messages`, `maker` and `archived`.
CREATE TEMP VIEW rooms AS
    SELECT id, name, description, (
        SELECT author FROM main.events
        WHERE partition = 4 * rooms.id + 1 AND kind = 'room_created' ORDER BY n LIMIT 1
    ) AS maker, 0 AS archived
    FROM main.rooms;
CREATE TEMP VIEW messages AS SELECT 0 AS n, 0 AS version, 0 AS is_deleted, 0 AS last_edit WHERE 0;
