#!/usr/bin/env bash
# Time of one page of outbound calls with a million of them stored, over HTTP, for each filter; p50 and p95 of sequential requests.
#
#   tests/bench/calls_list.sh [ORDERS [REQUESTS]]      CXBOX_BIN names the binary; else the release build is taken
set -euo pipefail
cd "$(dirname "$0")/../.."

orders=${1:-1000000}
requests=${2:-300}
# shellcheck source=tests/bench/appliance.sh
. tests/bench/appliance.sh
need sqlite3 curl python3

# The first start makes the tables.
start
stop
# The orders of a year: most are over, a few wait or are under way. The triggers of the table keep the counts.
sqlite3 "$data/main.db" "
    pragma synchronous = off;
    begin;
    with recursive n (i) as (select 1 union all select i + 1 from n where i < $orders)
    insert into outbound_orders (call_id, status, requested_by, phone, display_name, email, voice, language, model, created_at,
        dispatched_at, answered_at, ended_at, ended_reason, duration_sec, carrier_id, transcript_file, bot_id, brief)
    select printf('oac-%012x', i),
        case when i % 10 < 6 then 'ended-success' when i % 10 < 9 then 'ended-failed-final' when i % 100 = 9 then 'cancelled'
            when i % 50000 = 19 then 'in-flight' when i % 1000 = 29 then 'scheduled' when i % 1000 = 39 then 'ended-failed-retry-pending'
            else 'ended-success' end,
        'root', printf('+1555%07d', i % 10000000), printf('Callee %d', i), 'root@example.com', 'Aoede', 'en-US', 'flow', 1767268800000 + i * 30000,
        1767268800000 + i * 30000, 1767268805000 + i * 30000, 1767268905000 + i * 30000, 'finished', 100, 'tr_0123456789abcdef',
        printf('outbound-ai-20260101-120000-oac-%012x.txt', i), 'bot_0000000000000001',
        json_object('system_prompt', 'Remind them of their appointment and ask whether it still suits them. Say goodbye.', 'max_seconds', 300)
    from n;
    commit;
    pragma wal_checkpoint(truncate);" >/dev/null
start
sign_in
python3 - "$http_port" "$requests" "$orders" <<'P'
import http.client, json, sys, time
port, n, orders = (int(arg) for arg in sys.argv[1:])
wire = http.client.HTTPConnection("127.0.0.1", port)

def ask(method, path, body=None, headers={}):
    wire.request(method, path, body, headers)
    answer = wire.getresponse()
    read = answer.read()
    assert answer.status == 200, (path, answer.status, read[:200])
    return json.loads(read)

form = "grant_type=password&client_id=codeb-admin&username=bench&password=correct+horse+battery&scope=openid"
token = ask("POST", "/oidc.ashx/token", form, {"content-type": "application/x-www-form-urlencoded"})["access_token"]
auth = {"authorization": "Bearer " + token}
bad = False
for query in ["limit=50", "limit=50&status=ended-success", "limit=50&status=in-flight,scheduled", "limit=50&status=scheduled",
              "limit=50&status=ended-success,ended-failed-final,cancelled", "limit=50&offset=100000", f"limit=50&offset={orders // 2}"]:
    took = []
    for _ in range(n):
        began = time.perf_counter()
        page = ask("GET", "/api.ashx/v1/calls?" + query, headers=auth)
        took.append((time.perf_counter() - began) * 1000)
    took.sort()
    p50, p95 = took[len(took) // 2], took[int(len(took) * 0.95)]
    bad |= p95 > 30 and "offset" not in query
    print(f"{query:60} total {page['total']:>8}   p50 {p50:6.2f} ms   p95 {p95:6.2f} ms")
sys.exit(bad)
P
