-- What was counted on days that no holiday notice covered yet is counted again when one does.
ALTER TABLE deadline ADD COLUMN provisional boolean NOT NULL DEFAULT false;
CREATE INDEX deadline_provisional ON deadline (due_at) WHERE provisional;
