#!/usr/bin/env bash
# Backups while results come in: 500 results a second for as long as 20 backups take; each backup is checked, restored into an empty folder and
# looked at by SQLite. Prints the latency of the writes meanwhile.
#
#   tests/bench/backup.sh [BACKUPS [RESULTS_PER_SECOND]]      CXBOX_BIN names the binary; else the release build is taken
set -euo pipefail
cd "$(dirname "$0")/../.."

backups=${1:-20}
rate=${2:-500}
# shellcheck disable=SC2034 # read by appliance.sh
calls=1
# shellcheck source=tests/bench/appliance.sh
. tests/bench/appliance.sh
start
sign_in

secret=$(cat "$data/secrets/cxbcore_secret")
out=$(mktemp -d)
mkdir "$out/made"
# Something to copy: 20,000 results.
python3 tests/bench/backup.py "$http" "$secret" fill 20000
python3 tests/bench/backup.py "$http" "$secret" before "$rate" 10
python3 tests/bench/backup.py "$http" "$secret" during "$rate" "$out/end" &
writer=$!
began=$(date +%s%3N)
for n in $(seq "$backups"); do
    "$bin" backup --data-dir "$data" --to "$out/made/$n.tar" >/dev/null
done
took=$(($(date +%s%3N) - began))
touch "$out/end"
wait "$writer"
whole=0
for n in $(seq "$backups"); do
    "$bin" restore "$out/made/$n.tar" --data-dir "$out/back" --master-key-file "$data/secrets/master.key" >/dev/null
    [ "$(sqlite3 "$out/back/main.db" 'pragma integrity_check; pragma foreign_key_check;')" = ok ] && whole=$((whole + 1))
    rm -rf "$out/back"
done
echo "$whole of $backups backups restored and passed integrity_check; $((took / backups)) ms each, $(stat -c %s "$out/made/$backups.tar") bytes the last"
rm -rf "$out"
[ "$whole" = "$backups" ]
