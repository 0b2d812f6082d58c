#!/usr/bin/env bash
# Time of one page of outbound calls with a million of them stored, over HTTP, for each filter; p50 and p95 of sequential requests.
#
#   tests/bench/calls_list.sh [ORDERS [REQUESTS]]      CXBOX_BIN names the binary; else the release build is taken
set -euo pipefail
cd "$(dirname "$0")/../.."

orders=${1:-1000000}
requests=${2:-300}
: "${CARGO_TARGET_DIR:=${XDG_CACHE_HOME:-$HOME/.cache}/cxbox/target}"
bin=${CXBOX_BIN:-$CARGO_TARGET_DIR/x86_64-unknown-linux-gnu/release/cxbox}
[ -x "$bin" ] || { echo "no binary at $bin: run cargo build --release, or set CXBOX_BIN" >&2; exit 1; }
for tool in sqlite3 curl python3; do
    command -v "$tool" >/dev/null || { echo "$tool is missing: apt-get install sqlite3 curl python3" >&2; exit 1; }
done

data=$(mktemp -d)
serve=
stop() {
    [ -n "$serve" ] && kill -TERM "$serve" 2>/dev/null && wait "$serve" 2>/dev/null
    rm -rf "$data"
}
trap stop EXIT

read -r http sip < <(python3 -c 'import socket
ports = [socket.socket() for _ in range(2)]
for port in ports: port.bind(("127.0.0.1", 0))
print(*[port.getsockname()[1] for port in ports])')

start() {
    "$bin" serve --data-dir "$data" --http "127.0.0.1:$http" --tls off --sip "127.0.0.1:$sip" --rtp-ports 30100-30199 >"$data/log" 2>&1 &
    serve=$!
    for _ in $(seq 300); do
        curl -fs "http://127.0.0.1:$http/readyz" >/dev/null && return
        kill -0 "$serve" 2>/dev/null || { tail -20 "$data/log" >&2; exit 1; }
        sleep 0.1
    done
    exit 1
}

printf 'correct horse battery' | "$bin" user add root --email root@example.com --role super_admin --password-stdin --data-dir "$data"
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
python3 - "$http" "$requests" "$orders" <<'P'
import http.client, json, sys, time
port, n, orders = (int(arg) for arg in sys.argv[1:])
wire = http.client.HTTPConnection("127.0.0.1", port)

def ask(method, path, body=None, headers={}):
    wire.request(method, path, body, headers)
    answer = wire.getresponse()
    read = answer.read()
    assert answer.status == 200, (path, answer.status, read[:200])
    return json.loads(read)

form = "grant_type=password&client_id=codeb-admin&username=root&password=correct+horse+battery&scope=openid"
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
