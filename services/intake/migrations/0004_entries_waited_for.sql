-- What waits for a bank is due when the bank is there with an entry that it has not been tried with. `names`: what stands for the
-- bank where something waits for it; a bank that is there already gets them with its next entry.
ALTER TABLE bank
    ADD COLUMN enabled boolean NOT NULL DEFAULT true,
    ADD COLUMN entry int NOT NULL DEFAULT 1,
    ADD COLUMN names text[] NOT NULL DEFAULT '{}';
ALTER TABLE pending ADD COLUMN seen int;
UPDATE pending SET seen = 0, body = (body::jsonb || '{"seen": 0}')::json
WHERE body ->> 'reason' IN ('lender_awaited', 'bank_key_missing');
DROP INDEX pending_bank;
CREATE INDEX pending_bank ON pending (bank, seen);
