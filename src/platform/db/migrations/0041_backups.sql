-- Backups of this box: files in the folder of backups, and what became of them.
create table backups (
    name text primary key,
    origin text not null check (origin in ('schedule', 'manual')),
    state text not null check (state in ('running', 'done', 'failed')),
    started_at integer not null,
    finished_at integer,
    size integer,
    sha256 text,
    schema integer,
    has_recordings integer not null default 0,
    has_master_key integer not null default 0,
    error text,
    verified_at integer,
    verify_error text,
    uploaded_at integer,
    upload_error text,
    started_by text not null
) strict, without rowid;
create index backups_by_time on backups (started_at);

-- Since when the schedule counts: one row.
create table backup_schedule (
    id integer primary key check (id = 1),
    last_at integer not null
) strict;
