#!/usr/bin/env bash
# Barge-in on the wire: callers who interrupt the bot again and again, and the time from their first sound to its last.
#
#   tests/bench/barge_in.sh [CALLS [SECONDS]]      CXBOX_BIN names the binary; else the release build is taken
#
# The bot has no recogniser, so it goes on when the caller has spoken and can be interrupted again: what is measured is voice detection,
# the decision and the pause, over SIP and RTP with real speech. 20 calls of 90 s make about 260 interruptions.
set -euo pipefail

calls=${1:-20}
seconds=${2:-90}
# shellcheck source=tests/bench/appliance.sh
. "$(dirname "$0")/appliance.sh"
start
sign_in

line='This appliance answers the telephone for small businesses, it speaks and it listens and it keeps every call with its recording.'
opening=$line
for _ in 1 2; do opening="$opening $line"; done
id=$(post /api/v1/bots "{\"name\":\"talker\",\"status\":\"active\",\"opening_message\":\"$opening\",\"system_prompt\":\"\",\"language\":\"en-US\",\"timezone\":\"UTC\",
    \"stt\":{\"provider\":\"none\"},\"llm\":{\"provider\":\"none\"},\"tts\":{\"provider\":\"flite\",\"voice\":\"slt\"},\"recording_mode\":\"announce\",
    \"re_engagement\":{\"after_ms\":1000,\"message\":\"$opening\",\"times\":10}}" |
    sed 's/.*"id":"\(bot_[^"]*\)".*/\1/')
route "$id"

"$bin" lab load "sip:1000@$sip" --calls "$calls" --rate 5 --seconds "$seconds" --interrupt 'excuse me, I would like to say something, when are you open today'
