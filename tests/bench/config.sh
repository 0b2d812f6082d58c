#!/usr/bin/env bash
# Configs per second: wrk asks for the call-time config of a bot of usual size, each answer opens the row of a call of its own.
#
#   tests/bench/config.sh [SECONDS [CONNECTIONS]]      CXBOX_BIN names the binary; else the release build is taken
set -euo pipefail
cd "$(dirname "$0")/../.."

seconds=${1:-10}
connections=${2:-64}
for tool in wrk sqlite3 curl python3; do
    command -v "$tool" >/dev/null || { echo "$tool is missing: apt-get install wrk sqlite3 curl python3" >&2; exit 1; }
done
# shellcheck disable=SC2034 # read by appliance.sh
calls=10
# shellcheck source=tests/bench/appliance.sh
. tests/bench/appliance.sh
start
sign_in

# A bot with a prompt of 4 KB, ten intents, a tool and transfer targets.
body=$(python3 -c '
import json
intents = [{"id": f"i{n}", "phrases": [f"question number {n}", f"about topic {n}"], "reply": f"The answer to {n}, {{{{call.name}}}}."} for n in range(10)]
print(json.dumps({
    "name": "Bench", "status": "active", "opening_message": "Hello {{call.name}}, it is {{system.current_time}}.",
    "system_prompt": "You help {{call.name}} ({{customer_id}}). " + "Be brief, kind and exact. " * 150,
    "llm": {"provider": "flow"}, "flow": {"intents": intents, "fallback": "Pardon?"},
    "tools": [{"name": "find_order", "description": "Finds an order.", "url": "https://shop.example.com/orders/{{order_id}}",
        "headers": {"Authorization": "Bearer 0123456789abcdef"},
        "parameters": {"type": "object", "properties": {"order_id": {"type": "string"}}, "required": ["order_id"]}}],
    "transfer_targets": [{"id": "desk", "type": "sip_uri", "value": "sip:desk@example.org"}],
    "crm_prefetch": {"url": "https://crm.example.com/", "headers": {"X-Key": "0123456789abcdef"}},
}))')
bot=$(post /api/v1/bots "$body" | python3 -c 'import json, sys; print(json.load(sys.stdin)["id"])')

CXBOX_BENCH_SECRET=$(cat "$data/secrets/cxbcore_secret") CXBOX_BENCH_RUN=$$ CXBOX_BENCH_BOT=$bot \
    wrk -t2 -c"$connections" -d"${seconds}s" --latency -s tests/bench/config.lua "http://$http" | tee "$data/wrk.txt"
read -r requests failed < <(sed -n 's/^RESULT .*requests=\([0-9]*\) failed=\([0-9]*\)$/\1 \2/p' "$data/wrk.txt")
rows=$(sqlite3 -cmd '.timeout 5000' "file:$data/main.db?mode=ro" 'select count(*) from calls')
echo "$rows calls opened, $requests answers; load $(cut -d' ' -f1-3 /proc/loadavg)"
[ "$failed" = 0 ] && [ "$rows" -ge "$requests" ]
