-- A carrier and its one SIP trunk. Passwords are sealed.
create table carriers (
    id text primary key,
    name text not null,
    body text not null,
    is_active integer not null,
    created_at integer not null,
    updated_at integer not null
) strict;
create index carriers_by_age on carriers (is_active, created_at, id);

-- Counts every change of a carrier, so that an engine learns of it without comparing rows.
create table carriers_revision (
    id integer primary key check (id = 1),
    revision integer not null
) strict;
insert into carriers_revision (id, revision) values (1, 0);
