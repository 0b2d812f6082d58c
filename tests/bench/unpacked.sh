#!/usr/bin/env bash
# A newcomer's first minute: from a release archive on the disk to a bot that answers a call, and to both calls of the demo checked.
#
#   tests/bench/unpacked.sh [ARCHIVE]      without ARCHIVE one is made of the binary that CXBOX_BIN names, else of the release build
set -euo pipefail
: "${CARGO_TARGET_DIR:=${XDG_CACHE_HOME:-$HOME/.cache}/cxbox/target}"
export CXBOX_BIN=${CXBOX_BIN:-$CARGO_TARGET_DIR/x86_64-unknown-linux-gnu/release/cxbox}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
archive=${1:-$("$(dirname "$0")/../../packaging/release.sh" "$folder" | tail -n 1)}

began=$(date +%s%N)
passed() { local ms=$((($(date +%s%N) - began) / 1000000)); printf '%s: %d.%d s\n' "$1" $((ms / 1000)) $((ms / 100 % 10)); }

mkdir "$folder/unpacked"
tar -xzf "$archive" -C "$folder/unpacked"
passed unpacked
cd "$folder/unpacked"/*/
calls=0 greeted=
while IFS= read -r line; do
    case $line in
    'A call comes in'*) passed 'the call comes in' ;;
    *AI*) [ -n "$greeted" ] || { greeted=1; passed 'the bot has greeted the caller'; } ;;
    *Caller*) calls=$((calls + 1)); [ "$calls" -ne 1 ] || passed 'the caller has asked' ;;
    *'Everything was checked'*) passed 'both calls are checked' ; greeted=checked ;;
    esac
done < <(./install.sh demo 2>&1)
[ "$greeted" = checked ] || { echo 'the demo did not end well' >&2; exit 1; }
