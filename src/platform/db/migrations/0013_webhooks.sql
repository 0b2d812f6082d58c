-- Jobs in lanes: at most two of a lane run at once.
alter table jobs add column lane text not null default '';
drop index jobs_due;
create index jobs_due on jobs (state, kind, lane, due_at);
create index jobs_next on jobs (state, due_at);

-- What an operator wrote down, and how patiently deliveries are repeated.
alter table webhooks add column description text not null default '';
alter table webhooks add column schedule text not null default 'standard' check (schedule in ('standard', 'extended'));

-- A delivery that failed all its attempts is parked like one whose subscription was paused: nothing is dropped.
update deliveries set state = 'parked' where state = 'failed';
drop index deliveries_old;
create index deliveries_done on deliveries (created_at) where state = 'delivered';
create index deliveries_parked on deliveries (webhook_id, created_at) where state = 'parked';

-- Every attempt with what was sent and what came back.
create table delivery_attempts (
    delivery_n integer not null references deliveries (n) on delete cascade,
    round integer not null,
    attempt integer not null,
    at integer not null,
    url text not null,
    headers text not null,
    http_status integer,
    error text,
    excerpt text not null default '',
    duration_ms integer not null,
    primary key (delivery_n, round, attempt)
) strict, without rowid;

-- A job names the round it belongs to and runs in its subscription's lane.
update jobs set
    body = json_set(body, '$.round', cast(substr(key, instr(key, ':') + 1) as integer)),
    lane = coalesce((select webhook_id from deliveries where id = json_extract(jobs.body, '$.delivery_id')), '')
where kind = 'webhooks.deliver';
