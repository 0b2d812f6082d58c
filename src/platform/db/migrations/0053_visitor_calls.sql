-- Calls from browsers of people who are not signed in, for a day: how many run and how many there were. It holds no address.
create table visitor_calls (
    session_id text primary key,
    at         integer not null,
    is_over    integer not null default 0
) strict, without rowid;

create index visitor_calls_at on visitor_calls (at);
