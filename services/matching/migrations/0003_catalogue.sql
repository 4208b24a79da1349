-- The catalogue has a version, which whoever changes it counts up while holding its row: a process reads what changed since.
CREATE TABLE catalogue (singleton boolean PRIMARY KEY DEFAULT true CHECK (singleton), version bigint NOT NULL);
INSERT INTO catalogue (version) VALUES (1);
ALTER TABLE product ADD COLUMN changed bigint NOT NULL DEFAULT 1, ADD COLUMN withdrawn boolean NOT NULL DEFAULT false;
ALTER TABLE bank ADD COLUMN changed bigint NOT NULL DEFAULT 1;
CREATE INDEX product_changed ON product (changed);

-- What the banks' answers taught, by bank.
CREATE TABLE learnt (id text PRIMARY KEY, body jsonb NOT NULL);
