#!/usr/bin/env bash
# The same conversations with this box and with active-call, one after the other in one run: the same callers, the same models, the same
# silence that ends a turn, every call recorded. Prints for each number of calls at once a line for each of the two.
#
#   tests/bench/active_call.sh ["CALLS…" [SECONDS]]
#       CXBOX_BIN names our binary, else the release build is taken; ACTIVE_CALL_BIN names active-call, else it is built once (about a
#       quarter of an hour; it needs cmake and a C compiler, and its lock file does not resolve everywhere, so it is built without it)
#
# active-call has no recogniser and no voice with the API of OpenAI whose address can be set: it is given Deepgram's and Alibaba's, for
# which `cxbox lab ai` stands in with the same times. No two answers are alike, so that neither side can speak one from a cache.
set -euo pipefail

points=${1:-1 25 50 100}
seconds=${2:-15}
# shellcheck disable=SC2086 # a list of numbers
calls=$(printf "%s\n" $points | sort -n | tail -1)
rate=20
end_of_turn_ms=700 stt_ms=150 llm_ms=200 tts_ms=100
here=$(cd "$(dirname "$0")" && pwd)
# shellcheck source=tests/bench/appliance.sh
. "$here/appliance.sh"

peer=${ACTIVE_CALL_BIN:-${XDG_CACHE_HOME:-$HOME/.cache}/cxbox/active-call/bin/active-call}
if [ ! -x "$peer" ]; then
    need cmake cc
    root=${peer%/bin/active-call}
    CARGO_PROFILE_RELEASE_OPT_LEVEL=3 cargo install active-call --version 0.3.113 --no-default-features --root "$root" --target-dir "$root/build"
    rm -rf "$root/build"
fi

words='could you please tell me when you are open'
python3 - "$data/script.json" "$words" <<'PY'
import json, sys
texts = [f"{sys.argv[2]} on day {n}" for n in range(997)]
json.dump({"fallback": "We are open from nine to five, as you asked: {text}.", "transcripts": texts}, open(sys.argv[1], "w"))
PY
read -r ai_port peer_http peer_sip < <(python3 -c 'import socket
ports = [socket.socket(type=kind) for kind in (socket.SOCK_STREAM, socket.SOCK_STREAM, socket.SOCK_DGRAM)]
for port in ports: port.bind(("127.0.0.1", 0))
print(*[port.getsockname()[1] for port in ports])')
ai=127.0.0.1:$ai_port
"$bin" lab ai --http "$ai" --stt-ms $stt_ms --llm-ms $llm_ms --tts-ms $tts_ms --end-utterances --script "$data/script.json" >>"$data/ai.log" 2>&1 &
models=$!

mkdir -p "$data/peer/config/playbook"
cat >"$data/peer/config.toml" <<TOML
addr = "127.0.0.1"
http_addr = "127.0.0.1:$peer_http"
udp_port = $peer_sip
external_ip = "127.0.0.1"
rtp_bind_ip = "127.0.0.1"
rtp_start_port = 24000
rtp_end_port = 27999
codecs = ["pcmu", "telephone_event"]
log_level = "error"
log_file = "$data/peer/log"
media_cache_path = "$data/peer/cache"
[handler]
type = "playbook"
default = "bench.md"
[recording]
enabled = true
auto_start = true
path = "$data/peer/recordings"
TOML
cat >"$data/peer/config/playbook/bench.md" <<MD
---
asr: { provider: deepgram, endpoint: "ws://$ai/v1/listen", apiKey: lab, language: en-US, extra: { endpointing: "$end_of_turn_ms" } }
tts: { provider: aliyun, endpoint: "ws://$ai/api-ws/v1/inference", apiKey: lab }
llm: { provider: openai, baseUrl: "http://$ai/v1", apiKey: lab, model: lab }
greeting: Hello, how can I help you?
---
Answer questions about opening hours.
MD
(cd "$data/peer" && exec "$peer" --conf config.toml) >>"$data/peer/out" 2>&1 &
other=$!
trap 'kill $models $other 2>/dev/null || true; stop; rm -rf "$data"' EXIT

start
sign_in
model() { printf '{"provider":"openai","base_url":"http://%s/v1","model":"%s"}' "$ai" "$1"; }
bot=$(post /api/v1/bots "{\"name\":\"bench\",\"status\":\"active\",\"language\":\"en-US\",\"timezone\":\"UTC\",\"disclosure\":false,
    \"opening_message\":\"Hello, how can I help you?\",\"system_prompt\":\"Answer questions about opening hours.\",\"recording_mode\":\"announce\",
    \"recording_notice\":\"This call is recorded.\",\"stt\":$(model stt),\"llm\":$(model llm),\"tts\":$(model tts),
    \"turn_taking\":{\"end_of_turn_ms\":$end_of_turn_ms,\"after_sentence_ms\":$end_of_turn_ms,\"after_hesitation_ms\":$end_of_turn_ms}}" |
    sed 's/.*"id":"\(bot_[^"]*\)".*/\1/')
route "$bot"
for _ in $(seq 100); do
    curl -s -o /dev/null "http://127.0.0.1:$peer_http/" && break
    kill -0 $other 2>/dev/null || { cat "$data/peer/out" "$data/peer/log" >&2; exit 1; }
    sleep 0.1
done

engine=$(pgrep -f "engine --data-dir $data" | head -n 1)
echo "models take $stt_ms ms (words), $llm_ms ms (first word of the answer), $tts_ms ms (first sound); a turn ends after $end_of_turn_ms ms"
echo "calls  who          failed  answers  no answer  added p50  added p95  packets p99    lost  CPU of a core"
for n in $points; do
    for who in cxbox active-call; do
        if [ $who = cxbox ]; then to=$sip pid=$engine; else to=127.0.0.1:$peer_sip pid=$other; fi
        began=$(awk '{print $14 + $15}' "/proc/$pid/stat")
        # The last call is begun late: all of them are held together for the time that was asked for. A failed call is counted, not fatal.
        "$bin" lab load "sip:1000@$to" --calls "$n" --rate $rate --seconds $((seconds + n / rate)) --talk "$words" --json >"$data/found.json" || true
        ticks=$(($(awk '{print $14 + $15}' "/proc/$pid/stat") - began))
        python3 - "$data/found.json" "$n" $who $((end_of_turn_ms + stt_ms + llm_ms + tts_ms)) $ticks $((seconds + 2 * n / rate)) <<'PY'
import json, os, sys
path, n, who, waited, ticks, seconds = sys.argv[1:]
try:
    found = json.load(open(path))
except ValueError:
    sys.exit(f"{n:>5}  {who:11}  no figures: the load was not made")
added = [f"{found[key] - int(waited):6.0f} ms" if found["n_answers"] else "        -" for key in ("answer_p50_ms", "answer_p95_ms")]
cpu = 100 * int(ticks) / os.sysconf("SC_CLK_TCK") / int(seconds)
print(f"{n:>5}  {who:11}  {found['n_failed']:6}  {found['n_answers']:7}  {found['n_unanswered']:9}  {added[0]}  {added[1]}"
      f"  {found['inter_packet_p99_ms']:8.1f} ms  {found['loss_percent']:4.2f} %  {cpu:11.1f} %", flush=True)
if found["first_failure"]:
    print(f"       first failure: {found['first_failure']}")
PY
    done
done
