-- What a server keeps besides its ledgers.

CREATE TABLE {schema}.parts (name text PRIMARY KEY);

CREATE TABLE {schema}.access_keys (
    id text PRIMARY KEY,
    name text NOT NULL,
    digest bytea NOT NULL,
    scopes text NOT NULL,
    ledger text,
    per_minute bigint,
    made_at bigint NOT NULL,
    expires_at bigint,
    revoked_at bigint,
    seen_at bigint,
    occasions boolean NOT NULL
);

CREATE TABLE {schema}.access_changes (number bigint NOT NULL);

INSERT INTO {schema}.access_changes VALUES (0);

CREATE TABLE {schema}.trail_heads (
    trail text PRIMARY KEY,
    number bigint NOT NULL,
    hash text NOT NULL
);

CREATE TABLE {schema}.acts (
    number bigint PRIMARY KEY,
    at bigint NOT NULL,
    principal text NOT NULL,
    act text NOT NULL,
    subject text NOT NULL,
    detail text NOT NULL,
    previous text NOT NULL,
    hash text NOT NULL,
    outcome text,
    ordered_by bigint
);

CREATE FUNCTION {schema}.only_added_to() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'the audit trail is only added to'; END $$;

CREATE TRIGGER acts_stay BEFORE UPDATE OR DELETE OR TRUNCATE ON {schema}.acts
    FOR EACH STATEMENT EXECUTE FUNCTION {schema}.only_added_to();
