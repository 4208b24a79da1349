-- Append to the log in one exchange: each key's next numbers (`names` in order, of which `counts` are taken), the rows, what of them is
-- unsent. `places` says which name an event has its number from, `nths` which of those taken; a note has none, and 0 for both. The rows
-- of an `unnest` are inserted in their order, so the log's numbers come back in the order of the events. Whether others have something
-- unsent is asked last: the numbers may have waited for somebody who took the same key's.
-- `draw_numbers` stays for a process of the release before, which may still run.
CREATE FUNCTION append_events(
    process text, names bytea[], counts bigint[], places int[], nths bigint[], ids uuid[], types text[], owners text[], topics text[],
    keys text[], ats timestamptz[], causes text[], bodies text[], OUT seqs bigint[], OUT sequences bigint[], OUT others_unsent boolean
) LANGUAGE plpgsql AS $$
DECLARE
    lasts bigint[];
BEGIN
    WITH taken AS (
        INSERT INTO sequence AS s (name, last) SELECT n.name, n.count FROM unnest(names, counts) AS n (name, count) ORDER BY n.name
        ON CONFLICT (name) DO UPDATE SET last = s.last + excluded.last
        RETURNING s.name, s.last
    )
    SELECT array_agg(taken.last ORDER BY taken.name) INTO lasts FROM taken;
    WITH logged AS (
        INSERT INTO event_log AS e (id, type, owner, topic, key, sequence, at, cause, body)
        SELECT n.id, n.type, n.owner, n.topic, n.key,
            CASE WHEN n.topic IS NULL THEN 0 ELSE lasts[n.place] - counts[n.place] + n.nth END, n.at, n.cause, n.body
        FROM unnest(places, nths, ids, types, owners, topics, keys, ats, causes, bodies)
            AS n (place, nth, id, type, owner, topic, key, at, cause, body)
        RETURNING e.seq, e.sequence, e.topic
    ), waiting AS (
        INSERT INTO unsent (seq, writer, seqs)
        SELECT min(l.seq), process, array_agg(l.seq ORDER BY l.seq) FROM logged AS l WHERE l.topic IS NOT NULL HAVING count(*) > 0
    )
    SELECT array_agg(l.seq ORDER BY l.seq), array_agg(l.sequence ORDER BY l.seq) INTO seqs, sequences FROM logged AS l;
    SELECT EXISTS (SELECT FROM unsent WHERE unsent.writer <> process) INTO others_unsent;
END $$;
