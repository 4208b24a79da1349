-- What belongs together is asked in one exchange. Each statement of a function sees what was committed until it began: what stands
-- after a lock, or after the wait for a row, is of the time after that wait.

-- Lock keys, move positions, make claims, and say which keys have parked messages. Who moves fewer than he gave must roll back.
CREATE FUNCTION begin_batch(
    locks bigint[], topics text[], partitions int[], expected bigint[], following bigint[], names bytea[], digests bytea[], keys text[],
    OUT moved bigint, OUT claimed bytea[], OUT parked_keys text[], OUT replaying boolean[]
) LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock_shared(hashtext(current_schema() || '.keys'));
    PERFORM pg_advisory_xact_lock(k.lock) FROM unnest(locks) AS k (lock);
    UPDATE position AS p SET next = m.following
    FROM unnest(topics, partitions, expected, following) AS m (topic, partition, expected, following)
    WHERE p.topic = m.topic AND p.partition = m.partition AND p.next = m.expected;
    GET DIAGNOSTICS moved = ROW_COUNT;
    WITH made AS (
        INSERT INTO inbox (name, digest) SELECT c.name, c.digest FROM unnest(names, digests) AS c (name, digest)
        ON CONFLICT DO NOTHING
        RETURNING inbox.name
    )
    SELECT array_agg(made.name) INTO claimed FROM made;
    SELECT array_agg(p.key), array_agg(p.asked) INTO parked_keys, replaying FROM (
        SELECT parked.key, bool_and(parked.asked = 'replay') IS TRUE AS asked
        FROM parked WHERE parked.decided_at IS NULL AND parked.key = ANY(keys) GROUP BY parked.key
    ) AS p;
END $$;

-- Numbers for events: the last of each key's (`names` in order), one of the log's for each; what is `published` is unsent by `process`.
-- Whether others have something unsent is asked last: the numbers may have waited for somebody who took the same key's.
CREATE FUNCTION draw_numbers(
    names bytea[], counts bigint[], published boolean[], process text, OUT lasts bigint[], OUT seqs bigint[], OUT others_unsent boolean
) LANGUAGE plpgsql AS $$
BEGIN
    WITH taken AS (
        INSERT INTO sequence AS s (name, last) SELECT n.name, n.count FROM unnest(names, counts) AS n (name, count) ORDER BY n.name
        ON CONFLICT (name) DO UPDATE SET last = s.last + excluded.last
        RETURNING s.name, s.last
    )
    SELECT array_agg(taken.last ORDER BY taken.name) INTO lasts FROM taken;
    WITH drawn AS (
        SELECT nextval('event_log_seq_seq') AS seq, row.published FROM unnest(draw_numbers.published) AS row (published)
    ), waiting AS (
        INSERT INTO unsent (seq, writer, seqs)
        SELECT min(d.seq), process, array_agg(d.seq ORDER BY d.seq) FROM drawn AS d WHERE d.published HAVING count(*) > 0
    )
    SELECT array_agg(d.seq ORDER BY d.seq) INTO seqs FROM drawn AS d;
    SELECT EXISTS (SELECT FROM unsent WHERE unsent.writer <> process) INTO others_unsent;
END $$;

-- Make subjects known, and give what was held for them. Nobody holds anything for them from now until the commit.
CREATE FUNCTION introduce(subjects text[], keys text[]) RETURNS SETOF held LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock_shared(hashtext(current_schema() || '.subject'));
    INSERT INTO subject (subject, key) SELECT g.subject, g.key FROM unnest(subjects, keys) AS g (subject, key) ON CONFLICT DO NOTHING;
    RETURN QUERY SELECT h.* FROM held AS h WHERE h.released_at IS NULL AND h.subject = ANY(subjects) ORDER BY h.id;
END $$;
