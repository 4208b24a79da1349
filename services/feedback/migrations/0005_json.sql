-- A body is written at each step and looked into seldom: as jsonb it was taken apart each time, and put together again.
ALTER TABLE "case" ALTER COLUMN body TYPE json;
ALTER TABLE issue ALTER COLUMN body TYPE json;
ALTER TABLE reply ALTER COLUMN body TYPE json;
ALTER TABLE words ALTER COLUMN body TYPE json;
