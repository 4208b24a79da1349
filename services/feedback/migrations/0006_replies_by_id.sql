-- A reply is asked for by the id that its bank gave it: that stands for one reply, whatever need it speaks of, and for one type.
ALTER TABLE reply DROP COLUMN enterprise;
UPDATE reply SET body = (reply.body::jsonb || jsonb_build_object('type', judged.type))::json
FROM (
    SELECT DISTINCT ON (id) id, type FROM (
        SELECT seq, body::jsonb ->> 'bank' || '/' || (body::jsonb ->> 'reply') AS id, body::jsonb ->> 'reply_type' AS type
        FROM event_log WHERE type IN ('reply.applied', 'reply.refused') AND body::jsonb ? 'enterprise' AND body::jsonb ? 'digest'
    ) AS answers ORDER BY id, seq
) AS judged WHERE judged.id = reply.id;
