-- name: begin_batch
SELECT moved, claimed, parked_keys, replaying
FROM begin_batch($1::bigint[], $2::text[], $3::int[], $4::bigint[], $5::bigint[], $6::bytea[], $7::bytea[], $8::text[]);

-- name: append_events
SELECT seqs, sequences, others_unsent FROM append_events($1, $2::bytea[], $3::bigint[], $4::int[], $5::bigint[], $6::uuid[], $7::text[],
    $8::text[], $9::text[], $10::text[], $11::timestamptz[], $12::text[], $13::text[]);

-- name: introduce
SELECT id, subject, topic, partition, "offset", record_key, headers, body, appended_ms FROM introduce($1::text[], $2::text[]);

-- name: begin_positions
INSERT INTO position (topic, partition, next)
SELECT topic, partition, 0 FROM unnest($1::text[], $2::int[]) AS a (topic, partition)
ON CONFLICT DO NOTHING;

-- name: load_positions
SELECT p.topic, p.partition, p.next
FROM position AS p JOIN unnest($1::text[], $2::int[]) AS a (topic, partition)
    ON p.topic = a.topic AND p.partition = a.partition;

-- name: unclaim
DELETE FROM inbox WHERE name = ANY($1::bytea[]);

-- name: claimed_digests
SELECT name, digest FROM inbox WHERE name = ANY($1::bytea[]);

-- name: lock_all_keys
SELECT pg_advisory_xact_lock(hashtext(current_schema() || '.keys'));

-- name: unsent
SELECT u.seq AS batch, e.seq, e.id::text AS id, e.type, e.topic, e.key, e.sequence, e.at, e.body
FROM (SELECT seq, seqs FROM unsent ORDER BY seq LIMIT $1) AS u JOIN event_log AS e ON e.seq = ANY(u.seqs) ORDER BY e.seq;

-- name: aside_topics
SELECT DISTINCT topic FROM aside;

-- name: take_unsent
DELETE FROM unsent WHERE seq = ANY($1::bigint[]) RETURNING seqs;

-- name: set_aside
INSERT INTO aside (seq, topic) SELECT * FROM unnest($1::bigint[], $2::text[]) ON CONFLICT DO NOTHING;

-- name: next_aside
SELECT e.seq, e.id::text AS id, e.type, e.topic, e.key, e.sequence, e.at, e.body
FROM unnest($1::text[]) AS t (topic)
CROSS JOIN LATERAL (SELECT a.seq FROM aside AS a WHERE a.topic = t.topic ORDER BY a.seq LIMIT $2) AS w
JOIN event_log AS e ON e.seq = w.seq ORDER BY e.seq;

-- name: aside_sent
DELETE FROM aside WHERE seq = ANY($1::bigint[]);

-- name: mark_sent
DELETE FROM unsent WHERE seq = ANY($1::bigint[]);

-- name: try_relay_lock
SELECT pg_try_advisory_xact_lock(hashtext(current_schema() || '.relay'));

-- name: hold_exclusive
SELECT pg_advisory_xact_lock(hashtext(current_schema() || '.subject'));

-- name: known_subjects
SELECT subject, key FROM subject WHERE subject = ANY($1::text[]);

-- name: hold
INSERT INTO held (subject, key, topic, partition, "offset", record_key, headers, body, appended_ms, held_at, expires_at)
SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::int[], $5::bigint[], $6::bytea[], $7::text[], $8::bytea[], $9::bigint[],
    $10::timestamptz[], $11::timestamptz[]);

-- name: held_ready
SELECT h.id, h.subject, h.topic, h.partition, h."offset", h.record_key, h.headers, h.body, h.appended_ms,
    h.expires_at <= $1 AS expired
FROM held AS h LEFT JOIN subject AS s ON s.subject = h.subject
WHERE h.released_at IS NULL AND (s.subject IS NOT NULL OR h.expires_at <= $1)
ORDER BY h.id LIMIT $2;

