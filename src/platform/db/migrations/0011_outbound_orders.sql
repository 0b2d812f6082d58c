-- Outbound orders: one row per `oac-…` id. Its attempts are rows of `calls` with the same call id and a session of their own.
create table outbound_orders (
    id integer primary key,
    call_id text not null unique,
    status text not null check (status in ('scheduled', 'dispatching', 'in-flight', 'ended-success', 'ended-failed-retry-pending',
        'ended-failed-final', 'cancelled')),
    requested_by text not null,
    phone text not null,
    display_name text not null,
    email text not null,
    voice text not null,
    language text not null,
    model text not null,
    created_at integer not null,
    scheduled_for integer,
    dispatched_at integer,
    answered_at integer,
    ended_at integer,
    ended_reason text not null default '',
    duration_sec integer not null default 0,
    carrier_id text not null default '',
    transcript_file text not null default '',
    error_detail text not null default '',
    attempt integer not null default 1,
    retries integer not null default 0,
    retry_delay_minutes integer not null default 5,
    -- The attempt that counts. An engine that asks for the config of another one is turned away.
    session_id text,
    -- When an engine asked for the config of that attempt; only then may a phone ring.
    claimed_at integer,
    bot_id text not null,
    -- Key of a model provider, sealed; gone as soon as nothing more will happen.
    api_key_sealed text,
    -- What the bot is to do on every attempt, as JSON.
    brief text not null
) strict;
create index outbound_orders_by_status on outbound_orders (status);
create unique index outbound_orders_by_session on outbound_orders (session_id) where session_id is not null;

-- How many orders stand where, so that a total costs nothing.
create table outbound_counts (
    status text primary key,
    n integer not null
) strict, without rowid;
insert into outbound_counts (status, n) values ('scheduled', 0), ('dispatching', 0), ('in-flight', 0), ('ended-success', 0),
    ('ended-failed-retry-pending', 0), ('ended-failed-final', 0), ('cancelled', 0);
create trigger outbound_orders_made after insert on outbound_orders begin
    update outbound_counts set n = n + 1 where status = new.status;
end;
create trigger outbound_orders_moved after update of status on outbound_orders when old.status <> new.status begin
    update outbound_counts set n = n - 1 where status = old.status;
    update outbound_counts set n = n + 1 where status = new.status;
end;
create trigger outbound_orders_removed after delete on outbound_orders begin
    update outbound_counts set n = n - 1 where status = old.status;
end;

-- What was answered under an Idempotency-Key. The answer is null while the first request is at work.
create table outbound_answers (
    caller text not null,
    key text not null,
    body_hash text not null,
    call_id text not null,
    answer text,
    created_at integer not null,
    primary key (caller, key)
) strict, without rowid;
create index outbound_answers_by_age on outbound_answers (created_at);

-- Calls placed by an earlier version become orders of one attempt.
insert into outbound_orders (call_id, status, requested_by, phone, display_name, email, voice, language, model, created_at, scheduled_for,
        dispatched_at, answered_at, ended_at, ended_reason, duration_sec, carrier_id, transcript_file, error_detail, attempt, retries,
        retry_delay_minutes, session_id, claimed_at, bot_id, brief)
    select call_id, codeb_status, coalesce(requested_by, ''), coalesce(to_number, ''), coalesce(display_name, ''), coalesce(email, ''),
        coalesce(voice, ''), coalesce(language, ''), coalesce(model, ''), created_at, scheduled_for, dispatched_at, answered_at,
        case when completed_at is null then null else coalesce(ended_at, completed_at) end,
        case when completed_at is null then '' else coalesce(outcome, '') end,
        case when completed_at is null then 0
            when answered_at is not null and ended_at is not null then (ended_at - answered_at + 500) / 1000
            else cast(round(coalesce(call_duration_seconds, 0)) as integer) end,
        coalesce(carrier_id, ''), coalesce(transcript_file, ''), coalesce(error_detail, ''), attempt, retries_left, retry_delay_minutes,
        session_id, dispatched_at, coalesce(bot_id, ''),
        json_object('system_prompt', coalesce(json_extract(overrides, '$.systemPrompt'), ''),
            'max_seconds', coalesce(json_extract(overrides, '$.maxSeconds'), 300))
    from calls where codeb_status is not null and call_id is not null order by id;
-- Those that still run are looked after like new ones.
insert into jobs (kind, key, body, due_at, created_at)
    select 'outbound.watch', session_id, json_object('call_id', call_id, 'session_id', session_id), created_at + 90000, created_at
    from outbound_orders where status in ('dispatching', 'in-flight') and session_id is not null;

-- The state of an order is the order's; a call id may be that of several attempts.
drop index calls_codeb;
drop index calls_call_id;
create index calls_call_id on calls (call_id) where call_id is not null;
alter table calls drop column codeb_status;
alter table calls drop column retry_delay_minutes;
alter table calls drop column scheduled_for;
