-- name: roles
SELECT rolname FROM pg_roles;

-- name: databases
SELECT datname FROM pg_database;

-- name: create_role
CREATE ROLE {role} LOGIN PASSWORD '{password}';

-- name: set_password
ALTER ROLE {role} PASSWORD '{password}';

-- name: create_database
CREATE DATABASE yuqiao;

-- name: platform
CREATE SCHEMA IF NOT EXISTS platform;
CREATE TABLE IF NOT EXISTS platform.clock (
    singleton boolean PRIMARY KEY DEFAULT true CHECK (singleton),
    now timestamptz NOT NULL
);
REVOKE ALL ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA platform TO operator;
GRANT SELECT ON platform.clock TO operator;

-- name: service
CREATE SCHEMA IF NOT EXISTS {role} AUTHORIZATION {role};
ALTER ROLE {role} SET search_path TO {role};
GRANT USAGE ON SCHEMA platform TO {role};
GRANT SELECT ON platform.clock TO {role};
GRANT CONNECT ON DATABASE yuqiao TO {role};
GRANT USAGE ON SCHEMA {role} TO operator;
ALTER DEFAULT PRIVILEGES FOR ROLE {role} IN SCHEMA {role} GRANT SELECT ON TABLES TO operator;

-- name: reads
SELECT to_regclass('{role}.position') IS NOT NULL;

-- name: read_anew
DELETE FROM {role}.position WHERE topic = ANY($1::text[]);

-- name: begin_clock
INSERT INTO platform.clock (now) VALUES ($1) ON CONFLICT DO NOTHING;
