-- A case is rewritten at each step: its due time is found through its deadlines, so that the row can stay where it is.
DROP INDEX case_open;
ALTER TABLE "case" SET (fillfactor = 50);

CREATE INDEX event_log_owner ON event_log (owner, seq);
