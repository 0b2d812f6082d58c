#!/usr/bin/env bash
# Lists and searches of /api/v1/calls, and figures over time, with a million stored calls: fills a fresh appliance with results, lets it list them itself, asks it
# over HTTP, prints p50 and p95 of each kind of query, compares totals with counts in the database, and fails when a figure is missed.
#
#   tests/bench/calls_search.sh [CALLS [ROUNDS]]      CXBOX_BIN names the binary; else the release build is taken
set -euo pipefail
cd "$(dirname "$0")/../.."
. tests/bench/appliance.sh
rows=${1:-1000000}
rounds=${2:-40}

# The first start makes the tables.
start
stop
python3 tests/bench/calls_search.py fill "$data/main.db" "$rows"
start
python3 tests/bench/calls_search.py wait "$data/main.db"
sign_in
CXBOX_BENCH_TOKEN=$token python3 tests/bench/calls_search.py measure "$data/main.db" "$http_port" "$rounds"
