-- Numbers that outbound calls were asked for; a number is added with its first call.
create table outbound_whitelist (
    phone text primary key,
    added_at integer not null,
    added_by text not null
) strict, without rowid;
