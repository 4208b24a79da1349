-- When the broker put a record there: a topic that was made anew, or lost its end, has the same places again.
ALTER TABLE held ADD COLUMN appended_ms bigint NOT NULL DEFAULT 0;
ALTER TABLE parked ADD COLUMN appended_ms bigint NOT NULL DEFAULT 0;
