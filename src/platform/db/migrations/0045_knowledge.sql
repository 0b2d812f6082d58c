-- Knowledge bases: their documents, the passages documents are cut into, and the vectors of those. `embedding` is the model that is wanted,
-- `serving` the one whose vectors (`space`) searches use; they differ while `next_space` is being made.
create table knowledge_bases (
    id            text primary key,
    name          text not null,
    description   text not null default '',
    is_enabled    integer not null default 1,
    chunk_chars   integer not null,
    chunk_overlap integer not null,
    embedding     text not null,
    key_sealed    text,
    serving       text not null,
    serving_key   text,
    space         text not null,
    next_space    text,
    created_by    text not null,
    created_at    integer not null,
    updated_at    integer not null
) strict;

create table knowledge_documents (
    id              text primary key,
    kb_id           text not null references knowledge_bases (id) on delete cascade,
    name            text not null,
    format          text not null,
    url             text,
    size            integer not null default 0,
    sha256          text,
    tags            text not null default '[]',
    status          text not null,
    progress        integer not null default 0,
    error           text not null default '',
    round           integer not null default 1,
    language        text not null default '',
    n_pages         integer,
    n_chunks        integer not null default 0,
    refresh_hours   integer,
    etag            text,
    last_modified   text,
    created_by      text not null,
    created_at      integer not null,
    updated_at      integer not null,
    indexed_at      integer,
    fetched_at      integer
) strict;

create unique index knowledge_documents_same on knowledge_documents (kb_id, sha256) where sha256 is not null and url is null;
create unique index knowledge_documents_url on knowledge_documents (kb_id, url) where url is not null;
create index knowledge_documents_list on knowledge_documents (kb_id, created_at, id);

-- The text of a document as it was read; chunks are stretches of it.
create table knowledge_texts (
    document_id text primary key references knowledge_documents (id) on delete cascade,
    body        text not null
) strict;

-- `seq` names a chunk in both indexes and is never used again. Only chunks of the document's `shown` round are searched.
create table knowledge_chunks (
    seq         integer primary key autoincrement,
    document_id text not null references knowledge_documents (id) on delete cascade,
    round       integer not null,
    position    integer not null,
    body        text not null,
    heading     text not null default '',
    page        integer,
    starts      integer not null,
    ends        integer not null,
    is_shown    integer not null default 0
) strict;

create unique index knowledge_chunks_of on knowledge_chunks (document_id, round, position);

create table knowledge_vectors (
    seq    integer not null references knowledge_chunks (seq) on delete cascade,
    space  text not null,
    vector blob not null,
    primary key (seq, space)
) strict, without rowid;

-- What the search index has not taken in yet, in order. `seq` of what it took is in the index itself, under the same commit.
create table knowledge_changes (
    id          integer primary key autoincrement,
    document_id text not null,
    at          integer not null
) strict;

-- How far the changes were taken in and forgotten. An index that knows less than this is made anew.
create table knowledge_index (
    id    integer primary key check (id = 1),
    taken integer not null
) strict;
insert into knowledge_index (id, taken) values (1, 0);
