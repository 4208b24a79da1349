-- What an enterprise said of a bank's reports stands with the bank's part: the last word on each, in the order in which they came.
WITH last AS (
    SELECT DISTINCT ON (body ->> 'offer', body ->> 'statement') seq, type, body
    FROM (SELECT seq, type, body::jsonb AS body FROM event_log WHERE type IN ('enterprise.confirmed', 'enterprise.disputed')) AS words
    ORDER BY body ->> 'offer', body ->> 'statement', seq DESC
), said AS (
    SELECT body ->> 'offer' AS offer, jsonb_agg(jsonb_build_object('statement', body -> 'statement',
        'agreed', type = 'enterprise.confirmed', 'at', body -> 'at') ORDER BY seq) AS words
    FROM last GROUP BY body ->> 'offer'
)
UPDATE progress AS p SET body = jsonb_set(p.body::jsonb, '{offers}', (
    SELECT jsonb_agg(o.part || jsonb_strip_nulls(jsonb_build_object('words', s.words)) ORDER BY o.place)
    FROM jsonb_array_elements(p.body::jsonb -> 'offers') WITH ORDINALITY AS o (part, place)
    LEFT JOIN said AS s ON s.offer = o.part ->> 'offer'
))::json
WHERE p.id IN (SELECT body ->> 'need' FROM last);
