-- Who did what. Each row's hash covers the one before it, so that a changed or missing row shows.
create table audit (
    id integer primary key,
    at integer not null,
    actor_id text not null,
    actor text not null,
    via text not null,
    ip text,
    action text not null,
    target text not null,
    detail text not null,
    hash text not null
) strict;

-- People who sign in. A token carries the token_epoch it was made in; password change and deactivation begin a new one.
create table users (
    id text primary key,
    name text not null collate nocase unique,
    email text not null collate nocase unique,
    role text not null check (role in ('agent', 'supervisor', 'admin', 'super_admin')),
    is_active integer not null default 1,
    password_hash text not null,
    token_epoch integer not null default 0,
    created_by text not null,
    created_at integer not null,
    updated_at integer not null
) strict;

-- Keys of both kinds; the key itself is never stored.
create table api_keys (
    id text primary key,
    name text not null,
    kind text not null check (kind in ('ak', 'vx')),
    prefix text not null,
    hash text not null unique,
    bot_ids text not null,
    is_active integer not null default 1,
    expires_at integer,
    last_used_at integer,
    minter_id text not null,
    created_by text not null,
    created_at integer not null,
    updated_at integer not null
) strict;
