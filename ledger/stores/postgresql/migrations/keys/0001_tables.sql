-- The keys of ledgers, each wrapped by the master key, in a database of their own. A store is that of
-- one ledger, by an id that the folder of the ledger names; its row is written with every change of
-- it, and says by which master key it was made.

CREATE TABLE {schema}.stores (
    id uuid PRIMARY KEY,
    proof bytea NOT NULL,
    changes bigint NOT NULL
) WITH (fillfactor = 10, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 500);

CREATE TABLE {schema}.data_keys (
    store uuid NOT NULL,
    contact bytea NOT NULL,
    wrapped bytea NOT NULL,
    PRIMARY KEY (store, contact)
);

CREATE TABLE {schema}.signing_keys (
    store uuid NOT NULL,
    public bytea NOT NULL,
    name text COLLATE "C" NOT NULL,
    made_at bigint NOT NULL,
    wrapped bytea NOT NULL,
    PRIMARY KEY (store, public)
);

-- It outlives the keys, and the store.

CREATE TABLE {schema}.destroyed (
    store uuid NOT NULL,
    contact bytea NOT NULL,
    at bigint NOT NULL,
    PRIMARY KEY (store, contact)
);

CREATE FUNCTION {schema}.only_added_to() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'the list of destroyed keys is only added to'; END $$;

CREATE TRIGGER destroyed_stay BEFORE UPDATE OR DELETE OR TRUNCATE ON {schema}.destroyed
    FOR EACH STATEMENT EXECUTE FUNCTION {schema}.only_added_to();
