-- name: load
SELECT 'banks' AS shelf, id, body FROM bank
UNION ALL SELECT 'offers', id, body FROM offer WHERE enterprise = ANY($1::text[])
UNION ALL SELECT 'voids', id, body FROM void WHERE enterprise = ANY($1::text[]);

-- name: load_banks
SELECT id, body FROM bank ORDER BY id;

-- name: all_offers
SELECT id, body FROM offer;

-- name: all_voids
SELECT id, body FROM void;

-- name: save_banks
INSERT INTO bank (id, body) SELECT * FROM unnest($1::text[], $2::json[])
ON CONFLICT (id) DO UPDATE SET body = excluded.body;

-- name: save_offers
INSERT INTO offer (id, enterprise, bank, open, body)
SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::bool[], $5::json[])
ON CONFLICT (id) DO UPDATE SET open = excluded.open, body = excluded.body;

-- name: save_voids
INSERT INTO void (id, enterprise, body) SELECT * FROM unnest($1::text[], $2::text[], $3::json[])
ON CONFLICT (id) DO UPDATE SET body = excluded.body;

-- name: register
SELECT bank.body, count(offer.id) FILTER (WHERE offer.open) AS open, count(offer.id) AS total
FROM bank LEFT JOIN offer ON offer.bank = bank.id AND offer.body ->> 'lender' IS NULL GROUP BY bank.id ORDER BY bank.id;
