#!/usr/bin/env bash
# Lists and searches of transcripts with a million stored calls: fills a fresh appliance, asks it over HTTP, prints p50 and p95 of each kind
# of query, compares every total with a count in the database, and fails when a figure is missed.
#
#   tests/bench/transcripts.sh [ROWS [ROUNDS]]      CXBOX_BIN names the binary; else the release build is taken
set -euo pipefail
cd "$(dirname "$0")/../.."

rows=${1:-1000000}
rounds=${2:-60}
: "${CARGO_TARGET_DIR:=${XDG_CACHE_HOME:-$HOME/.cache}/cxbox/target}"
bin=${CXBOX_BIN:-$CARGO_TARGET_DIR/x86_64-unknown-linux-gnu/release/cxbox}
[ -x "$bin" ] || { echo "no binary at $bin: run cargo build --release, or set CXBOX_BIN" >&2; exit 1; }
for tool in curl python3; do
    command -v "$tool" >/dev/null || { echo "$tool is missing: apt-get install curl python3" >&2; exit 1; }
done

data=$(mktemp -d)
serve=
stop() {
    if [ -n "$serve" ]; then
        kill -TERM "$serve" 2>/dev/null || true
        wait "$serve" 2>/dev/null || true
        serve=
    fi
}
trap 'stop; rm -rf "$data"' EXIT

read -r http sip < <(python3 -c 'import socket
ports = [socket.socket() for _ in range(2)]
for port in ports: port.bind(("127.0.0.1", 0))
print(*[port.getsockname()[1] for port in ports])')

start() {
    "$bin" serve --data-dir "$data" --http "127.0.0.1:$http" --tls off --sip "127.0.0.1:$sip" --rtp-ports 30100-30199 >"$data/log" 2>&1 &
    serve=$!
    for _ in $(seq 200); do
        curl -fs "http://127.0.0.1:$http/readyz" >/dev/null && return
        kill -0 "$serve" 2>/dev/null || { tail -20 "$data/log" >&2; exit 1; }
        sleep 0.1
    done
    tail -20 "$data/log" >&2
    exit 1
}

# The first start makes the tables.
start
stop
echo 'bench-password-1' | "$bin" user add bench --email bench@example.com --role super_admin --password-stdin --data-dir "$data" >/dev/null
python3 tests/bench/transcripts.py fill "$data/main.db" "$rows"
start
token=$(curl -fs "http://127.0.0.1:$http/oidc.ashx/token" -d grant_type=password -d client_id=codeb-admin -d username=bench \
    -d password=bench-password-1 -d scope=openid | python3 -c 'import json, sys; print(json.load(sys.stdin)["access_token"])')
CXBOX_BENCH_TOKEN=$token python3 tests/bench/transcripts.py measure "$data/main.db" "$http" "$rounds"
