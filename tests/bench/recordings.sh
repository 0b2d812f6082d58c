#!/usr/bin/env bash
# The recording proxy against the S3 server behind it (moto), same run: 64 MB read directly and through the box in turn, from loopback; then memory
# with 100 slow listeners, and 10,000 random ranges compared byte for byte.
#
#   tests/bench/recordings.sh [ROUNDS [RANGES]]      CXBOX_BIN names the binary; else the release build is taken
set -euo pipefail
cd "$(dirname "$0")/../.."

rounds=${1:-20}
ranges=${2:-10000}
python=${XDG_CACHE_HOME:-$HOME/.cache}/cxbox/venv/bin/python
[ -x "$python" ] || { echo "the S3 server is missing: tests/run peers" >&2; exit 1; }
# shellcheck disable=SC2034 # read by appliance.sh
calls=1
# shellcheck source=tests/bench/appliance.sh
. tests/bench/appliance.sh
start
sign_in

store=18590
"$python" -m moto.server -H 127.0.0.1 -p $store >"$data/moto.log" 2>&1 &
moto=$!
trap 'kill $moto 2>/dev/null; stop' EXIT
until curl -fs -X PUT "http://127.0.0.1:$store/recordings" >/dev/null; do sleep 0.1; done
put() { curl -fsS -X PUT -H "Authorization: Bearer $token" -H 'Content-Type: application/json' "http://$http$1" -d "$2" >/dev/null; }
put /api/v1/settings/storage "{\"endpoint\":\"127.0.0.1:$store\",\"access_key\":\"a\",\"secret_key\":\"bbbbbbbbbbbb\",\"keep_local\":false}"
secret=$(cat "$data/secrets/cxbcore_secret")
head -c $((64 * 1024 * 1024)) /dev/urandom >"$data/sound"
curl -fsS -T "$data/sound" -H "X-CXBCore-Secret: $secret" "http://$http/api/v1/engine/recordings/s.wav" >/dev/null
curl -fsS -H "X-CXBCore-Secret: $secret" -H 'Content-Type: application/json' "http://$http/api/v1/call-results" -d '{"session_id":"s","recording_key":"s.wav"}' >/dev/null
until [ ! -e "$data/recordings/s.wav" ]; do sleep 0.2; done
link=$(curl -fsS -H "Authorization: Bearer $token" "http://$http/api/v1/calls/s" | sed 's/.*"recording_link":"\([^"]*\)".*/\1/')
python3 tests/bench/recordings.py "$http" "$link" "http://127.0.0.1:$store/recordings/s.wav" "$data/sound" "$serve" "$rounds" "$ranges"
