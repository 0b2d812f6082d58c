-- What outbound calls of a day came to: minutes, those dialled outside business hours, and money in millionths. `told` names the caps whose
-- reaching is in the audit trail.
alter table outbound_days add column minutes integer not null default 0;
alter table outbound_days add column off_minutes integer not null default 0;
alter table outbound_days add column spent integer not null default 0;
alter table outbound_days add column told text not null default '';

-- Legs that were dialled and are not over. No number stands here: what a minute costs was decided when it was dialled.
create table outbound_legs (
    n integer primary key,
    session_id text not null,
    day text not null,
    is_second integer not null,
    is_off_hours integer not null,
    minute_micros integer not null,
    counts_from integer
) strict;

create index outbound_legs_by_session on outbound_legs (session_id);
create index outbound_legs_by_day on outbound_legs (day);
