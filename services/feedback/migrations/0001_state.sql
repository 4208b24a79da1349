CREATE TABLE "case" (
    id text PRIMARY KEY,
    enterprise text NOT NULL,
    stage text NOT NULL,
    reached text NOT NULL,
    outcome text,
    amount_cny numeric(18, 2) NOT NULL,
    outcome_cny numeric(18, 2),
    waiting_on text,
    due_at timestamptz,
    body jsonb NOT NULL
);
CREATE INDEX case_enterprise ON "case" (enterprise);
CREATE INDEX case_open ON "case" (due_at) WHERE outcome IS NULL;

CREATE TABLE issue (
    id text PRIMARY KEY,
    enterprise text NOT NULL,
    need text NOT NULL,
    open boolean NOT NULL,
    body jsonb NOT NULL
);
CREATE INDEX issue_enterprise ON issue (enterprise);
CREATE INDEX issue_open ON issue (id) WHERE open;

CREATE TABLE reply (id text PRIMARY KEY, enterprise text NOT NULL, body jsonb NOT NULL);
CREATE INDEX reply_enterprise ON reply (enterprise);

CREATE TABLE words (id text PRIMARY KEY, enterprise text NOT NULL, body jsonb NOT NULL);

-- Every wait of a case that is not resolved, and of an open issue: due times are facts.
CREATE TABLE deadline (
    of text NOT NULL,
    key text NOT NULL,
    kind text NOT NULL,
    need text NOT NULL,
    ref text NOT NULL,
    lim text NOT NULL,
    due_at timestamptz NOT NULL,
    bank text,
    PRIMARY KEY (of, kind, ref)
);
CREATE INDEX deadline_due ON deadline (due_at);
