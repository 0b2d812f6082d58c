-- The numbers that a carrier lets ring here, or lets us show. A bot of its own answers calls to one.
create table carrier_dids (
    id text primary key,
    carrier_id text not null references carriers (id) on delete cascade,
    number text not null,
    -- The number without its plus: one number is one row, however a carrier writes it.
    digits text not null unique,
    label text not null,
    direction text not null,
    bot_id text references bots (id),
    created_at integer not null,
    updated_at integer not null
) strict;
create index carrier_dids_by_carrier on carrier_dids (carrier_id, created_at, id);
create index carrier_dids_by_bot on carrier_dids (bot_id);
