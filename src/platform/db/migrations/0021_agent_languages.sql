-- The languages that people can talk to callers in, and the one they prefer.
alter table users add column agent_languages text not null default '["en"]';
alter table users add column agent_primary_language text not null default 'en';
