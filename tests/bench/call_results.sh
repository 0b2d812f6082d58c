#!/usr/bin/env bash
# Durable results per second: wrk posts results of distinct calls to a fresh appliance on this machine, then the reactions drain.
#
#   tests/bench/call_results.sh [SECONDS [CONNECTIONS]]      CXBOX_BIN names the binary; else the release build is taken
set -euo pipefail
cd "$(dirname "$0")/../.."

seconds=${1:-10}
connections=${2:-64}
: "${CARGO_TARGET_DIR:=${XDG_CACHE_HOME:-$HOME/.cache}/cxbox/target}"
bin=${CXBOX_BIN:-$CARGO_TARGET_DIR/x86_64-unknown-linux-gnu/release/cxbox}
[ -x "$bin" ] || { echo "no binary at $bin: run cargo build --release, or set CXBOX_BIN" >&2; exit 1; }
for tool in wrk sqlite3 curl python3; do
    command -v "$tool" >/dev/null || { echo "$tool is missing: apt-get install wrk sqlite3 curl python3" >&2; exit 1; }
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
"$bin" serve --data-dir "$data" --http "127.0.0.1:$http" --tls off --sip "127.0.0.1:$sip" --rtp-ports 30000-30099 >"$data/log" 2>&1 &
serve=$!
for _ in $(seq 200); do
    curl -fs "http://127.0.0.1:$http/readyz" >/dev/null && break
    kill -0 "$serve" 2>/dev/null || { tail -20 "$data/log" >&2; exit 1; }
    sleep 0.1
done

query() { sqlite3 -cmd '.timeout 5000' "file:$data/main.db?mode=ro" "$1"; }

CXBOX_BENCH_SECRET=$(cat "$data/secrets/cxbcore_secret") CXBOX_BENCH_RUN=$$ \
    wrk -t2 -c"$connections" -d"${seconds}s" --latency -s tests/bench/call_results.lua "http://127.0.0.1:$http" | tee "$data/wrk.txt"

began=$(date +%s.%N)
while [ "$(query 'select (select count(*) from events where fanned_out = 0) + (select count(*) from reactions)')" != 0 ]; do sleep 0.1; done
drained=$(python3 -c "import time; print(round(time.time() - $began, 1))")

read -r answered failed < <(sed -n 's/^RESULT .*requests=\([0-9]*\) failed=\([0-9]*\)$/\1 \2/p' "$data/wrk.txt")
calls=$(query 'select count(*) from calls')
facts=$(query 'select count(*) from events')
log_mb=$(($(stat -c %s "$data/main.db-wal") / 1000000))
echo "drained after ${drained} s; $calls calls, $facts facts, $answered answers; log file $log_mb MB; integrity $(query 'pragma integrity_check')"
[ "$failed" = 0 ] && [ "$calls" -ge "$answered" ] && [ "$calls" = "$facts" ]
