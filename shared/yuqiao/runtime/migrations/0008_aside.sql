-- A bank's topic that takes nothing must not keep the others waiting: what is for it waits aside, `aside` names the topic.
ALTER TABLE unsent ADD COLUMN aside text;

-- As before, but for: what waits aside is nobody's to publish first.
CREATE OR REPLACE FUNCTION draw_numbers(
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
    SELECT EXISTS (SELECT FROM unsent WHERE unsent.writer <> process AND unsent.aside IS NULL) INTO others_unsent;
END $$;
