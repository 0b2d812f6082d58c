//! What a box had in its tables after each step, and where people find it.

/// Rows that were written right after a migration, by its number.
pub(super) const ROWS: &[(&str, &str)] = &[
    (
        "0001",
        "insert into events (body, at, fanned_out) values ('{}', 1767225600000, 1);
         insert into jobs (kind, key, body, state, due_at, error, created_at) values ('gone.kind', 'gold', '{}', 'parked', 0, 'given up', 0);",
    ),
    (
        "0002",
        "insert into users (id, name, email, role, password_hash, created_by, created_at, updated_at)
             values ('usr_gold', 'golda', 'golda@example.com', 'admin', 'none', 'cli', 1767225600000, 1767225600000);
         insert into api_keys (id, name, kind, prefix, hash, bot_ids, minter_id, created_by, created_at, updated_at)
             values ('key_gold', 'golden key', 'vx', 'vx_gold', 'hash', '[]', 'usr_gold', 'golda', 1767225600000, 1767225600000);",
    ),
    (
        "0004",
        r#"insert into calls (session_id, call_id, direction, origin, number, number_name, from_number, status, outcome, disconnected_by,
                 created_at, started_at, answered_at, ended_at, completed_at, call_duration_seconds, transcript_file, save_transcript, doc)
             values ('gold-in', 'vnumgold00000001', 'inbound', 'vnum', '1000', 'gold front', '+15550001111', 'completed', 'success',
                 'customer', 1767225600000, 1767225600000, 1767225600000, 1767225660000, 1767225660000, 60.0, 'gold.txt', 1,
                 '{"transcript":[{"role":"user","content":"golden words","ts":"2026-01-01T00:00:10.000Z"}]}');
           insert into calls (session_id, call_id, direction, origin, to_number, display_name, requested_by, status, codeb_status, outcome,
                 disconnected_by, created_at, dispatched_at, answered_at, ended_at, completed_at, call_duration_seconds)
             values ('gold-out', 'oac-gold00000001', 'outbound', 'outbound-ai', '+15550002222', 'Gold Callee', 'golda', 'completed',
                 'ended-success', 'success', 'bot', 1767225600000, 1767225600000, 1767225610000, 1767225650000, 1767225651000, 40.0);"#,
    ),
    (
        "0005",
        r#"insert into bots (id, name, status, published_version, created_at, created_by, updated_at)
             values ('bot_gold', 'Golda', 'active', 1, 1767225600000, 'golda', 1767225600000);
           insert into bot_versions (bot_id, version, body, created_at, created_by) values ('bot_gold', 1,
               '{"name":"Golda","status":"active","opening_message":"Golden greetings","stt":{"provider":"pocketsphinx"},
                 "llm":{"provider":"flow"},"tts":{"provider":"flite"},"flow":{"intents":[{"id":"bye","phrases":["goodbye"],
                 "reply":"Bye.","tool":{"name":"end_call"}}],"fallback":"Pardon?"}}', 1767225600000, 'golda');
           insert into numbers (id, name, number, mode, bot_id, visibility, max_duration_sec, created_at, updated_at)
             values ('vn_gold', 'gold front', '7001', 'live-voice-ai', 'bot_gold', 'public', 300, 1767225600000, 1767225600000);
           insert into inbound_routes (did, user) values ('+15550003333', 'gold front');"#,
    ),
    (
        "0006",
        r#"insert into carriers (id, name, body, is_active, created_at, updated_at)
             values ('tr_gold', 'Gold Carrier', '{"name":"Gold Carrier","sip_address":"192.0.2.9:5060"}', 1, 1767225600000, 1767225600000);"#,
    ),
    (
        "0007",
        r#"insert into webhooks (id, url, events, secret_sealed, created_by, created_at, updated_at)
             values ('whk_gold', 'https://gold.example.com/hook', '["*"]', 'sealed', 'golda', 1767225600000, 1767225600000);
           insert into deliveries (id, webhook_id, session_id, event, body, state, attempts, next_attempt_at, created_at, finished_at)
             values ('dlv_gold', 'whk_gold', 'gold-in', 'call.completed', '{"golden":"body"}', 'failed', 4, 0, 1767225600000, 1767225700000);"#,
    ),
    ("0008", "insert into outbound_whitelist (phone, added_at, added_by) values ('+15550002222', 1767225600000, 'golda');"),
    (
        "0009",
        r#"insert into settings (section, body, updated_at, updated_by) values ('brand', '{"name":"Golden Box"}', 1767225600000, 'golda');
           insert into settings_history (at, section, actor_id, actor, before, after)
             values (1767225600000, 'brand', 'usr_gold', 'golda', '{"name":"cxbox"}', '{"name":"Golden Box"}');
           insert into do_not_call (phone, note, added_at, added_by) values ('+15550009999', 'golden note', 1767225600000, 'golda');
           insert into mails (id, session_id, call_id, recipient, state, created_at, sent_at)
             values ('mail_gold', 'gold-out', 'oac-gold00000001', 'golda@example.com', 'sent', 1767225660000, 1767225661000);"#,
    ),
    (
        "0010",
        r#"insert into oidc_clients (id, description, redirect_uris, post_logout_redirect_uris, api_access, created_by, created_at, updated_at)
             values ('gold-client', 'Golden portal', '["https://gold.example.com/cb"]', '[]', 1, 'golda', 1767225600000, 1767225600000);"#,
    ),
    (
        "0020",
        r#"insert into bot_drafts (bot_id, based_on, body, saved_at, saved_by) values ('bot_gold', 1,
               '{"name":"Golda drafted","opening_message":"Hi","llm":{"provider":"none"}}', 1767225600000, 'golda');"#,
    ),
    (
        "0025",
        "insert into crm_pushes (session_id, bot_id, state, attempts, http_status, last_error, created_at)
             values ('gold-in', 'bot_gold', 'failed', 4, 500, 'golden failure', 1767225661000);",
    ),
    (
        "0030",
        "insert into carrier_dids (id, carrier_id, number, digits, label, direction, bot_id, created_at, updated_at)
             values ('did_gold', 'tr_gold', '+15550004444', '15550004444', 'golden line', 'both', 'bot_gold', 1767225600000, 1767225600000);",
    ),
    (
        "0035",
        "insert into call_tags (call_id, tag, added_by, added_at) select id, 'golden-tag', 'golda', 1767225700000 from calls
             where session_id = 'gold-in';
         insert into call_notes (id, call_id, text, author_id, author, created_at)
             select 'note_gold', id, 'a golden remark', 'usr_gold', 'golda', 1767225700000 from calls where session_id = 'gold-in';
         insert into call_holds (call_id, reason, held_by, held_at) select id, 'golden case', 'golda', 1767225700000 from calls
             where session_id = 'gold-in';",
    ),
    (
        "0036",
        "insert into consent_proofs (session_id, person, phone_end, kind, at, bot_id)
             values ('gold-in', 'mark', '1111', 'disclosure_spoken', 1767225601000, 'bot_gold');
         insert into erasures (id, person, phone_end, requested_by, at, do_not_call, n_calls, n_held, n_recordings, n_transcripts, n_orders,
                 n_deliveries, n_mails) values ('era_gold', 'mark', '8888', 'golda', 1767225600000, 'hash', 3, 0, 1, 1, 0, 0, 0);",
    ),
    (
        "0041",
        "insert into backups (name, origin, state, started_at, finished_at, size, started_by)
             values ('cxbox-20260101T000000Z.tar', 'manual', 'failed', 1767225600000, 1767225601000, 1, 'golda');",
    ),
    (
        "0045",
        r#"insert into knowledge_bases (id, name, chunk_chars, chunk_overlap, embedding, serving, space, created_by, created_at, updated_at)
             values ('kb_gold', 'Golden knowledge', 1000, 100, '{"provider":"built_in"}', '{"provider":"built_in"}', 'golden', 'golda',
                 1767225600000, 1767225600000);"#,
    ),
];

