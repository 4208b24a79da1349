-- A bank's topic that takes nothing must not keep the others waiting: what is for it waits here, and is unsent no more.
CREATE TABLE aside (seq bigint PRIMARY KEY, topic text NOT NULL);
CREATE INDEX aside_topic ON aside (topic, seq);
