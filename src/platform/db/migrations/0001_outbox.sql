-- Facts, appended in the transaction of the change they tell of.
create table events (
    id integer primary key autoincrement,
    body text not null,
    at integer not null,
    fanned_out integer not null default 0
) strict;
create index events_waiting on events (id) where fanned_out = 0;

-- One row per fact and listener.
create table reactions (
    event_id integer not null references events (id) on delete cascade,
    subscriber text not null,
    state text not null default 'waiting' check (state in ('waiting', 'parked')),
    attempts integer not null default 0,
    due_at integer not null,
    error text not null default '',
    primary key (event_id, subscriber)
) strict, without rowid;
create index reactions_due on reactions (state, due_at);

-- Work for the outside world: at least once, under the same key every time.
create table jobs (
    id integer primary key autoincrement,
    kind text not null,
    key text not null,
    body text not null,
    state text not null default 'waiting' check (state in ('waiting', 'leased', 'parked')),
    attempts integer not null default 0,
    due_at integer not null,
    lease_until integer,
    error text not null default '',
    created_at integer not null,
    unique (kind, key)
) strict;
create index jobs_due on jobs (state, kind, due_at);
