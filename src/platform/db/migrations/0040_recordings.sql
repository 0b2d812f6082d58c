-- Recordings: what was stored under which key, and where copies of it lie. Calls name them by key.
create table recordings (
    key text primary key,
    size integer not null,
    sha256 text,
    stored_at integer not null,
    -- When the job of its upload was made; null when there is none.
    queued_at integer,
    -- How far its upload has come, as JSON.
    progress text,
    -- Endpoint and bucket of the object store that has it, and since when.
    uploaded_to text,
    uploaded_at integer,
    -- When the local copy was removed.
    removed_at integer
) strict, without rowid;
create index recordings_here on recordings (uploaded_to) where removed_at is null and queued_at is null;

-- Links that were revoked: a known link that is no more is told apart from one that never was.
create table revoked_links (
    token_hash blob primary key,
    session_id text not null,
    revoked_at integer not null,
    revoked_by text not null
) strict, without rowid;

-- Recordings that no call names any more, until they are removed wherever they lie. Triggers, so that whoever forgets need not think of it.
create table forgotten_recordings (
    key text primary key
) strict, without rowid;
create trigger recordings_forgotten after update of recording_key on calls
    when old.recording_key <> '' and new.recording_key is null
    begin insert or ignore into forgotten_recordings (key) values (old.recording_key); end;
create trigger recordings_removed after delete on calls
    when old.recording_key <> ''
    begin insert or ignore into forgotten_recordings (key) values (old.recording_key); end;
