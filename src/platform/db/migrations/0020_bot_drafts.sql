-- What whoever published a version said about it.
alter table bot_versions add column note text not null default '';

-- What was saved of a bot and runs on no call yet; one for each bot at most. Credentials in the body are sealed.
create table bot_drafts (
    bot_id text primary key references bots (id),
    -- The version that was published when the draft was begun.
    based_on integer not null,
    body text not null,
    saved_at integer not null,
    saved_by text not null
) strict, without rowid;
