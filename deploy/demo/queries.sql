-- name: set_clock
INSERT INTO platform.clock (singleton, now) VALUES (true, $1) ON CONFLICT (singleton) DO UPDATE SET now = excluded.now;

-- name: ring
SELECT pg_notify('yuqiao_clock', $1);

-- name: at_work
SELECT pg_current_snapshot()::text AS snapshot,
    (SELECT count(*) FROM intake.unsent) + (SELECT count(*) FROM matching.unsent)
        + (SELECT count(*) FROM notification.unsent) + (SELECT count(*) FROM feedback.unsent)
        + (SELECT count(*) FROM notification.aside) AS unsent;

-- name: snapshot
SELECT pg_current_snapshot()::text;

-- name: positions
SELECT 'intake' AS service, topic, partition, next FROM intake.position
UNION ALL SELECT 'matching', topic, partition, next FROM matching.position
UNION ALL SELECT 'notification', topic, partition, next FROM notification.position
UNION ALL SELECT 'feedback', topic, partition, next FROM feedback.position;

-- name: day
SELECT f.answered, f.overdue, f.offered_on, c.imported, c.resolved, c.imported - c.resolved AS open
FROM (
    SELECT count(*) FILTER (WHERE type IN ('offer.accepted', 'offer.declined')) AS answered,
        count(*) FILTER (WHERE type = 'offer.expired') AS overdue,
        count(*) FILTER (WHERE type = 'reoffer.requested') AS offered_on
    FROM feedback.event_log
) AS f, (
    SELECT count(*) AS imported, count(outcome) AS resolved FROM feedback."case"
) AS c;

-- name: pushed_per_bank
SELECT bank, count(*) AS count FROM notification.offer GROUP BY bank ORDER BY bank;

-- name: funnel
SELECT reached, outcome, count(*) AS count, sum(amount_cny)::text AS amount_cny, sum(outcome_cny)::text AS outcome_cny
FROM feedback."case" GROUP BY reached, outcome;

-- name: no_bank
SELECT coalesce(first -> 'values' ->> 'reason', first ->> 'code') AS code, count(*) AS count, min(first ->> 'text') AS text
FROM (
    SELECT body::jsonb -> 'reasons' -> 0 AS first FROM feedback.event_log
    WHERE type = 'case.resolved' AND body::jsonb ->> 'outcome' = 'no_bank'
) AS resolved GROUP BY 1 ORDER BY 2 DESC, 1;

-- name: banks
WITH pushed AS (
    SELECT body::jsonb ->> 'offer' AS offer, body::jsonb ->> 'bank' AS bank, at FROM notification.event_log WHERE type = 'offer.pushed'
), steps AS (
    SELECT body::jsonb ->> 'offer' AS offer,
        CASE WHEN type = 'case.advanced' THEN body::jsonb ->> 'stage' ELSE split_part(type, '.', 2) END AS stage, at,
        CASE WHEN type = 'case.advanced' AND body::jsonb ->> 'stage' = 'disbursed' THEN (body::jsonb ->> 'amount_cny')::numeric END AS lent
    FROM feedback.event_log WHERE type IN ('offer.accepted', 'offer.declined', 'offer.expired', 'case.advanced')
)
SELECT p.bank, count(DISTINCT p.offer) AS pushed,
    count(*) FILTER (WHERE s.stage = 'accepted') AS accepted,
    count(*) FILTER (WHERE s.stage = 'declined') AS declined,
    count(*) FILTER (WHERE s.stage = 'expired') AS expired,
    count(*) FILTER (WHERE s.stage = 'contacted') AS contacted,
    count(*) FILTER (WHERE s.stage = 'approved') AS approved,
    count(*) FILTER (WHERE s.stage = 'disbursed') AS disbursed,
    coalesce(sum(s.lent), 0)::text AS lent_cny
FROM pushed AS p LEFT JOIN steps AS s ON s.offer = p.offer GROUP BY p.bank ORDER BY p.bank;

-- name: stage_times
WITH steps AS (
    SELECT body::jsonb ->> 'offer' AS offer,
        CASE WHEN type = 'offer.accepted' THEN 'accepted' ELSE body::jsonb ->> 'stage' END AS stage, min(at) AS at
    FROM feedback.event_log WHERE type IN ('offer.accepted', 'case.advanced', 'feedback.offer_noted') AND body::jsonb ->> 'offer' IS NOT NULL GROUP BY 1, 2
), pairs (earlier, later) AS (
    VALUES ('offered', 'accepted'), ('accepted', 'disclosed'), ('disclosed', 'contacted'), ('contacted', 'documents_complete'),
        ('documents_complete', 'approved'), ('approved', 'disbursed')
)
SELECT earlier, later, count(*) AS count,
    round((percentile_cont(0.5) WITHIN GROUP (ORDER BY extract(epoch FROM b.at - a.at)) / 3600)::numeric, 1)::float8 AS median_hours,
    round((percentile_cont(0.9) WITHIN GROUP (ORDER BY extract(epoch FROM b.at - a.at)) / 3600)::numeric, 1)::float8 AS p90_hours
FROM pairs JOIN steps AS a ON a.stage = earlier JOIN steps AS b ON b.stage = later AND b.offer = a.offer
GROUP BY earlier, later ORDER BY min(array_position(ARRAY['offered', 'accepted', 'disclosed', 'contacted', 'documents_complete', 'approved'], earlier));

-- name: daily
SELECT (at AT TIME ZONE 'Asia/Shanghai')::date AS day, count(*) FILTER (WHERE type = 'offer.accepted') AS accepted,
    count(*) FILTER (WHERE type = 'offer.declined') AS declined, count(*) FILTER (WHERE type = 'offer.expired') AS expired,
    count(*) FILTER (WHERE type = 'case.resolved') AS resolved
FROM feedback.event_log GROUP BY 1 ORDER BY 1;

-- name: history
SELECT 'intake' AS service, topic, key, type, at, body, seq FROM intake.event_log WHERE topic IS NOT NULL
UNION ALL SELECT 'matching', topic, key, type, at, body, seq FROM matching.event_log WHERE topic IS NOT NULL
UNION ALL SELECT 'notification', topic, key, type, at, body, seq FROM notification.event_log WHERE topic IS NOT NULL
UNION ALL SELECT 'feedback', topic, key, type, at, body, seq FROM feedback.event_log WHERE topic IS NOT NULL
ORDER BY 1, 2, 3, 7;

-- name: products
SELECT count(*) FROM matching.product;
