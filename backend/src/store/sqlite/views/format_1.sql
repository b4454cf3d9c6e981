-- Format 1 under the column names of the present format. Migration 0002 renamed `shelf`, and added `mark`,
-- `readable_from`, `resting_names` and the entry `last_tag`. Migration 0003 added `messages`, `maker` and
-- `archived`.
CREATE TEMP VIEW events AS
    SELECT n, shelf AS partition, prev, kind, author, client_id, at, body, text, 0 AS mark FROM main.events;
CREATE TEMP VIEW memberships AS
    SELECT member, room, joined, joined - EXISTS (
        SELECT 1 FROM main.events
        WHERE n = joined - 1 AND kind = 'room_created' AND shelf = 4 * room + 1 AND author = member
    ) AS readable_from
    FROM main.memberships;
CREATE TEMP VIEW resting_names AS SELECT '' AS name, 0 AS member, 0 AS freed_at WHERE 0;
CREATE TEMP VIEW rooms AS
    SELECT id, name, description, (
        SELECT author FROM main.events
        WHERE shelf = 4 * rooms.id + 1 AND kind = 'room_created' ORDER BY n LIMIT 1
    ) AS maker, 0 AS archived
    FROM main.rooms;
CREATE TEMP VIEW meta AS
    SELECT name, value FROM main.meta
    UNION ALL
    SELECT 'last_tag', coalesce(max(iif(json_valid(body), json_extract(body, '$.tag'), 0)), 0)
    FROM main.events WHERE author = 0 AND client_id IS NOT NULL AND kind = 'posted';
CREATE TEMP VIEW messages AS SELECT 0 AS n, 0 AS version, 0 AS is_deleted, 0 AS last_edit WHERE 0;
