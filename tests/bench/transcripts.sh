#!/usr/bin/env bash
# Lists and searches of transcripts with a million stored calls: fills a fresh appliance, asks it over HTTP, prints p50 and p95 of each kind
# of query, compares every total with a count in the database, and fails when a figure is missed.
#
#   tests/bench/transcripts.sh [ROWS [ROUNDS]]      CXBOX_BIN names the binary; else the release build is taken
set -euo pipefail
cd "$(dirname "$0")/../.."

rows=${1:-1000000}
rounds=${2:-60}
# shellcheck source=tests/bench/appliance.sh
. tests/bench/appliance.sh

# The first start makes the tables.
start
stop
python3 tests/bench/transcripts.py fill "$data/main.db" "$rows"
start
sign_in
CXBOX_BENCH_TOKEN=$token python3 tests/bench/transcripts.py measure "$data/main.db" "$http_port" "$rounds"
