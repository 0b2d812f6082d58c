-- What became of calls, counted for statistics: a row for each quarter of an hour (`slot`, since 1970) of all calls (`scope` is empty), of a
-- bot (`b:…`), of a number (`n:…`) and of a carrier (`c:…`). `tally` is JSON. It outlives the calls and tells of no person.
create table call_slots (
    scope text not null,
    slot integer not null,
    tally text not null,
    primary key (scope, slot)
) strict, without rowid;

-- Calls that are over and not counted yet. Each call passes here once, because it ends once.
create table call_count_queue (
    id integer primary key
) strict;
create trigger calls_over after insert on calls when new.status <> 'active' begin
    insert into call_count_queue (id) values (new.id);
end;
create trigger calls_ended after update of status on calls when old.status = 'active' and new.status <> 'active' begin
    insert into call_count_queue (id) values (new.id) on conflict do nothing;
end;
create trigger calls_gone after delete on calls begin
    delete from call_count_queue where id = old.id;
end;
insert into call_count_queue (id) select id from calls where status <> 'active';

-- What webhooks were told of one call.
create index deliveries_by_call on deliveries (session_id, n) where session_id is not null;
