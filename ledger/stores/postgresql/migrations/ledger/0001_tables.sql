-- Everything that is kept of one ledger. The writer's row is updated with every commit: its page has
-- room for many versions of it, so that none of them touches an index.

CREATE TABLE {schema}.identity (id uuid PRIMARY KEY);

CREATE TABLE {schema}.parts (name text PRIMARY KEY);

CREATE TABLE {schema}.documents (name text PRIMARY KEY, content bytea NOT NULL);

CREATE TABLE {schema}.writer (
    epoch bigint NOT NULL,
    holder text NOT NULL,
    lease_until timestamptz NOT NULL,
    head bigint NOT NULL
) WITH (fillfactor = 10, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 500);

INSERT INTO {schema}.writer VALUES (0, '', '-infinity', 0);

CREATE TABLE {schema}.events (
    position bigint PRIMARY KEY,
    originator_id uuid NOT NULL,
    originator_version bigint NOT NULL,
    topic text COLLATE "C" NOT NULL,
    state bytea NOT NULL,
    event_id uuid
);

CREATE UNIQUE INDEX events_streams ON {schema}.events (originator_id, originator_version);

CREATE UNIQUE INDEX events_ids ON {schema}.events (event_id);

CREATE INDEX events_topics ON {schema}.events (topic, position) WHERE topic IN (
    'contact-merged', 'contact-registered', 'event-corrected', 'merge-reversed',
    'personal-data-erased', 'policy-published', 'registration-amended'
);

CREATE TABLE {schema}.log (
    id bigint PRIMARY KEY CHECK (id = 1),
    origin text NOT NULL,
    made_at bigint NOT NULL
);

CREATE TABLE {schema}.tiles (
    level bigint NOT NULL,
    n bigint NOT NULL,
    hashes bytea NOT NULL,
    PRIMARY KEY (level, n)
);

CREATE TABLE {schema}.checkpoints (
    size bigint PRIMARY KEY,
    root bytea NOT NULL,
    note bytea NOT NULL,
    signed_at bigint NOT NULL
);

CREATE TABLE {schema}.verifier_keys (
    public bytea PRIMARY KEY,
    made_at bigint NOT NULL,
    retired_at bigint
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
