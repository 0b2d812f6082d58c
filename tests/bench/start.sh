#!/bin/sh
# Measures the start of a release binary and its idle memory: time to /readyz of the first and the next starts, and Pss of all its processes.
#
#   tests/bench/start.sh [BINARY]
set -eu

binary=${1:-${CXBOX_BIN:-${CARGO_TARGET_DIR:-$HOME/.cache/cxbox/target}/x86_64-unknown-linux-gnu/release/cxbox}}
folder=$(mktemp -d)
pid=''
http=127.0.0.1:18480

finish() {
    [ -z "$pid" ] || kill "$pid" 2>/dev/null || true
    [ -z "$pid" ] || wait "$pid" 2>/dev/null || true
    rm -rf "$folder"
}
trap finish EXIT

now_ms() { date +%s%3N; }

start() {
    began=$(now_ms)
    "$binary" serve --data-dir "$folder/data" --http $http --tls off --sip 127.0.0.1:18560 --rtp-ports 31000-31199 >"$folder/log" 2>&1 &
    pid=$!
    until curl -fs -o "$folder/ready" "http://$http/readyz"; do
        kill -0 "$pid" || { cat "$folder/log"; exit 1; }
        sleep 0.01
    done
    echo "$1: ready after $(($(now_ms) - began)) ms"
}

stop() {
    kill "$pid"
    wait "$pid" || true
    pid=''
}

start "first start"
stop
for n in 2 3 4; do
    start "start $n"
    [ "$n" -eq 4 ] || stop
done

# Idle: let start-up work end, then add up the proportional memory of serve, engine and speech worker.
sleep 5
total=0
for process in $(pgrep -f "$folder/data") $(pgrep -f 'speech-worker$'); do
    [ -r "/proc/$process/smaps_rollup" ] || continue
    pss=$(awk '/^Pss:/ {print $2}' "/proc/$process/smaps_rollup")
    name=$(tr '\0' ' ' <"/proc/$process/cmdline" | awk '{print $2}')
    echo "idle Pss of $name: $((pss / 1024)) MB"
    total=$((total + pss))
done
echo "idle Pss together: $((total / 1024)) MB"
