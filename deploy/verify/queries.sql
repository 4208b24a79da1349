-- name: logs
SELECT 'intake' AS service, seq, id::text AS id, type, topic, key, sequence, at, cause, body FROM intake.event_log
UNION ALL SELECT 'matching', seq, id::text AS id, type, topic, key, sequence, at, cause, body FROM matching.event_log
UNION ALL SELECT 'notification', seq, id::text AS id, type, topic, key, sequence, at, cause, body FROM notification.event_log
UNION ALL SELECT 'feedback', seq, id::text AS id, type, topic, key, sequence, at, cause, body FROM feedback.event_log
ORDER BY 1, 2;

-- name: positions
SELECT 'intake' AS service, topic, partition, next FROM intake.position
UNION ALL SELECT 'matching', topic, partition, next FROM matching.position
UNION ALL SELECT 'notification', topic, partition, next FROM notification.position
UNION ALL SELECT 'feedback', topic, partition, next FROM feedback.position;

-- name: queues
SELECT s.service || ' unsent' AS queue, coalesce(s.count, 0) AS count FROM (
    SELECT 'intake' AS service, sum(cardinality(seqs)) AS count FROM intake.unsent
    UNION ALL SELECT 'matching', sum(cardinality(seqs)) FROM matching.unsent
    UNION ALL SELECT 'notification', sum(cardinality(seqs)) FROM notification.unsent
    UNION ALL SELECT 'feedback', sum(cardinality(seqs)) FROM feedback.unsent) AS s
UNION ALL SELECT 'notification aside', count(*) FROM notification.aside
UNION ALL SELECT 'intake parked', count(*) FROM intake.parked WHERE decided_at IS NULL
UNION ALL SELECT 'matching parked', count(*) FROM matching.parked WHERE decided_at IS NULL
UNION ALL SELECT 'notification parked', count(*) FROM notification.parked WHERE decided_at IS NULL
UNION ALL SELECT 'feedback parked', count(*) FROM feedback.parked WHERE decided_at IS NULL
UNION ALL SELECT 'intake held', count(*) FROM intake.held WHERE released_at IS NULL
UNION ALL SELECT 'matching held', count(*) FROM matching.held WHERE released_at IS NULL
UNION ALL SELECT 'notification held', count(*) FROM notification.held WHERE released_at IS NULL
UNION ALL SELECT 'feedback held', count(*) FROM feedback.held WHERE released_at IS NULL;

-- name: event_counts
SELECT 'intake' AS service, type, count(*) AS count FROM intake.event_log GROUP BY type
UNION ALL SELECT 'matching', type, count(*) FROM matching.event_log GROUP BY type
UNION ALL SELECT 'notification', type, count(*) FROM notification.event_log GROUP BY type
UNION ALL SELECT 'feedback', type, count(*) FROM feedback.event_log GROUP BY type;
