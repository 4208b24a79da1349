-- The catalogue has a version, which whoever changes it counts up while holding its row: a process reads what changed since.
CREATE TABLE catalogue (singleton boolean PRIMARY KEY DEFAULT true CHECK (singleton), version bigint NOT NULL);
INSERT INTO catalogue (version) VALUES (1);
ALTER TABLE product ADD COLUMN changed bigint NOT NULL DEFAULT 1, ADD COLUMN withdrawn boolean NOT NULL DEFAULT false;
ALTER TABLE bank ADD COLUMN changed bigint NOT NULL DEFAULT 1;
CREATE INDEX product_changed ON product (changed);

-- Who waits for room is tried again when a product or a bank's quota comes.
ALTER TABLE need ADD COLUMN since timestamptz;
DROP INDEX need_waiting;
CREATE INDEX need_waiting ON need (retry_on, since) WHERE status = 'waiting';
CREATE INDEX event_log_room ON event_log (at) WHERE type IN ('matching.product_taken', 'matching.bank_noted');

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

UPDATE need SET since = waiting.at, body = need.body || jsonb_build_object('since', waiting.text)
FROM (
    SELECT DISTINCT ON (need) body::jsonb ->> 'need' AS need, at, body::jsonb ->> 'at' AS text
    FROM event_log WHERE type = 'need.waiting' ORDER BY need, seq DESC
) AS waiting WHERE waiting.need = need.id AND need.status = 'waiting';
