-- Whether a job is for a time of day and not for after a while: when somebody sets the clock, pauses stay as long as they were.
alter table jobs add column keeps_time integer not null default 0;
update jobs set keeps_time = 1 where kind = 'outbound.dial' and attempts = 0 and state = 'waiting'
    and exists (select 1 from outbound_orders o where o.call_id = json_extract(jobs.body, '$.call_id') and o.status = 'scheduled');
