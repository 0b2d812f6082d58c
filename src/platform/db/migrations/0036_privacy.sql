-- Calls that were made anonymous for a person: what comes of them later is not stored any more.
create table erased_calls (
    call_id integer primary key references calls (id) on delete cascade
) strict;

-- That somebody was told or asked, kept longer than the call itself. The person is known by a keyed fingerprint of the number only.
create table consent_proofs (
    id integer primary key,
    session_id text not null,
    person text not null,
    phone_end text not null,
    bot_id text not null,
    bot_version integer,
    -- `recording_consent` or `disclosure_spoken`
    kind text not null,
    -- Whether it was given; null for what was only said.
    given integer,
    at integer not null,
    unique (session_id, kind)
) strict;
create index consent_proofs_by_person on consent_proofs (person);
create index consent_proofs_by_age on consent_proofs (at);

-- Persons that were erased: proof that it was done, without saying who they were.
create table erasures (
    id text primary key,
    person text not null,
    phone_end text not null,
    requested_by text not null,
    at integer not null,
    do_not_call text not null,
    n_calls integer not null,
    n_held integer not null,
    n_recordings integer not null,
    n_transcripts integer not null,
    n_orders integer not null,
    n_deliveries integer not null,
    n_mails integer not null
) strict;
create index erasures_by_age on erasures (at);

create index outbound_orders_by_phone on outbound_orders (phone);
create index deliveries_by_session on deliveries (session_id) where session_id is not null;
create index mails_by_call on mails (call_id);
