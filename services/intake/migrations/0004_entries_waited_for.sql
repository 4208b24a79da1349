-- What waits for a bank is due when the bank is there with an entry that it has not been tried with. `names`: what stands for the
-- bank where something waits for it; for a bank's name it is known with the next entry only, which is what is waited for.
ALTER TABLE bank
    ADD COLUMN enabled boolean NOT NULL DEFAULT true,
    ADD COLUMN entry int NOT NULL DEFAULT 1,
    ADD COLUMN names text[] NOT NULL DEFAULT '{}';
UPDATE bank SET enabled = coalesce((body ->> 'enabled')::boolean, true), names = ARRAY[id];
UPDATE bank AS b SET entry = noted.entry, body = (b.body::jsonb || jsonb_build_object('entry', noted.entry))::json
FROM (SELECT owner, count(*) AS entry FROM event_log WHERE type = 'intake.bank_noted' GROUP BY owner) AS noted
WHERE noted.owner = b.id;
ALTER TABLE pending ADD COLUMN seen int;
UPDATE pending SET seen = 0, body = (body::jsonb || '{"seen": 0}')::json
WHERE body ->> 'reason' IN ('lender_awaited', 'bank_key_missing');
DROP INDEX pending_bank;
CREATE INDEX pending_bank ON pending (bank, seen);
