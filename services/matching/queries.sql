-- name: load
SELECT 'needs' AS shelf, id, body, NULL::bigint AS version FROM need WHERE enterprise = ANY($1::text[])
UNION ALL SELECT 'learnt', id, body, NULL FROM learnt WHERE $2 OR id = ANY($1)
UNION ALL SELECT 'totals', id, body, NULL FROM total WHERE $2
UNION ALL SELECT 'rounds', id, body, NULL FROM round WHERE $2
UNION ALL SELECT 'quotas', id, body, NULL FROM quota WHERE $2 AND day >= (SELECT max(day) FROM quota) - 1
UNION ALL SELECT CASE WHEN withdrawn THEN 'withdrawn' ELSE 'product' END, id, body, NULL
    FROM product WHERE $2 AND (changed > $3 OR id = ANY($4::text[]))
UNION ALL SELECT 'bank', id, body, NULL FROM bank WHERE $2 AND (changed > $3 OR id = ANY($4))
UNION ALL SELECT 'version', '', NULL, version FROM catalogue WHERE $2;

-- name: listed_products
SELECT id, body FROM product WHERE NOT withdrawn ORDER BY id;

-- name: all_banks
SELECT id, body FROM bank;

-- name: waiting_enterprises
SELECT DISTINCT enterprise FROM need WHERE status = 'waiting';

-- name: all_needs
SELECT id, body FROM need;

-- name: all_quotas
SELECT id, body FROM quota;

-- name: save_decisions
WITH needs AS (
    INSERT INTO need (id, enterprise, status, reason, retry_on, body)
    SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::date[], $6::json[])
    ON CONFLICT (id) DO UPDATE SET status = excluded.status, reason = excluded.reason, retry_on = excluded.retry_on,
        body = excluded.body
), quotas AS (
    INSERT INTO quota (id, day, body) SELECT * FROM unnest($7::text[], $8::date[], $9::json[])
    ON CONFLICT (id) DO UPDATE SET body = excluded.body
), totals AS (
    INSERT INTO total (id, body) SELECT * FROM unnest($10::text[], $11::json[])
    ON CONFLICT (id) DO UPDATE SET body = excluded.body
)
INSERT INTO learnt (id, body) SELECT * FROM unnest($12::text[], $13::json[])
ON CONFLICT (id) DO UPDATE SET body = excluded.body;

-- name: save_products
WITH next AS (UPDATE catalogue SET version = version + 1 RETURNING version)
INSERT INTO product (id, body, changed)
SELECT given.id, given.body, next.version FROM unnest($1::text[], $2::json[]) AS given (id, body), next
ON CONFLICT (id) DO UPDATE SET body = excluded.body, changed = excluded.changed, withdrawn = false;

-- name: withdraw_products
WITH next AS (UPDATE catalogue SET version = version + 1 RETURNING version)
UPDATE product SET withdrawn = true, changed = next.version FROM next WHERE id = ANY($1::text[]);

-- name: save_banks
WITH next AS (UPDATE catalogue SET version = version + 1 RETURNING version)
INSERT INTO bank (id, body, changed)
SELECT given.id, given.body, next.version FROM unnest($1::text[], $2::json[]) AS given (id, body), next
ON CONFLICT (id) DO UPDATE SET body = excluded.body, changed = excluded.changed;

-- name: all_totals
SELECT id, body FROM total;

-- name: all_learnt
SELECT id, body FROM learnt;

-- name: all_rounds
SELECT id, body FROM round;

-- name: save_rounds
INSERT INTO round (id, asked, asked_at, held, body)
SELECT * FROM unnest($1::text[], $2::bigint[], $3::timestamptz[], $4::bigint[], $5::json[])
ON CONFLICT (id) DO UPDATE SET asked = excluded.asked, asked_at = excluded.asked_at, held = excluded.held,
    body = excluded.body;

-- name: next_round
SELECT due_at, number FROM (
    SELECT (min(retry_on) + $1::time) AT TIME ZONE 'Asia/Shanghai' AS due_at, NULL::bigint AS number
    FROM need WHERE status = 'waiting'
    UNION ALL SELECT asked_at, asked FROM round
    WHERE asked > held AND EXISTS (SELECT FROM need WHERE status = 'waiting' AND reason IN ('no_room', 'rest_no_room'))
) AS rounds WHERE due_at IS NOT NULL AND NOT EXISTS (SELECT FROM parked WHERE key = 'round' AND decided_at IS NULL)
ORDER BY due_at LIMIT 1;

-- name: waiting_for_room
SELECT count(*)::float8 FROM need WHERE status = 'waiting' AND reason = 'no_room';

-- name: need_by_id
SELECT body FROM need WHERE id = $1;

-- name: last_decision
SELECT type, body FROM event_log WHERE owner = ANY($1::text[]) AND type = ANY($2::text[])
    AND body::jsonb ->> 'need' = $3 ORDER BY seq DESC LIMIT 1;
