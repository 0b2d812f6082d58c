#!/usr/bin/env bash
# Conversations for hours: rounds of calls that interrupt a bot again and again, its models on the same machine, every call recorded.
# Prints for engine and control plane the memory at the beginning and at the end and its slope after the warm-up, and the calls that failed.
#
#   tests/bench/soak.sh [MINUTES [CALLS]]      CXBOX_BIN names the binary; else the release build is taken
set -euo pipefail

minutes=${1:-120}
calls=${2:-50}
# shellcheck source=tests/bench/appliance.sh
. "$(dirname "$0")/appliance.sh"

words='Thank you for calling us today. We are open from Monday to Friday between nine in the morning and five in the afternoon, and on Saturdays until noon.'
printf '{"fallback":"%s","transcripts":["wait a moment please I have another question"]}' "$words" >"$data/script.json"
ai=127.0.0.1:$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
"$bin" lab ai --http "$ai" --stt-ms 150 --llm-ms 200 --tts-ms 100 --script "$data/script.json" >>"$data/ai.log" 2>&1 &
models=$!
watch=
trap 'kill $watch $models 2>/dev/null || true; stop; rm -rf "$data"' EXIT

start
sign_in
model() { printf '{"provider":"openai","base_url":"http://%s/v1","model":"%s"}' "$ai" "$1"; }
bot=$(post /api/v1/bots "{\"name\":\"soak\",\"status\":\"active\",\"language\":\"en-US\",\"timezone\":\"UTC\",\"disclosure\":false,
    \"opening_message\":\"$words\",\"system_prompt\":\"Answer questions about opening hours.\",\"recording_mode\":\"announce\",
    \"recording_notice\":\"This call is recorded.\",\"recording_format\":\"ogg\",
    \"stt\":$(model stt),\"llm\":$(model llm),\"tts\":$(model tts),
    \"re_engagement\":{\"after_ms\":5000,\"message\":\"$words\",\"times\":10},\"max_call_duration_seconds\":7200}" |
    sed 's/.*"id":"\(bot_[^"]*\)".*/\1/')
route "$bot"

engine=$(pgrep -f "engine --data-dir $data" | head -n 1)
python3 "$(dirname "$0")/soak.py" watch "$data/memory.csv" "engine=$engine" "serve=$serve" &
watch=$!
end=$(($(date +%s) + minutes * 60))
while [ "$(date +%s)" -lt "$end" ]; do
    "$bin" lab load "sip:1000@$sip" --calls "$calls" --rate 10 --seconds 110 --interrupt 'wait a moment please I have another question' --json |
        tee -a "$data/rounds.jsonl" | python3 "$(dirname "$0")/soak.py" round
done
kill "$watch"
python3 "$(dirname "$0")/soak.py" report "$data/memory.csv" "$data/rounds.jsonl"
