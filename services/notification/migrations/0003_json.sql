-- A body is written at each step and looked into seldom: as jsonb it was taken apart each time, and put together again.
ALTER TABLE bank ALTER COLUMN body TYPE json;
ALTER TABLE offer ALTER COLUMN body TYPE json;
ALTER TABLE void ALTER COLUMN body TYPE json;
