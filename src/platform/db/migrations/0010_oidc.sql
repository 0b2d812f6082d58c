-- What the identity provider can say about a person besides name and e-mail address.
alter table users add column email_verified integer not null default 0;
alter table users add column phone text not null default '';
alter table users add column address text not null default '';
alter table users add column locale text not null default '';
alter table users add column member_of text not null default '[]';

-- What a key may do; none: all that its kind may.
alter table api_keys add column scopes text not null default '[]';

-- Programs that let people sign in here. The built-in one has no row. Without a secret_hash the client is public.
create table oidc_clients (
    id text primary key,
    description text not null,
    redirect_uris text not null,
    post_logout_redirect_uris text not null,
    secret_hash text,
    api_access integer not null,
    created_by text not null,
    created_at integer not null,
    updated_at integer not null
) strict;

-- Browsers that somebody signed in with; the cookie itself is never stored.
create table oidc_sessions (
    hash text primary key,
    user_id text not null,
    token_epoch integer not null,
    signed_in_at integer not null,
    seen_at integer not null
) strict;
create index oidc_sessions_seen on oidc_sessions (seen_at);

-- What a person let a client do. Every token made from a grant dies with it.
create table oidc_grants (
    id text primary key,
    user_id text not null,
    token_epoch integer not null,
    client_id text not null,
    scope text not null,
    signed_in_at integer not null,
    created_at integer not null,
    ends_at integer not null,
    revoked_at integer,
    revoked_because text
) strict;
create index oidc_grants_ends on oidc_grants (ends_at);
create index oidc_grants_client on oidc_grants (client_id);

create table oidc_codes (
    hash text primary key,
    grant_id text not null,
    redirect_uri text not null,
    challenge text not null,
    nonce text,
    expires_at integer not null,
    used_at integer
) strict;
create index oidc_codes_expires on oidc_codes (expires_at);

create table oidc_refresh_tokens (
    hash text primary key,
    grant_id text not null,
    expires_at integer not null,
    used_at integer
) strict;
create index oidc_refresh_tokens_grant on oidc_refresh_tokens (grant_id);

-- People as other identity providers know them: only this pair is ever a link.
create table foreign_identities (
    issuer text not null,
    subject text not null,
    user_id text not null,
    linked_by text not null,
    linked_at integer not null,
    primary key (issuer, subject)
) strict;
create index foreign_identities_user on foreign_identities (user_id);
