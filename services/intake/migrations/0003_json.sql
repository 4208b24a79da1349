-- A body is written at each step and looked into seldom: as jsonb it was taken apart each time, and put together again.
ALTER TABLE need ALTER COLUMN body TYPE json;
ALTER TABLE need_private ALTER COLUMN body TYPE json;
ALTER TABLE consent ALTER COLUMN body TYPE json;
ALTER TABLE pending ALTER COLUMN body TYPE json;
ALTER TABLE progress ALTER COLUMN body TYPE json;
ALTER TABLE need_list ALTER COLUMN body TYPE json;
ALTER TABLE list_row ALTER COLUMN body TYPE json;
ALTER TABLE need_answer ALTER COLUMN body TYPE json;
ALTER TABLE bank ALTER COLUMN body TYPE json;
