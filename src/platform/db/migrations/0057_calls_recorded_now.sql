-- What was told last of a running call's recording: whether it is on.
create index call_events_of_recording on call_events (session_id, seq) where json_extract(body, '$.name') in
    ('recording_started', 'recording_paused', 'recording_resumed', 'recording_failed');
