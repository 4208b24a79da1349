-- A reply is asked for by the id that its bank gave it: that stands for one reply, whatever need it speaks of, and for one type.
-- What is kept is the first verdict, as the log has it: an id that was used for two enterprises had left the second.
ALTER TABLE reply DROP COLUMN enterprise;
UPDATE reply SET body = judged.body
FROM (
    SELECT DISTINCT ON (id) id, json_build_object('type', body -> 'reply_type', 'digest', body -> 'digest',
        'applied', type = 'reply.applied', 'reasons', coalesce(body -> 'reasons', '[]')) AS body
    FROM (
        SELECT seq, type, body::jsonb AS body, body::jsonb ->> 'bank' || '/' || (body::jsonb ->> 'reply') AS id
        FROM event_log WHERE type IN ('reply.applied', 'reply.refused')
    ) AS answers WHERE body ? 'enterprise' AND body ? 'digest' ORDER BY id, seq
) AS judged WHERE judged.id = reply.id;
