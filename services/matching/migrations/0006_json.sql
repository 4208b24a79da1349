-- A body is written at each step and looked into seldom: as jsonb it was taken apart each time, and put together again.
ALTER TABLE need ALTER COLUMN body TYPE json;
ALTER TABLE product ALTER COLUMN body TYPE json;
ALTER TABLE bank ALTER COLUMN body TYPE json;
ALTER TABLE quota ALTER COLUMN body TYPE json;
ALTER TABLE total ALTER COLUMN body TYPE json;
ALTER TABLE round ALTER COLUMN body TYPE json;
ALTER TABLE learnt ALTER COLUMN body TYPE json;
