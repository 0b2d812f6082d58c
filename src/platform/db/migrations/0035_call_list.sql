-- Calls that are alike in everything a list filters by. `span` is a class of lengths; `holds` says what is kept of the call: 1 recording,
-- 2 transcript, 4 analysis, 8 a legal hold. Every call belongs to one kind, so that counting calls means adding up few numbers.
create table call_kinds (
    id integer primary key,
    bot_id text not null,
    carrier_id text not null,
    direction text not null,
    status text not null,
    outcome text not null,
    disposition text not null,
    disconnected_by text not null,
    holds integer not null,
    span integer not null,
    n integer not null,
    oldest_at integer not null,
    newest_at integer not null,
    unique (bot_id, carrier_id, direction, status, outcome, disposition, disconnected_by, holds, span)
) strict;

-- The calls in order of time, with no more than a list needs to find its page.
create table call_list (
    created_at integer not null,
    id integer not null,
    kind_id integer not null,
    duration real not null,
    primary key (created_at, id)
) strict, without rowid;
create index call_list_by_kind on call_list (kind_id, created_at, id, duration);

-- How many calls of each kind began on each day (UTC); kind 0 is all of them.
create table call_days (
    kind_id integer not null,
    day integer not null,
    n integer not null,
    primary key (kind_id, day)
) strict, without rowid;
create trigger call_list_in after insert on call_list begin
    insert into call_days (kind_id, day, n) values (new.kind_id, new.created_at / 86400000, 1), (0, new.created_at / 86400000, 1)
    on conflict do update set n = n + 1;
end;

-- What a search looks at: what was said, the digits of all numbers in pieces of three, and a word for each thing a filter knows.
create table call_texts (
    id integer primary key,
    words text not null,
    phones text not null,
    facets text not null
) strict;
create virtual table call_index using fts5 (
    words, phones, facets, content = 'call_texts', content_rowid = 'id', tokenize = 'unicode61 remove_diacritics 2'
);
create trigger call_texts_in after insert on call_texts begin
    insert into call_index (rowid, words, phones, facets) values (new.id, new.words, new.phones, new.facets);
end;
create trigger call_texts_out after delete on call_texts begin
    insert into call_index (call_index, rowid, words, phones, facets) values ('delete', old.id, old.words, old.phones, old.facets);
end;
create trigger call_list_out after delete on call_list begin
    update call_kinds set n = n - 1 where id = old.kind_id;
    update call_days set n = n - 1 where kind_id in (0, old.kind_id) and day = old.created_at / 86400000;
    delete from call_texts where id = old.id;
end;

-- What is taken out of an index leaves no trace in its pages.
insert into call_index (call_index, rank) values ('secure-delete', 1);
insert into transcript_index (transcript_index, rank) values ('secure-delete', 1);

-- Calls that are not listed yet, or not any more since they changed. Results come fast; listing follows. A call stands either here or in
-- call_list, and lists look at both.
create table call_queue (
    id integer primary key
) strict;
create trigger calls_made after insert on calls begin
    insert into call_queue (id) values (new.id);
end;
create trigger calls_changed after update of call_id, bot_id, direction, number, number_name, did, caller_id, from_number, to_number,
    display_name, carrier_id, status, outcome, disconnected_by, call_duration_seconds, recording_token_hash, doc on calls begin
    insert into call_queue (id) values (new.id) on conflict do nothing;
    delete from call_list where created_at = old.created_at and id = old.id;
end;
create trigger calls_removed after delete on calls begin
    delete from call_queue where id = old.id;
    delete from call_list where created_at = old.created_at and id = old.id;
end;

-- Words people put on calls.
create table call_tags (
    call_id integer not null references calls (id) on delete cascade,
    tag text not null,
    added_by text not null,
    added_at integer not null,
    primary key (call_id, tag)
) strict, without rowid;
create index call_tags_by_tag on call_tags (tag);

-- What people wrote about calls.
create table call_notes (
    id text primary key,
    call_id integer not null references calls (id) on delete cascade,
    text text not null,
    author_id text not null,
    author text not null,
    created_at integer not null
) strict;
create index call_notes_by_call on call_notes (call_id, created_at);

-- Calls of which nothing may be removed.
create table call_holds (
    call_id integer primary key references calls (id) on delete cascade,
    reason text not null,
    held_by text not null,
    held_at integer not null
) strict;

insert into call_queue (id) select id from calls;
