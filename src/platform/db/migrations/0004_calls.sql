-- Calls of both surfaces: one row per session, from its skeleton to its result. Few indexes: results come fast.
create table calls (
    id integer primary key,
    session_id text not null,
    call_id text,
    bot_id text,
    bot_version integer,
    stream_id text,
    direction text not null default 'inbound' check (direction in ('inbound', 'outbound')),
    origin text not null default 'external' check (origin in ('vnum', 'outbound-ai', 'external')),
    number_id text,
    number text,
    number_name text,
    did text,
    caller_id text,
    from_number text,
    to_number text,
    display_name text,
    email text,
    requested_by text,
    carrier_id text,
    status text not null default 'active' check (status in ('active', 'completed', 'failed', 'voicemail')),
    codeb_status text,
    attempt integer not null default 1,
    retries_left integer not null default 0,
    retry_delay_minutes integer not null default 5,
    outcome text,
    disconnected_by text,
    error_detail text,
    answer_ms integer,
    created_at integer not null,
    scheduled_for integer,
    dispatched_at integer,
    answered_at integer,
    started_at integer,
    ended_at integer,
    completed_at integer,
    call_duration_seconds real,
    was_transferred integer,
    recording_key text,
    recording_token_hash blob,
    recording_token_sealed text,
    transcript_file text,
    save_transcript integer not null default 0,
    skip_post_push integer not null default 0,
    tokens_total integer,
    tokens_prompt integer,
    voice text,
    language text,
    model text,
    overrides text,
    -- Facts that were announced: 1 answered, 2 started, 4 transferred, 8 completed.
    announced integer not null default 0,
    -- Everything else the engine sent, under the seed's own field names.
    doc text not null default '{}'
) strict;
create unique index calls_session_id on calls (session_id);
create unique index calls_call_id on calls (call_id) where call_id is not null;
create index calls_recording_token on calls (recording_token_hash) where recording_token_hash is not null;
create index calls_active on calls (status) where status = 'active';
create index calls_codeb on calls (codeb_status) where codeb_status is not null;

-- What the engine reported while a call runs; removed when its result arrives.
create table call_events (
    session_id text not null,
    seq integer not null,
    at integer not null,
    body text not null,
    primary key (session_id, seq)
) strict, without rowid;
