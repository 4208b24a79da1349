-- name: last_of_feedback
SELECT coalesce(max(seq), 0) FROM feedback.event_log;

-- name: answered_since
SELECT count(*) FILTER (WHERE type = 'offer.accepted') AS answered, coalesce(max(seq), $1) AS last
FROM feedback.event_log WHERE seq > $1;

-- name: counts
SELECT
    (SELECT count(*) FROM intake.event_log WHERE type = 'need.registered') AS created,
    (SELECT count(*) FROM matching.event_log WHERE type = 'need.matched') AS matched,
    (SELECT count(*) FROM notification.event_log WHERE type = 'offer.pushed') AS pushed,
    (SELECT count(*) FROM feedback.event_log WHERE type = 'offer.accepted') AS answered;

-- name: published
SELECT (SELECT count(*) FROM intake.event_log WHERE topic IS NOT NULL) + (SELECT count(*) FROM matching.event_log WHERE topic IS NOT NULL)
    + (SELECT count(*) FROM notification.event_log WHERE topic IS NOT NULL) + (SELECT count(*) FROM feedback.event_log WHERE topic IS NOT NULL);

-- name: mean_size
SELECT avg(length(body))::int FROM (
    SELECT body FROM intake.event_log WHERE topic IS NOT NULL UNION ALL SELECT body FROM matching.event_log WHERE topic IS NOT NULL
    UNION ALL SELECT body FROM notification.event_log WHERE topic IS NOT NULL
    UNION ALL SELECT body FROM feedback.event_log WHERE topic IS NOT NULL) AS published;

-- name: commits
SELECT o ->> 'offer' AS offer, extract(epoch FROM r.committed_at)::float8 AS committed
FROM matching.event_log AS m
CROSS JOIN LATERAL jsonb_array_elements(m.body::jsonb -> 'offers') AS o
JOIN intake.event_log AS r ON r.type = 'need.registered' AND r.body::jsonb ->> 'need' = m.body::jsonb ->> 'need'
WHERE m.type = 'need.matched' AND m.committed_at >= $1;

-- name: rush
SELECT
    (SELECT count(*) FROM matching.event_log AS m CROSS JOIN LATERAL jsonb_array_elements(m.body::jsonb -> 'offers') AS o
     WHERE m.type = 'need.matched' AND o ->> 'product' = $1) AS offered,
    (SELECT count(*) FROM matching.event_log WHERE type = 'need.waiting' AND body::jsonb ->> 'reason' = 'no_room') AS waiting;
