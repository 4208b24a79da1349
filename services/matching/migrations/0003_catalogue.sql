-- The catalogue has a version, which whoever changes it counts up while holding its row: a process reads what changed since.
CREATE TABLE catalogue (singleton boolean PRIMARY KEY DEFAULT true CHECK (singleton), version bigint NOT NULL);
INSERT INTO catalogue (version) VALUES (1);
ALTER TABLE product ADD COLUMN changed bigint NOT NULL DEFAULT 1, ADD COLUMN withdrawn boolean NOT NULL DEFAULT false;
ALTER TABLE bank ADD COLUMN changed bigint NOT NULL DEFAULT 1;
CREATE INDEX product_changed ON product (changed);

-- What the banks' answers taught, by bank.
CREATE TABLE learnt (id text PRIMARY KEY, body jsonb NOT NULL);

-- What the history says already: how many offers of a product were ever made, and when each bank was chosen for a need.
INSERT INTO quota (id, day, body)
SELECT '9999-12-31/' || product, 'infinity', jsonb_build_object('day', '9999-12-31', 'used', count(*))
FROM (
    SELECT offer ->> 'bank' || '/' || (offer ->> 'product') AS product
    FROM event_log, jsonb_array_elements(body::jsonb -> 'offers') AS offer WHERE type = 'need.matched'
) AS offered GROUP BY product;

UPDATE need SET body = need.body || jsonb_build_object('asked_at', asked.at)
FROM (
    SELECT need, jsonb_object_agg(bank, at ORDER BY seq) AS at
    FROM (
        SELECT seq, body::jsonb ->> 'need' AS need, body::jsonb -> 'at' AS at, offer ->> 'bank' AS bank
        FROM event_log, jsonb_array_elements(body::jsonb -> 'offers') AS offer WHERE type = 'need.matched'
    ) AS offered GROUP BY need
) AS asked WHERE asked.need = need.id;
