-- What every service's schema has: positions, inbox, locks, event log, and what was held or parked.

CREATE TABLE position (
    topic text NOT NULL,
    partition int NOT NULL,
    next bigint NOT NULL,
    PRIMARY KEY (topic, partition)
);

CREATE TABLE inbox (
    stream text NOT NULL,
    id text NOT NULL,
    digest text NOT NULL,
    claimed_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (stream, id)
);
CREATE INDEX inbox_age ON inbox (claimed_at);

CREATE TABLE key_lock (key text PRIMARY KEY);

CREATE TABLE sequence (
    topic text NOT NULL,
    key text NOT NULL,
    last bigint NOT NULL,
    PRIMARY KEY (topic, key)
);

-- Outbox and history at once. `topic` is null for what the service notes for itself; `owner` is the key that was locked.
CREATE TABLE event_log (
    seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id text NOT NULL UNIQUE,
    type text NOT NULL,
    owner text NOT NULL,
    topic text,
    key text NOT NULL,
    sequence bigint NOT NULL,
    at timestamptz NOT NULL,
    cause text NOT NULL,
    body text NOT NULL,
    committed_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX event_log_owner ON event_log (owner, seq);

-- What of the log no broker has acknowledged yet, and which process committed it. Apart, so that the log is never rewritten.
CREATE TABLE unsent (
    seq bigint PRIMARY KEY,
    writer text NOT NULL
);

CREATE TABLE subject (
    subject text PRIMARY KEY,
    key text NOT NULL
);

-- A message that speaks of a subject not known here yet.
CREATE TABLE held (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    subject text NOT NULL,
    key text NOT NULL,
    topic text NOT NULL,
    partition int NOT NULL,
    "offset" bigint NOT NULL,
    record_key bytea,
    headers text NOT NULL,
    body bytea,
    held_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    released_at timestamptz,
    outcome text
);
CREATE INDEX held_open ON held (subject, id) WHERE released_at IS NULL;

-- A message whose decision raised, and with it the later ones of its key. Open while decided_at is null.
CREATE TABLE parked (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    key text NOT NULL,
    kind text NOT NULL CHECK (kind IN ('record', 'deadline')),
    behind boolean NOT NULL,
    reason text NOT NULL,
    detail text NOT NULL,
    topic text NOT NULL,
    partition int NOT NULL,
    "offset" bigint NOT NULL,
    record_key bytea,
    headers text NOT NULL,
    body bytea,
    parked_at timestamptz NOT NULL DEFAULT now(),
    attempts int NOT NULL DEFAULT 1,
    asked text CHECK (asked IN ('replay', 'drop')),
    asked_by text,
    asked_at timestamptz,
    decided_at timestamptz,
    outcome text
);
CREATE INDEX parked_open ON parked (key, id) WHERE decided_at IS NULL;
