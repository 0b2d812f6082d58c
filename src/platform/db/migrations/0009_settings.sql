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
