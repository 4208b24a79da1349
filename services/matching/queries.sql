-- name: load
SELECT 'needs' AS shelf, id, body FROM need WHERE enterprise = ANY($1::text[])
UNION ALL SELECT 'products', id, body FROM product
UNION ALL SELECT 'banks', id, body FROM bank
UNION ALL SELECT 'quotas', id, body FROM quota WHERE day >= (SELECT max(day) FROM quota) - 1;

-- name: waiting_enterprises
SELECT DISTINCT enterprise FROM need WHERE status = 'waiting';

-- name: all_needs
SELECT id, body FROM need;

-- name: all_quotas
SELECT id, body FROM quota;

-- name: save_needs
INSERT INTO need (id, enterprise, status, reason, retry_on, body)
SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::date[], $6::jsonb[])
ON CONFLICT (id) DO UPDATE SET status = excluded.status, reason = excluded.reason, retry_on = excluded.retry_on,
    body = excluded.body;

-- name: save_products
INSERT INTO product (id, body) SELECT * FROM unnest($1::text[], $2::jsonb[])
ON CONFLICT (id) DO UPDATE SET body = excluded.body;

-- name: drop_products
DELETE FROM product WHERE id = ANY($1::text[]);

-- name: save_banks
INSERT INTO bank (id, body) SELECT * FROM unnest($1::text[], $2::jsonb[])
ON CONFLICT (id) DO UPDATE SET body = excluded.body;

-- name: save_quotas
INSERT INTO quota (id, day, body) SELECT * FROM unnest($1::text[], $2::date[], $3::jsonb[])
ON CONFLICT (id) DO UPDATE SET body = excluded.body;

-- name: next_round
SELECT min(retry_on) FROM need WHERE status = 'waiting'
    AND NOT EXISTS (SELECT FROM parked WHERE key = 'round' AND decided_at IS NULL);

-- name: waiting_for_room
SELECT count(*)::float8 FROM need WHERE status = 'waiting' AND reason = 'no_room';

-- name: listed_products
SELECT body FROM product ORDER BY id;

-- name: need_by_id
SELECT body FROM need WHERE id = $1;

-- name: last_decision
SELECT type, body FROM event_log WHERE owner = ANY($1::text[]) AND type = ANY($2::text[])
    AND body::jsonb ->> 'need' = $3 ORDER BY seq DESC LIMIT 1;