-- name: lock_held
SELECT id FROM held WHERE id = ANY($1::bigint[]) AND released_at IS NULL ORDER BY id FOR UPDATE;

-- name: release_held
UPDATE held SET released_at = now(), outcome = o.outcome
FROM unnest($1::bigint[], $2::text[]) AS o (id, outcome) WHERE held.id = o.id;

-- name: park
INSERT INTO parked (key, kind, behind, reason, detail, topic, partition, "offset", record_key, headers, body, appended_ms, asked)
SELECT * FROM unnest($1::text[], $2::text[], $3::bool[], $4::text[], $5::text[], $6::text[], $7::int[], $8::bigint[], $9::bytea[],
    $10::text[], $11::bytea[], $12::bigint[], $13::text[]);

-- name: replay_ready
SELECT p.id, p.key, p.kind, p.topic, p.partition, p."offset", p.record_key, p.headers, p.body, p.appended_ms FROM parked AS p
WHERE p.decided_at IS NULL AND p.asked = 'replay' AND NOT EXISTS (
    SELECT FROM parked AS e WHERE e.key = p.key AND e.id < p.id AND e.decided_at IS NULL AND e.asked IS DISTINCT FROM 'replay')
ORDER BY p.id LIMIT $1;

-- name: lock_parked
SELECT id FROM parked WHERE id = ANY($1::bigint[]) AND decided_at IS NULL AND asked = 'replay' ORDER BY id FOR UPDATE;

-- name: replayed
UPDATE parked SET decided_at = now(), outcome = 'replayed' WHERE id = ANY($1::bigint[]);

-- name: replay_failed
UPDATE parked AS p SET asked = NULL, attempts = attempts + (p.id = f.id)::int,
    reason = CASE WHEN p.id = f.id THEN f.reason ELSE p.reason END, detail = CASE WHEN p.id = f.id THEN f.detail ELSE p.detail END
FROM unnest($1::bigint[], $2::text[], $3::text[], $4::text[]) AS f (id, key, reason, detail)
WHERE p.key = f.key AND p.decided_at IS NULL;

-- name: read_clock
SELECT now FROM platform.clock WHERE singleton;

-- name: wake_others
SELECT pg_notify('yuqiao_' || current_schema(), 'relay');

-- name: claim_for_ever
UPDATE inbox SET claimed_at = 'infinity' WHERE name = ANY($1::bytea[]);

-- name: forget_inbox
DELETE FROM inbox WHERE claimed_at < now() - make_interval(days => $1);

-- name: counts
SELECT
    ((SELECT coalesce(sum(cardinality(seqs)), 0) FROM unsent) + (SELECT count(*) FROM aside))::float8 AS unsent,
    (SELECT coalesce(extract(epoch FROM now() - min(committed_at)), 0) FROM event_log
        WHERE seq IN (SELECT min(seq) FROM unsent UNION ALL SELECT min(seq) FROM aside))::float8 AS oldest_unsent,
    (SELECT count(*) FROM parked WHERE decided_at IS NULL) AS parked,
    (SELECT count(*) FROM held WHERE released_at IS NULL) AS held;

-- name: events_by_type
SELECT type, count(*) AS count FROM event_log GROUP BY type;

-- name: migrate_lock
SELECT pg_advisory_xact_lock(hashtext(current_schema() || '.migrate'));

-- name: migration_table
CREATE TABLE IF NOT EXISTS migration (
    name text PRIMARY KEY,
    checksum text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now()
);

-- name: has_migrations
SELECT to_regclass('migration') IS NOT NULL;

-- name: migrations
SELECT name, checksum FROM migration;

-- name: migration_done
INSERT INTO migration (name, checksum) VALUES ($1, $2);

-- name: waiting_since
SELECT extract(epoch FROM now() - committed_at)::float8 FROM event_log WHERE topic = $1 ORDER BY seq DESC OFFSET $2 LIMIT 1;
