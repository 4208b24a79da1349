-- A total counts every offer of a product, whether it had a total quota by then or not: quotas say how many there were.
INSERT INTO total (id, body)
SELECT product, jsonb_build_object('used', sum((body ->> 'used')::bigint))
FROM (SELECT substr(id, length('2022-12-28/') + 1) AS product, body FROM quota) AS used
WHERE product LIKE '%/%' GROUP BY product
ON CONFLICT (id) DO UPDATE SET body = excluded.body;
