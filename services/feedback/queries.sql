-- name: load
SELECT 'cases' AS shelf, id, body FROM "case" WHERE enterprise = ANY($1::text[])
UNION ALL SELECT 'issues', id, body FROM issue WHERE enterprise = ANY($1::text[])
UNION ALL SELECT 'replies', id, body FROM reply WHERE id = ANY($2::text[]);

-- name: locate
SELECT subject, key FROM subject WHERE subject = ANY($1::text[]);

-- name: all_cases
SELECT id, body FROM "case";

-- name: all_issues
SELECT id, body FROM issue;

-- name: all_replies
SELECT id, body FROM reply;

-- name: all_words
SELECT id, body FROM words;

-- name: save_cases_and_replies
WITH cases AS (
    INSERT INTO "case" (id, enterprise, stage, reached, outcome, amount_cny, outcome_cny, body)
    SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::numeric[], $7::numeric[], $8::json[])
    ON CONFLICT (id) DO UPDATE SET stage = excluded.stage, reached = excluded.reached, outcome = excluded.outcome,
        outcome_cny = excluded.outcome_cny, body = excluded.body
)
INSERT INTO reply (id, body) SELECT * FROM unnest($9::text[], $10::json[])
ON CONFLICT (id) DO NOTHING;

-- name: change_deadlines
WITH gone AS (
    DELETE FROM deadline AS d USING unnest($1::text[], $2::text[], $3::text[]) AS g (of, kind, ref)
    WHERE d.of = g.of AND d.kind = g.kind AND d.ref = g.ref
)
INSERT INTO deadline (of, kind, ref, key, need, lim, party, due_at, bank, provisional)
SELECT * FROM unnest($4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[], $10::text[], $11::timestamptz[],
    $12::text[], $13::bool[])
ON CONFLICT (of, kind, ref) DO UPDATE SET lim = excluded.lim, party = excluded.party, due_at = excluded.due_at,
    provisional = excluded.provisional;

-- name: save_issues
INSERT INTO issue (id, enterprise, need, open, body)
SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::bool[], $5::json[])
ON CONFLICT (id) DO UPDATE SET open = excluded.open, body = excluded.body;

-- name: save_words
INSERT INTO words (id, enterprise, body) SELECT * FROM unnest($1::text[], $2::text[], $3::json[])
ON CONFLICT (id) DO NOTHING;

-- name: due
SELECT key, kind, need, ref, lim, due_at, bank, again FROM (
    SELECT *, false AS again FROM deadline WHERE due_at <= $1
    UNION ALL SELECT *, true FROM deadline WHERE provisional AND due_at <= $2
) AS d
WHERE NOT EXISTS (SELECT FROM parked AS p WHERE p.key = d.key AND p.decided_at IS NULL)
    AND (d.again OR d.bank IS NULL OR d.bank <> ALL($4::text[]))
ORDER BY due_at, again DESC, of, kind, ref LIMIT $3;

-- name: case_by_id
SELECT body FROM "case" WHERE id = $1;

-- name: timeline
SELECT type, at, body FROM event_log
WHERE owner = $1 AND body::jsonb ->> 'need' = $2
    AND (topic IS NOT NULL OR type IN ('feedback.lender_noted', 'feedback.offer_noted', 'feedback.task_done',
        'feedback.task_not_done', 'feedback.wait_recounted', 'feedback.words_kept'))
ORDER BY seq;

-- name: list_cases
SELECT c.id, c.stage, d.party AS waiting_on, d.due_at, c.amount_cny::text AS amount_cny
FROM "case" AS c LEFT JOIN LATERAL (
    SELECT party, due_at FROM deadline
    WHERE of = c.id AND ($1::text = party OR ($1 IS NULL AND kind <> 'task')) ORDER BY due_at LIMIT 1) AS d ON true
WHERE c.outcome IS NULL AND ($1 IS NULL OR d.party IS NOT NULL) AND ($2::timestamptz IS NULL OR d.due_at <= $2)
ORDER BY d.due_at NULLS LAST, c.id LIMIT $3;

-- name: list_issues
SELECT i.body, w.id AS place, w.body ->> 'sealed' AS sealed
FROM (SELECT id, body FROM issue WHERE open ORDER BY body ->> 'raised_at', id LIMIT $1) AS i
LEFT JOIN words AS w ON w.body ->> 'issue' = i.id ORDER BY i.body ->> 'raised_at', i.id;

-- name: issue_by_id
SELECT body FROM issue WHERE id = $1;

-- name: funnel
SELECT reached, outcome, count(*) AS count, sum(amount_cny)::text AS amount_cny, sum(outcome_cny)::text AS outcome_cny
FROM "case" GROUP BY reached, outcome;
