-- A case is found under everybody it waits for, by the time that is left to each. An issue finds what a bank says of it.
ALTER TABLE deadline ADD COLUMN party text NOT NULL DEFAULT 'office';
UPDATE deadline AS d SET party = coalesce(CASE d.kind
    WHEN 'case' THEN (SELECT c.body -> 'wait' ->> 'on' FROM "case" AS c WHERE c.id = d.of)
    WHEN 'offer' THEN (SELECT c.body -> 'offers' -> d.ref -> 'wait' ->> 'on' FROM "case" AS c WHERE c.id = d.of)
    WHEN 'issue' THEN (SELECT i.body -> 'wait' ->> 'on' FROM issue AS i WHERE i.id = d.of)
    WHEN 'task' THEN CASE WHEN d.bank IS NULL THEN 'owner' ELSE 'bank' END
END, 'office');
ALTER TABLE deadline ALTER COLUMN party DROP DEFAULT;
ALTER TABLE "case" DROP COLUMN waiting_on, DROP COLUMN due_at;
CREATE INDEX words_issue ON words ((body ->> 'issue')) WHERE body ->> 'issue' IS NOT NULL;
