-- Nobody compares bodies: looking at them would be most of what an analysis of these tables costs.
ALTER TABLE offer ALTER COLUMN body SET STATISTICS 0;
ALTER TABLE void ALTER COLUMN body SET STATISTICS 0;
