-- What no broker has acknowledged yet: a row for each committed batch, instead of one for each event.
CREATE TABLE unsent_batch (
    seq bigint PRIMARY KEY,
    writer text NOT NULL,
    seqs bigint[] NOT NULL
);
INSERT INTO unsent_batch (seq, writer, seqs) SELECT seq, writer, ARRAY[seq] FROM unsent;
DROP TABLE unsent;
ALTER TABLE unsent_batch RENAME TO unsent;
ALTER INDEX unsent_batch_pkey RENAME TO unsent_pkey;

-- What is only ever compared need not be readable: claims and sequences go by hashes of 16 bytes.
CREATE TABLE claim (
    name bytea PRIMARY KEY,
    digest bytea NOT NULL,
    claimed_at timestamptz NOT NULL DEFAULT now()
);
INSERT INTO claim (name, digest, claimed_at)
SELECT substr(sha256(convert_to(stream || ' ' || id, 'UTF8')), 1, 16), substr(decode(digest, 'hex'), 1, 16), claimed_at FROM inbox;
DROP TABLE inbox;
ALTER TABLE claim RENAME TO inbox;
ALTER INDEX claim_pkey RENAME TO inbox_pkey;
CREATE INDEX inbox_age ON inbox USING brin (claimed_at);

CREATE TABLE short_sequence (name bytea PRIMARY KEY, last bigint NOT NULL);
INSERT INTO short_sequence (name, last)
SELECT substr(sha256(convert_to(topic || ' ' || key, 'UTF8')), 1, 16), last FROM sequence WHERE topic <> '';
DROP TABLE sequence;
ALTER TABLE short_sequence RENAME TO sequence;
ALTER INDEX short_sequence_pkey RENAME TO sequence_pkey;

ALTER TABLE event_log ALTER COLUMN id TYPE uuid USING id::uuid;

-- Only feedback and matching look at an owner's history: they have the index in migrations of their own.
DROP INDEX event_log_owner;

-- Keys are locked by advisory locks now: nothing is written for a lock.
DROP TABLE key_lock;

-- Notes have no place in a key's public sequence.
UPDATE event_log SET sequence = 0 WHERE topic IS NULL;
