-- Format 1 under the column names of the present format. Migration 0002 renamed `shelf`.
CREATE TEMP VIEW events AS
    SELECT n, shelf AS partition, prev, kind, author, client_id, at, body, text FROM main.events;
