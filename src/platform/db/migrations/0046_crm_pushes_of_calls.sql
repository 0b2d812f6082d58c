-- A push is kept as long as its call; calls that were removed before left theirs behind.
delete from crm_pushes where not exists (select 1 from calls where calls.session_id = crm_pushes.session_id);
