-- Format 2 under the tables of the present format. Migration 0003 added `messages`.
CREATE TEMP VIEW messages AS SELECT 0 AS n, 0 AS version, 0 AS is_deleted, 0 AS last_edit WHERE 0;
