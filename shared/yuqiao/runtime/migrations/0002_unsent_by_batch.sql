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

-- Claims come in the order of time: a few summaries of pages do for forgetting them.
DROP INDEX inbox_age;
CREATE INDEX inbox_age ON inbox USING brin (claimed_at);