/// What people find: since which step, where, and words that stand there.
pub(super) const SHOWN: &[(&str, &str, &str)] = &[
    ("0002", "/api/v1/users", "golda@example.com"),
    ("0002", "/api/v1/api-keys", "golden key"),
    ("0004", "/api/v1/calls/gold-in", "golden words"),
    ("0004", "/api/v1/calls?q=golden", "gold-in"),
    ("0004", "/api/v1/analytics/calls?from=2025-12-31T00:00:00Z&to=2026-01-02T00:00:00Z", "\"total\":{\"n_calls\":2"),
    ("0004", "/api.ashx/v1/calls/oac-gold00000001", "ended-success"),
    ("0004", "/api.ashx/v1/calls", "Gold Callee"),
    ("0004", "/api.ashx/v1/transcripts/vnumgold00000001", "golden words"),
    ("0005", "/api/v1/bots/bot_gold", "Golden greetings"),
    ("0005", "/api/v1/numbers/vn_gold", "gold front"),
    ("0005", "/api.ashx/v1/inbound-routes", "+15550003333"),
    ("0006", "/api/v1/carriers/tr_gold", "192.0.2.9:5060"),
    ("0007", "/api/v1/webhooks/whk_gold", "https://gold.example.com/hook"),
    ("0007", "/api/v1/webhooks/whk_gold/deliveries", "parked"),
    ("0008", "/api/v1/whitelist", "+15550002222"),
    ("0009", "/api/v1/settings/brand", "Golden Box"),
    ("0009", "/api/v1/settings/history?section=brand", "Golden Box"),
    ("0009", "/api/v1/do-not-call", "golden note"),
    ("0009", "/api/v1/mails", "mail_gold"),
    ("0010", "/api/v1/oidc/clients/gold-client", "Golden portal"),
    ("0020", "/api/v1/bots/bot_gold/draft", "Golda drafted"),
    ("0025", "/api/v1/crm-pushes", "golden failure"),
    ("0030", "/api/v1/carriers/tr_gold/dids", "golden line"),
    ("0035", "/api/v1/calls/gold-in", "a golden remark"),
    ("0035", "/api/v1/calls?tag=golden-tag", "gold-in"),
    ("0036", "/api/v1/erasures", "era_gold"),
    ("0045", "/api/v1/knowledge-bases/kb_gold", "Golden knowledge"),
    ("0041", "/api/v1/backups", "cxbox-20260101T000000Z.tar"),
];
