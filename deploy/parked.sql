-- name: list_parked
SELECT id, key, kind, behind, reason, topic, partition, "offset", parked_at, attempts, asked
FROM parked WHERE decided_at IS NULL ORDER BY id LIMIT $1;

-- name: list_held
SELECT 'held-' || id AS id, subject, key, headers, topic, partition, "offset", held_at, expires_at
FROM held WHERE released_at IS NULL ORDER BY id LIMIT $1;

-- name: list_refused
SELECT id::text AS id, type, key, at, body FROM event_log
WHERE type IN ('reply.refused', 'product.refused') ORDER BY seq DESC LIMIT $1;

-- name: show_held
SELECT 'held-' || id AS id, subject, key, topic, partition, "offset", coalesce(record_key, '') AS record_key,
    headers, coalesce(body, '') AS body, held_at, expires_at, released_at, outcome FROM held WHERE id = $1;

-- name: show_refused
SELECT id::text AS id, type, key, at, body FROM event_log
WHERE type IN ('reply.refused', 'product.refused') AND id = $1;

-- name: show
SELECT id, key, kind, behind, reason, detail, topic, partition, "offset", coalesce(record_key, '') AS record_key,
    headers, coalesce(body, '') AS body, parked_at, attempts, asked, asked_by,
    asked_at, decided_at, outcome FROM parked WHERE id = $1;

-- name: earlier
SELECT count(*) FROM parked WHERE key = $1 AND id < $2 AND decided_at IS NULL AND asked IS DISTINCT FROM 'replay';

-- name: ask_replay
UPDATE parked SET asked = 'replay', asked_by = $2, asked_at = now() WHERE id = $1 AND decided_at IS NULL
RETURNING id, key, asked, asked_by, asked_at;

-- name: ask_replay_key
UPDATE parked SET asked = 'replay', asked_by = $2, asked_at = now() WHERE key = $1 AND decided_at IS NULL
RETURNING id, key, asked, asked_by, asked_at;

-- name: drop
UPDATE parked SET asked = 'drop', asked_by = $2, asked_at = now(), decided_at = now(), outcome = 'dropped'
WHERE id = $1 AND decided_at IS NULL RETURNING id, key, asked, asked_by, asked_at;

-- name: wake
SELECT pg_notify('yuqiao_' || current_schema(), 'replay');
