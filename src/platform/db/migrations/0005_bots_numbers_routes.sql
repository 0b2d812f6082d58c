-- A bot and the version of it that runs. A deleted bot stays as a row, because calls name it.
create table bots (
    id text primary key,
    name text not null,
    status text not null,
    published_version integer not null,
    created_at integer not null,
    created_by text not null,
    updated_at integer not null,
    deleted_at integer
) strict;

-- Every state a bot has ever been saved in; credentials in the body are sealed.
create table bot_versions (
    bot_id text not null references bots (id),
    version integer not null,
    body text not null,
    created_at integer not null,
    created_by text not null,
    primary key (bot_id, version)
) strict, without rowid;

-- A virtual number: what a caller reaches, and which bot answers there.
create table numbers (
    id text primary key,
    name text not null collate nocase unique,
    number text not null unique,
    mode text not null,
    bot_id text not null references bots (id),
    visibility text not null,
    voice text not null default '',
    language text not null default '',
    save_transcripts integer not null default 1,
    max_duration_sec integer not null,
    created_at integer not null,
    updated_at integer not null
) strict;
create index numbers_by_bot on numbers (bot_id);

-- Inbound routes in match order (by id); the row '*' without a filter is the catch-all and always comes last.
create table inbound_routes (
    id integer primary key autoincrement,
    did text not null,
    from_number text,
    user text not null
) strict;
create index inbound_routes_by_did on inbound_routes (did);
