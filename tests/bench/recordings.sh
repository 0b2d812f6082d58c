#!/usr/bin/env bash
# The recording proxy against the S3 server behind it (moto), same run: 64 MB read directly and through the box in turn, from loopback; then memory
# with 100 slow listeners, all of whom hear something, and 10,000 random ranges of a call of two minutes compared byte for byte. The ranges are of a
# smaller recording because moto reads the whole object for each; for 64 MB that takes it 70 ms and more.
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
# bring NAME BYTES: a recording of a call goes to the box, and by its job to the S3 server alone; $link opens it
bring() {
    head -c "$2" /dev/urandom >"$data/$1"
    curl -fsS -T "$data/$1" -H "X-CXBCore-Secret: $secret" "http://$http/api/v1/engine/recordings/$1.wav" >/dev/null
    curl -fsS -H "X-CXBCore-Secret: $secret" -H 'Content-Type: application/json' "http://$http/api/v1/call-results" \
        -d "{\"session_id\":\"$1\",\"recording_key\":\"$1.wav\"}" >/dev/null
    until [ ! -e "$data/recordings/$1.wav" ]; do sleep 0.2; done
    link=$(curl -fsS -H "Authorization: Bearer $token" "http://$http/api/v1/calls/$1" | sed 's/.*"recording_link":"\([^"]*\)".*/\1/')
}
bring call $((4 * 1024 * 1024))
call=$link
bring sound $((64 * 1024 * 1024))
python3 tests/bench/recordings.py "$http" "$link" "http://127.0.0.1:$store/recordings/sound.wav" "$data/sound" "$serve" "$rounds" \
    "$call" "$data/call" "$ranges"
