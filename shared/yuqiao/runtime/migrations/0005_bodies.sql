-- Nobody compares bodies: looking at them would be most of what an analysis of these tables costs.
ALTER TABLE event_log ALTER COLUMN body SET STATISTICS 0;
ALTER TABLE held ALTER COLUMN body SET STATISTICS 0;
ALTER TABLE parked ALTER COLUMN body SET STATISTICS 0;
