-- The log is the last that a transaction writes: the clock then is the commit's to a millisecond, `now()` is when it began.
ALTER TABLE event_log ALTER COLUMN committed_at SET DEFAULT clock_timestamp();
