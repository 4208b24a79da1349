-- Nobody compares bodies: looking at them would be most of what an analysis of these tables costs.
ALTER TABLE need ALTER COLUMN body SET STATISTICS 0;
ALTER TABLE product ALTER COLUMN body SET STATISTICS 0;
ALTER TABLE quota ALTER COLUMN body SET STATISTICS 0;
