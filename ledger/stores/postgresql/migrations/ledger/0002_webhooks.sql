-- Who is told of what happens in a ledger, and what became of it.

CREATE TABLE {schema}.webhooks (
    id bytea PRIMARY KEY,
    url text NOT NULL,
    events text NOT NULL,
    types text NOT NULL,
    personal bigint NOT NULL,
    description text,
    enabled bigint NOT NULL,
    secret bytea NOT NULL,
    made_at bigint NOT NULL,
    began_at bigint NOT NULL,
    position bigint NOT NULL,
    notice bigint NOT NULL,
    failing_since bigint,
    disabled_because text,
    content bytea,
    revision bigint NOT NULL
);

CREATE TABLE {schema}.deliveries (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    webhook bytea NOT NULL,
    id bytea NOT NULL,
    kind text NOT NULL,
    contact bytea,
    position bigint NOT NULL,
    instant bigint NOT NULL,
    detail bytea NOT NULL,
    attempts bigint NOT NULL,
    status bigint,
    problem text,
    first_at bigint,
    at bigint,
    next_at bigint NOT NULL,
    state text COLLATE "C" NOT NULL,
    UNIQUE (webhook, id)
);

CREATE INDEX deliveries_waiting ON {schema}.deliveries (webhook, position, instant, number)
    WHERE state = 'waiting';

CREATE INDEX deliveries_states ON {schema}.deliveries (webhook, state, number);

CREATE INDEX deliveries_numbers ON {schema}.deliveries (webhook, number);
