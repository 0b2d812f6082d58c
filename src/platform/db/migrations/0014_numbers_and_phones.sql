-- A virtual number may do without a bot of its own (the default bot then follows its prompt), and may speak a text instead.
create table numbers_whole (
    id text primary key,
    name text not null collate nocase unique,
    number text not null unique,
    mode text not null,
    bot_id text references bots (id),
    visibility text not null,
    voice text not null default '',
    language text not null default '',
    system_prompt text not null default '',
    opening_message text not null default '',
    -- Key of the language model, sealed.
    api_key text,
    start_ms integer not null default 0,
    -- What a number in mode tts says.
    text text not null default '',
    is_looped integer not null default 0,
    -- Null: as the bot says.
    recording_mode text,
    -- A JSON array; null: wherever the bot may transfer.
    transfer_allowed text,
    save_transcripts integer not null default 1,
    max_duration_sec integer not null,
    created_at integer not null,
    updated_at integer not null
) strict;
insert into numbers_whole (id, name, number, mode, bot_id, visibility, voice, language, save_transcripts, max_duration_sec, created_at, updated_at)
    select id, name, number, mode, bot_id, visibility, voice, language, save_transcripts, max_duration_sec, created_at, updated_at from numbers;
drop table numbers;
alter table numbers_whole rename to numbers;
create index numbers_by_bot on numbers (bot_id);

-- The SIP account of a person: what their telephones sign in with. Only digests of the password are kept, sealed.
create table phones (
    id text primary key,
    user_id text not null unique references users (id) on delete cascade,
    sip_username text not null collate nocase unique,
    ha1_md5 text not null,
    ha1_sha256 text not null,
    created_at integer not null,
    created_by text not null,
    password_changed_at integer not null
) strict;

-- Where the telephones of an account are now, as the engine last said.
create table phone_registrations (
    sip_username text not null collate nocase,
    contact text not null,
    source text not null,
    transport text not null,
    user_agent text not null,
    registered_at integer not null,
    expires_at integer not null,
    primary key (sip_username, contact)
) strict, without rowid;

-- The SIP account that called or was rung: the office tab of the CodeB surface.
alter table calls add column phone_user text;
