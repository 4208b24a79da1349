-- Intake's state. `key` is the enterprise's opaque id. Personal data are in need_private and list_report alone.

CREATE TABLE need (
    id text PRIMARY KEY,
    key text NOT NULL,
    open boolean NOT NULL,
    stated_on date NOT NULL,
    body jsonb NOT NULL
);
CREATE INDEX need_key ON need (key);

CREATE TABLE need_private (
    id text PRIMARY KEY,
    key text NOT NULL,
    body jsonb NOT NULL
);
CREATE INDEX need_private_key ON need_private (key);

CREATE TABLE consent (
    id text PRIMARY KEY,
    key text NOT NULL,
    body jsonb NOT NULL
);
CREATE INDEX consent_key ON consent (key);

-- Disclosures that were withheld and may still come.
CREATE TABLE pending (
    id text PRIMARY KEY,
    key text NOT NULL,
    bank text NOT NULL,
    body jsonb NOT NULL
);
CREATE INDEX pending_key ON pending (key);
CREATE INDEX pending_bank ON pending (bank, key);

CREATE TABLE progress (
    id text PRIMARY KEY,
    key text NOT NULL,
    body jsonb NOT NULL
);
CREATE INDEX progress_key ON progress (key);

CREATE TABLE need_list (
    id text PRIMARY KEY,
    body jsonb NOT NULL
);

CREATE TABLE list_row (
    id text PRIMARY KEY,
    key text NOT NULL,
    list_id text NOT NULL,
    body jsonb NOT NULL
);
CREATE INDEX list_row_key ON list_row (key);
CREATE INDEX list_row_list ON list_row (list_id);

CREATE TABLE list_report (
    id text PRIMARY KEY,
    version int NOT NULL,
    body text NOT NULL
);

CREATE TABLE need_answer (
    id text PRIMARY KEY,
    key text NOT NULL,
    body jsonb NOT NULL
);
CREATE INDEX need_answer_key ON need_answer (key);

CREATE TABLE bank (
    id text PRIMARY KEY,
    body jsonb NOT NULL
);

CREATE TABLE client (
    id text PRIMARY KEY,
    hash text NOT NULL,
    scopes text[] NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);
