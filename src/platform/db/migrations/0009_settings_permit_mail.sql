-- Settings that differ from the configuration: one row per section, with only the keys that were set. Secrets in it are sealed.
create table settings (
    section text primary key,
    body text not null,
    updated_at integer not null,
    updated_by text not null
) strict, without rowid;

-- Every change of a setting: the keys it touched with their values before and after. Secrets in it are sealed.
create table settings_history (
    id integer primary key,
    at integer not null,
    section text not null,
    actor_id text not null,
    actor text not null,
    before text not null,
    after text not null
) strict;
create index settings_history_section on settings_history (section, id);

-- Numbers that are never dialled.
create table do_not_call (
    id integer primary key,
    phone text not null unique,
    note text not null default '',
    added_at integer not null,
    added_by text not null
) strict;

-- Outbound calls of each day, by the zone of the box.
create table outbound_days (
    day text primary key,
    n_calls integer not null
) strict, without rowid;

-- Mails about outbound calls: one for each attempt that is over.
create table mails (
    n integer primary key,
    id text not null unique,
    session_id text not null unique,
    call_id text not null,
    recipient text not null,
    state text not null default 'waiting' check (state in ('waiting', 'sent', 'parked')),
    round integer not null default 1,
    attempts integer not null default 0,
    error text not null default '',
    created_at integer not null,
    sent_at integer
) strict;
