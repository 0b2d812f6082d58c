-- One row per saved transcript with everything a list shows. The id sorts by the moment the call began: milliseconds, ten bits that keep
-- calls of one millisecond apart, and 1 for an outbound call.
create table transcripts (
    id integer primary key,
    session_id text not null unique,
    call_id text not null,
    is_outbound integer not null check (is_outbound = (id & 1)),
    caller_source text not null check (caller_source in ('vnum', 'office-tab', 'outbound-ai')),
    started_at integer not null,
    ended_at integer,
    written_at integer not null,
    duration_sec integer not null,
    rule text not null,
    phone text,
    display_name text,
    number text,
    outcome text not null,
    voice text not null,
    language text not null,
    model text not null,
    tokens_total integer not null,
    tokens_prompt integer not null,
    n_turns integer not null,
    size integer not null,
    file text not null unique
) strict;
create index transcripts_by_call on transcripts (call_id);
create index transcripts_by_source on transcripts (is_outbound);

-- What a search looks at, in lower case: rule, caller and number, a line each.
create table transcript_words (
    id integer primary key,
    text text not null
) strict;
create virtual table transcript_index using fts5 (
    text, content = 'transcript_words', content_rowid = 'id', tokenize = 'trigram case_sensitive 1'
);
create trigger transcript_words_in after insert on transcript_words begin
    insert into transcript_index (rowid, text) values (new.id, new.text);
end;
create trigger transcript_words_out after delete on transcript_words begin
    insert into transcript_index (transcript_index, rowid, text) values ('delete', old.id, old.text);
end;

-- How many transcripts each day (UTC) has, so that no list counts rows of whole days.
create table transcript_days (
    is_outbound integer not null,
    day integer not null,
    n integer not null,
    primary key (is_outbound, day)
) strict, without rowid;
create trigger transcripts_in after insert on transcripts begin
    insert into transcript_days (is_outbound, day, n) values (new.is_outbound, (new.id >> 11) / 86400000, 1)
    on conflict do update set n = n + 1;
end;
create trigger transcripts_out after delete on transcripts begin
    update transcript_days set n = n - 1 where is_outbound = old.is_outbound and day = (old.id >> 11) / 86400000;
    delete from transcript_words where id = old.id;
end;

-- Links under which a transcript is shown without a login. The token itself is never stored.
create table shares (
    id text primary key,
    transcript_id integer not null references transcripts (id) on delete cascade,
    token_hash blob not null unique,
    token_end text not null,
    ttl_hours integer not null,
    created_by text not null,
    created_at integer not null,
    expires_at integer,
    revoked_at integer,
    revoked_by text,
    n_views integer not null default 0,
    last_viewed_at integer
) strict;
create index shares_by_transcript on shares (transcript_id);
create index shares_by_age on shares (created_at);

-- Who looked at which link within the last minute: such a look is told of once.
create table share_views (
    share_id text not null references shares (id) on delete cascade,
    viewer text not null,
    at integer not null,
    primary key (share_id, viewer)
) strict, without rowid;

-- Transcripts that were written before this table existed are written once more, which lists them.
insert into jobs (kind, key, body, due_at, created_at)
    select 'transcript.write', session_id, json_object('session_id', session_id), 0, created_at from calls where transcript_file is not null
    on conflict (kind, key) do nothing;
