CREATE TABLE need (
    id text PRIMARY KEY,
    enterprise text NOT NULL,
    status text NOT NULL,
    reason text,
    retry_on date,
    body jsonb NOT NULL
);
CREATE INDEX need_enterprise ON need (enterprise);
CREATE INDEX need_waiting ON need (retry_on) WHERE status = 'waiting';

CREATE TABLE product (id text PRIMARY KEY, body jsonb NOT NULL);

CREATE TABLE bank (id text PRIMARY KEY, body jsonb NOT NULL);

CREATE TABLE quota (id text PRIMARY KEY, day date NOT NULL, body jsonb NOT NULL);
CREATE INDEX quota_day ON quota (day);
