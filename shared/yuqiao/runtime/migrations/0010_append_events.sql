-- Append to the log in one exchange: each key's next numbers (`names` in order, of which `counts` are taken), the rows, what of them is
-- unsent. `places` says which name an event has its number from, `nths` which of those taken; both are 0 for a note, which has none.
-- Whether others have something unsent is asked last: the numbers may have waited for somebody who took the same key's.
CREATE FUNCTION append_events(
    process text, names bytea[], counts bigint[], places int[], nths bigint[], ids uuid[], types text[], owners text[], topics text[],
    keys text[], ats timestamptz[], causes text[], bodies text[], OUT lasts bigint[], OUT seqs bigint[], OUT others_unsent boolean
) LANGUAGE plpgsql AS $$
BEGIN
    WITH taken AS (
        INSERT INTO sequence AS s (name, last) SELECT n.name, n.count FROM unnest(names, counts) AS n (name, count) ORDER BY n.name
        ON CONFLICT (name) DO UPDATE SET last = s.last + excluded.last
        RETURNING s.name, s.last
    )
    SELECT array_agg(taken.last ORDER BY taken.name) INTO lasts FROM taken;
    WITH logged AS (
        INSERT INTO event_log AS e (id, type, owner, topic, key, sequence, at, cause, body)
        SELECT n.id, n.type, n.owner, n.topic, n.key, coalesce(lasts[n.place] - counts[n.place] + n.nth, 0), n.at, n.cause, n.body
        FROM unnest(places, nths, ids, types, owners, topics, keys, ats, causes, bodies)
            AS n (place, nth, id, type, owner, topic, key, at, cause, body)
        RETURNING e.seq, e.topic IS NOT NULL AS published
    ), waiting AS (
        INSERT INTO unsent (seq, writer, seqs)
        SELECT min(l.seq), process, array_agg(l.seq ORDER BY l.seq) FROM logged AS l WHERE l.published HAVING count(*) > 0
    )
    SELECT array_agg(l.seq ORDER BY l.seq) INTO seqs FROM logged AS l;
    SELECT EXISTS (SELECT FROM unsent WHERE unsent.writer <> process) INTO others_unsent;
END $$;
DROP FUNCTION draw_numbers;
