#!/usr/bin/env bash
# Concurrent recorded calls over real SIP and RTP: failures, pacing, answer to first sound, barge-in, and the engine's share of a core.
#
#   tests/bench/calls.sh [CALLS [SECONDS]]      CXBOX_BIN names the binary; else the release build is taken
set -euo pipefail

calls=${1:-100}
seconds=${2:-60}
# shellcheck source=tests/bench/appliance.sh
. "$(dirname "$0")/appliance.sh"
start
sign_in

# Ten seconds of speech, then silence: the bot listens, voice detection runs, nothing is transcribed.
speech='This appliance answers the telephone for small businesses. It speaks, it listens, and it keeps every call with its recording. It needs no other server, no cloud key, and no network at all.'
bot() {
    post /api/v1/bots "{\"name\":\"$1\",\"status\":\"active\",\"opening_message\":\"$speech\",\"system_prompt\":\"\",\"language\":\"en-US\",\"timezone\":\"UTC\",
        \"stt\":{\"provider\":\"pocketsphinx\"},\"llm\":{\"provider\":\"flow\"},\"tts\":{\"provider\":\"flite\",\"voice\":\"slt\"},\"recording_mode\":\"announce\",
        \"re_engagement\":{\"after_ms\":10000,\"message\":\"$speech\",\"times\":10},
        \"flow\":{\"intents\":[{\"id\":\"hours\",\"phrases\":[\"when are you open\"],\"reply\":\"From nine to five.\"}],\"fallback\":\"Please say that again.\"}}" |
        sed 's/.*"id":"\(bot_[^"]*\)".*/\1/'
}
route "$(bot bench)"

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
    "$bin" lab phone --call "sip:1000@$sip" --expect-speech 5000 --pause 2500 --say 'excuse me, when are you open' --pause 500 --hangup --json |
        sed 's/.*"first_audio_ms":\([0-9a-z]*\).*"barge_in_ms":\(\[[^]]*\]\).*/first_audio_ms \1  barge_in_ms \2/'
done

echo "== $calls calls for $seconds s"
before=$(ticks)
"$bin" lab load "sip:1000@$sip" --calls "$calls" --rate 10 --seconds "$seconds"
used=$(($(ticks) - before))
total=$((seconds + calls / 10))
echo "engine: $((used * 1000 / $(getconf CLK_TCK) / total / 10)).$((used * 1000 / $(getconf CLK_TCK) / total % 10)) % of one core over $total s"
echo "its threads since the start:"
threads
