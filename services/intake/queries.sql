-- name: load
SELECT 'needs' AS shelf, id, body FROM need WHERE key = ANY($1::text[])
UNION ALL SELECT 'consents', id, body FROM consent WHERE key = ANY($1::text[])
UNION ALL SELECT 'pendings', id, body FROM pending WHERE key = ANY($1::text[])
UNION ALL SELECT 'progress', id, body FROM progress WHERE key = ANY($1::text[])
UNION ALL SELECT 'lists', id, body FROM need_list WHERE id = ANY($1::text[])
UNION ALL SELECT 'banks', id, body FROM bank
UNION ALL SELECT 'privates', id, body FROM need_private WHERE $2 AND key = ANY($1::text[])
UNION ALL SELECT 'rows', id, body FROM list_row WHERE $3 AND key = ANY($1::text[])
UNION ALL SELECT 'answers', id, body FROM need_answer WHERE id = ANY($4::text[]) OR ($4::text[] IS NULL AND key = ANY($1::text[]));

-- name: save_of_needs
WITH needs AS (
    INSERT INTO need (id, key, open, stated_on, body)
    SELECT * FROM unnest($1::text[], $2::text[], $3::bool[], $4::date[], $5::json[])
    ON CONFLICT (id) DO UPDATE SET open = excluded.open, body = excluded.body
), privates AS (
    INSERT INTO need_private (id, key, body) SELECT * FROM unnest($6::text[], $7::text[], $8::json[])
    ON CONFLICT (id) DO UPDATE SET body = excluded.body
), answers AS (
    INSERT INTO need_answer (id, key, body) SELECT * FROM unnest($9::text[], $10::text[], $11::json[])
    ON CONFLICT (id) DO UPDATE SET body = excluded.body
), consents AS (
    INSERT INTO consent (id, key, body) SELECT * FROM unnest($12::text[], $13::text[], $14::json[])
    ON CONFLICT (id) DO UPDATE SET body = excluded.body
)
INSERT INTO progress (id, key, body) SELECT * FROM unnest($15::text[], $16::text[], $17::json[])
ON CONFLICT (id) DO UPDATE SET body = excluded.body;

-- name: load_consents
SELECT id, body FROM consent WHERE key = ANY($1::text[]);

-- name: save_pendings
INSERT INTO pending (id, key, bank, seen, body)
SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::int[], $5::json[])
ON CONFLICT (id) DO UPDATE SET seen = excluded.seen, body = excluded.body;

-- name: drop_pendings
DELETE FROM pending WHERE id = ANY($1::text[]);

-- name: due
-- An entry counts for each name of its bank: where two banks have a name, the entries of both do.
SELECT p.key, p.id AS offer, there.entry FROM (
    SELECT name, sum(entry) AS entry FROM bank, unnest(names) AS name GROUP BY name HAVING bool_or(enabled)
) AS there
JOIN pending AS p ON p.bank = there.name AND p.seen < there.entry
WHERE NOT EXISTS (SELECT FROM parked AS o WHERE o.key = p.key AND o.decided_at IS NULL)
ORDER BY p.key, p.id LIMIT $1;

-- name: save_rows
INSERT INTO list_row (id, key, list_id, body) SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::json[])
ON CONFLICT (id) DO UPDATE SET body = excluded.body;

-- name: drop_rows
DELETE FROM list_row WHERE id = ANY($1::text[]);

-- name: save_lists
INSERT INTO need_list (id, body) SELECT * FROM unnest($1::text[], $2::json[])
ON CONFLICT (id) DO UPDATE SET body = excluded.body;

-- name: load_banks
SELECT id, body FROM bank ORDER BY id;

-- name: save_banks
INSERT INTO bank (id, enabled, entry, names, body) SELECT id, enabled, entry, string_to_array(names, ' '), body
FROM unnest($1::text[], $2::bool[], $3::int[], $4::text[], $5::json[]) AS b (id, enabled, entry, names, body)
ON CONFLICT (id) DO UPDATE SET enabled = excluded.enabled, entry = excluded.entry, names = excluded.names, body = excluded.body;

-- name: save_reports
INSERT INTO list_report (id, version, body) SELECT * FROM unnest($1::text[], $2::int[], $3::text[])
ON CONFLICT (id) DO UPDATE SET version = excluded.version, body = excluded.body;

-- name: save_clients
INSERT INTO client (id, hash, scopes) SELECT id, hash, string_to_array(scopes, ' ')
FROM unnest($1::text[], $2::text[], $3::text[]) AS c (id, hash, scopes)
ON CONFLICT (id) DO UPDATE SET hash = excluded.hash, scopes = excluded.scopes;

-- name: client_by_id
SELECT hash, scopes FROM client WHERE id = $1;

-- name: answers_by_id
SELECT id, body FROM need_answer WHERE id = ANY($1::text[]);

-- name: list_by_id
SELECT body FROM need_list WHERE id = $1;

-- name: rows_of_list
SELECT body FROM list_row WHERE list_id = $1 ORDER BY id;

-- name: list_owner
SELECT l.body ->> 'client' AS client, r.body FROM need_list AS l JOIN list_report AS r ON r.id = l.id WHERE l.id = $1;

-- name: need_by_id
SELECT n.body AS need, p.body AS progress, i.body AS private
FROM need AS n JOIN progress AS p ON p.id = n.id JOIN need_private AS i ON i.id = n.id WHERE n.id = $1;

-- name: all_keys
SELECT key FROM need UNION SELECT key FROM consent UNION SELECT id FROM need_list;

