#!/usr/bin/env bash
# Calls over real SIP and RTP, first in peace, then while one stranger floods SIP with OPTIONS: dropped calls and the pacing of packets.
#
#   tests/bench/sip_flood.sh [CALLS [RATE [SECONDS]]]      CXBOX_BIN names the binary; else the release build is taken
set -euo pipefail

calls=${1:-20}
rate=${2:-2000}
seconds=${3:-30}
# shellcheck source=tests/bench/appliance.sh
. "$(dirname "$0")/appliance.sh"
start
sign_in

speech='This appliance answers the telephone for small businesses. It speaks, it listens, and it keeps every call with its recording.'
bot=$(post /api/v1/bots "{\"name\":\"flood\",\"status\":\"active\",\"opening_message\":\"$speech\",\"system_prompt\":\"\",\"language\":\"en-US\",\"timezone\":\"UTC\",
    \"stt\":{\"provider\":\"pocketsphinx\"},\"llm\":{\"provider\":\"flow\"},\"tts\":{\"provider\":\"flite\",\"voice\":\"slt\"},
    \"re_engagement\":{\"after_ms\":10000,\"message\":\"$speech\",\"times\":10},
    \"flow\":{\"intents\":[{\"id\":\"hours\",\"phrases\":[\"when are you open\"],\"reply\":\"From nine to five.\"}],\"fallback\":\"Please say that again.\"}}" |
    sed 's/.*"id":"\(bot_[^"]*\)".*/\1/')
route "$bot"
load() { "$bin" lab load "sip:1000@$sip" --calls "$calls" --rate 10 --seconds $((seconds + 4)); }

echo "== load average $(cut -d ' ' -f 1 /proc/loadavg), $calls calls in peace"
load
echo "== the same $calls calls under $rate OPTIONS/s from a stranger for $seconds s"
load >"$data/flooded" &
loading=$!
sleep $((2 + calls / 10))
# Only 127.0.0.1 is a carrier's address here.
python3 "$(dirname "$0")/sip_flood.py" "$sip" 127.0.0.9 "$rate" "$seconds"
wait $loading
cat "$data/flooded"
echo "load average     $(cut -d ' ' -f 1 /proc/loadavg)"
