-- name: set_clock
INSERT INTO platform.clock (singleton, now) VALUES (true, $1) ON CONFLICT (singleton) DO UPDATE SET now = excluded.now;

-- name: ring
SELECT pg_notify('yuqiao_clock', $1);

-- name: unsent
SELECT (SELECT count(*) FROM intake.event_log WHERE sent_at IS NULL AND topic IS NOT NULL)
    + (SELECT count(*) FROM matching.event_log WHERE sent_at IS NULL AND topic IS NOT NULL)
    + (SELECT count(*) FROM notification.event_log WHERE sent_at IS NULL AND topic IS NOT NULL)
    + (SELECT count(*) FROM feedback.event_log WHERE sent_at IS NULL AND topic IS NOT NULL);

-- name: positions
SELECT 'intake' AS service, topic, partition, next FROM intake.position
UNION ALL SELECT 'matching', topic, partition, next FROM matching.position
UNION ALL SELECT 'notification', topic, partition, next FROM notification.position
UNION ALL SELECT 'feedback', topic, partition, next FROM feedback.position;
