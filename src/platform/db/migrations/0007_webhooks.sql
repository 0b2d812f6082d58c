-- Who wants to hear which events. The secret is sealed for the row's id; a second one waits beside it while it is being rotated.
create table webhooks (
    id text primary key,
    url text not null,
    events text not null,
    active integer not null default 1,
    secret_sealed text not null,
    next_secret_sealed text,
    rotation_ends_at integer,
    failures integer not null default 0,
    paused_because text not null default '',
    last_fired_at integer,
    created_by text not null,
    created_at integer not null,
    updated_at integer not null
) strict;

-- One row per event and subscription; the body is stored once and sent as it is on every attempt.
create table deliveries (
    n integer primary key,
    id text not null unique,
    webhook_id text not null references webhooks (id) on delete cascade,
    fact_id integer,
    session_id text,
    event text not null,
    body text not null,
    state text not null default 'waiting' check (state in ('waiting', 'delivered', 'failed', 'parked')),
    round integer not null default 1,
    attempts integer not null default 0,
    next_attempt_at integer not null,
    http_status integer,
    error text,
    excerpt text not null default '',
    duration_ms integer,
    created_at integer not null,
    last_attempt_at integer,
    finished_at integer
) strict;
create unique index deliveries_once on deliveries (webhook_id, fact_id) where fact_id is not null;
create index deliveries_of on deliveries (webhook_id, n);
create index deliveries_next on deliveries (webhook_id, session_id, n) where state = 'waiting' and attempts = 0;
create index deliveries_old on deliveries (created_at) where state in ('delivered', 'failed');
