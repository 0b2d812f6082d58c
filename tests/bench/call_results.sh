#!/usr/bin/env bash
# Durable results per second: wrk posts results of distinct calls to a fresh appliance on this machine, then the reactions drain.
#
#   tests/bench/call_results.sh [SECONDS [CONNECTIONS]]      CXBOX_BIN names the binary; else the release build is taken
set -euo pipefail
cd "$(dirname "$0")/../.."

seconds=${1:-10}
connections=${2:-64}
# shellcheck source=tests/bench/appliance.sh
. tests/bench/appliance.sh
need wrk sqlite3 curl python3
start

query() { sqlite3 -cmd '.timeout 5000' "file:$data/main.db?mode=ro" "$1"; }

CXBOX_BENCH_SECRET=$(cat "$data/secrets/cxbcore_secret") CXBOX_BENCH_RUN=$$ \
    wrk -t2 -c"$connections" -d"${seconds}s" --latency -s tests/bench/call_results.lua "http://$http" | tee "$data/wrk.txt"

began=$(date +%s.%N)
while [ "$(query 'select (select count(*) from events where fanned_out = 0) + (select count(*) from reactions)')" != 0 ]; do sleep 0.1; done
drained=$(python3 -c "import time; print(round(time.time() - $began, 1))")

read -r answered failed < <(sed -n 's/^RESULT .*requests=\([0-9]*\) failed=\([0-9]*\)$/\1 \2/p' "$data/wrk.txt")
calls=$(query 'select count(*) from calls')
facts=$(query 'select count(*) from events')
log_mb=$(($(stat -c %s "$data/main.db-wal") / 1000000))
echo "drained after ${drained} s; $calls calls, $facts facts, $answered answers; log file $log_mb MB; integrity $(query 'pragma integrity_check')"
[ "$failed" = 0 ] && [ "$calls" -ge "$answered" ] && [ "$calls" = "$facts" ]
