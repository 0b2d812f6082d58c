-- What was pushed to a CRM after a call: one row per call, from the call's end on.
create table crm_pushes (
    n integer primary key,
    session_id text not null,
    bot_id text not null,
    state text not null default 'pending' check (state in ('pending', 'sent', 'failed', 'skipped')),
    -- Counts how often it was begun: by the call's end, then by an operator.
    round integer not null default 1,
    attempts integer not null default 0,
    http_status integer,
    last_error text not null default '',
    created_at integer not null,
    sent_at integer
) strict;
create unique index crm_pushes_session_id on crm_pushes (session_id);
create index crm_pushes_state on crm_pushes (state, n);

-- Call detail records name a call by its stream.
create index calls_stream_id on calls (stream_id) where stream_id is not null;
