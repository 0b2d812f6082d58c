#!/usr/bin/env bash
# Concurrent recorded calls over real SIP and RTP: failures, pacing, answer to first sound, barge-in, and the engine's share of a core.
#
#   tests/bench/calls.sh [CALLS [SECONDS]]      CXBOX_BIN names the binary; else the release build is taken
set -euo pipefail

calls=${1:-100}
seconds=${2:-60}
: "${CARGO_TARGET_DIR:=${XDG_CACHE_HOME:-$HOME/.cache}/cxbox/target}"
bin=${CXBOX_BIN:-$CARGO_TARGET_DIR/x86_64-unknown-linux-gnu/release/cxbox}
[ -x "$bin" ] || { echo "no binary at $bin: run cargo build --release, or set CXBOX_BIN" >&2; exit 1; }

data=$(mktemp -d)
serve=
stop() {
    [ -z "$serve" ] || { kill -TERM "$serve" && wait "$serve"; } 2>/dev/null || true
    rm -rf "$data"
}
trap stop EXIT
http=127.0.0.1:18580
sip=127.0.0.1:18660

export CXBOX_ENGINE__MAX_CONCURRENT_CALLS=$((calls + 10))
"$bin" serve --data-dir "$data" --http $http --tls off --sip $sip --rtp-ports 20000-21999 >"$data/log" 2>&1 &
serve=$!
until curl -fs "http://$http/readyz" >/dev/null; do
    kill -0 "$serve" || { tail -20 "$data/log" >&2; exit 1; }
    sleep 0.1
done

printf 'correct horse battery' | "$bin" user add bench --email bench@example.com --role super_admin --password-stdin --data-dir "$data" >/dev/null
token=$(curl -fs "http://$http/oidc.ashx/token" -d grant_type=password -d client_id=codeb-admin -d username=bench \
    --data-urlencode 'password=correct horse battery' -d scope=openid | sed 's/.*"access_token":"\([^"]*\)".*/\1/')
post() { curl -fsS -H "Authorization: Bearer $token" -H 'Content-Type: application/json' "http://$http$1" -d "$2"; }

# Ten seconds of speech, then silence: the bot listens, voice detection runs, nothing is transcribed.
speech='This appliance answers the telephone for small businesses. It speaks, it listens, and it keeps every call with its recording. It needs no other server, no cloud key, and no network at all.'
bot() {
    post /api/v1/bots "{\"name\":\"$1\",\"status\":\"active\",\"opening_message\":\"$speech\",\"system_prompt\":\"\",\"language\":\"en-US\",\"timezone\":\"UTC\",
        \"stt\":{\"provider\":\"pocketsphinx\"},\"llm\":{\"provider\":\"flow\"},\"tts\":{\"provider\":\"flite\",\"voice\":\"slt\"},\"recording_mode\":\"announce\",
        \"re_engagement\":{\"after_ms\":10000,\"message\":\"$speech\",\"times\":10},
        \"flow\":{\"intents\":[{\"id\":\"hours\",\"phrases\":[\"when are you open\"],\"reply\":\"From nine to five.\"}],\"fallback\":\"Please say that again.\"}}" |
        sed 's/.*"id":"\(bot_[^"]*\)".*/\1/'
}
id=$(bot bench)
post /api/v1/carriers '{"name":"Bench","sip_address":"127.0.0.1:9","transport":"udp","inbound_auth_mode":"ip","inbound_allowed_addresses":["127.0.0.1"]}' >/dev/null
post /api/v1/numbers "{\"name\":\"bench\",\"number\":\"1000\",\"mode\":\"live-voice-ai\",\"bot_id\":\"$id\",\"visibility\":\"public\"}" >/dev/null
post /api.ashx/v1/inbound-routes '{"did":"1000","user":"bench"}' >/dev/null

# Where the engine's time goes: clock ticks of its threads, added up by name.
threads() {
    for task in "/proc/$engine"/task/*; do
        echo "$(tr ' ' _ <"$task/comm") $(sed 's/.*) //' "$task/stat" | awk '{print $12 + $13}')"
    done | awk '{n[$1] += $2} END {for (name in n) printf "  %s %.1f s\n", name, n[name] / 100}' | sort
}

# utime + stime of the engine in clock ticks (fields 14 and 15 of /proc/PID/stat).
engine=$(pgrep -f "engine --data-dir $data" | head -n 1)
ticks() { awk '{print $14 + $15}' "/proc/$engine/stat"; }

echo "== one call: answer to first sound, barge-in"
for _ in 1 2 3 4 5; do
    "$bin" lab phone --call sip:1000@$sip --expect-speech 5000 --pause 2500 --say 'excuse me, when are you open' --pause 500 --hangup --json |
        sed 's/.*"first_audio_ms":\([0-9a-z]*\).*"barge_in_ms":\(\[[^]]*\]\).*/first_audio_ms \1  barge_in_ms \2/'
done

echo "== $calls calls for $seconds s"
before=$(ticks)
"$bin" lab load sip:1000@$sip --calls "$calls" --rate 10 --seconds "$seconds"
used=$(($(ticks) - before))
total=$((seconds + calls / 10))
echo "engine: $((used * 1000 / $(getconf CLK_TCK) / total / 10)).$((used * 1000 / $(getconf CLK_TCK) / total % 10)) % of one core over $total s"
echo "its threads since the start:"
threads
