CREATE TABLE bank (id text PRIMARY KEY, body jsonb NOT NULL);

CREATE TABLE offer (
    id text PRIMARY KEY,
    enterprise text NOT NULL,
    bank text NOT NULL,
    open boolean NOT NULL,
    body jsonb NOT NULL
);
CREATE INDEX offer_enterprise ON offer (enterprise);
CREATE INDEX offer_bank ON offer (bank) WHERE open;

CREATE TABLE void (id text PRIMARY KEY, enterprise text NOT NULL, body jsonb NOT NULL);
CREATE INDEX void_enterprise ON void (enterprise);
