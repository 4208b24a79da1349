-- Nobody compares bodies: looking at them would be most of what an analysis of these tables costs.
ALTER TABLE "case" ALTER COLUMN body SET STATISTICS 0;
ALTER TABLE issue ALTER COLUMN body SET STATISTICS 0;
ALTER TABLE reply ALTER COLUMN body SET STATISTICS 0;
ALTER TABLE words ALTER COLUMN body SET STATISTICS 0;
