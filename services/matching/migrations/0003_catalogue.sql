-- The catalogue has a version, which whoever changes it counts up while holding its row: a process reads what changed since.
CREATE TABLE catalogue (singleton boolean PRIMARY KEY DEFAULT true CHECK (singleton), version bigint NOT NULL);
INSERT INTO catalogue (version) VALUES (1);
ALTER TABLE product ADD COLUMN changed bigint NOT NULL DEFAULT 1, ADD COLUMN withdrawn boolean NOT NULL DEFAULT false;
ALTER TABLE bank ADD COLUMN changed bigint NOT NULL DEFAULT 1;
CREATE INDEX product_changed ON product (changed);

-- Offers of a product since it has a total quota.
CREATE TABLE total (id text PRIMARY KEY, body jsonb NOT NULL);

-- Rounds out of turn, for those who wait for room: asked for when room came, and held.
CREATE TABLE round (id text PRIMARY KEY, asked bigint NOT NULL, asked_at timestamptz NOT NULL, held bigint NOT NULL, body jsonb NOT NULL);

-- What the banks' answers taught, by bank.
CREATE TABLE learnt (id text PRIMARY KEY, body jsonb NOT NULL);

-- What the history says already: when each bank was chosen for a need.
UPDATE need SET body = need.body || jsonb_build_object('asked_at', asked.at)
FROM (
    SELECT need, jsonb_object_agg(bank, at ORDER BY seq) AS at
    FROM (
        SELECT seq, body::jsonb ->> 'need' AS need, body::jsonb -> 'at' AS at, offer ->> 'bank' AS bank
        FROM event_log, jsonb_array_elements(body::jsonb -> 'offers') AS offer WHERE type = 'need.matched'
    ) AS offered GROUP BY need
) AS asked WHERE asked.need = need.id;
