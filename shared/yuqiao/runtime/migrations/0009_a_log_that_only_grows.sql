-- No row of the log is ever changed or removed, so it has nothing to clean: looking through what was added since the last time was most
-- of autovacuum's work, in the middle of a backlog. A body of more than 2 kB is not packed: that took longer than it saves.
ALTER TABLE event_log SET (autovacuum_vacuum_insert_threshold = -1, toast_tuple_target = 8160);
