#!/usr/bin/env bash
# R34: whether the time of a refused sign-in tells if the user exists. Medians, and Welch's t of the two classes (wanted: below 5 ms and 4.5).
#
#   tests/bench/sign_in_timing.sh [SAMPLES]      CXBOX_BIN names the binary; else the release build is taken
set -euo pipefail

samples=${1:-600}
# shellcheck source=tests/bench/appliance.sh
. "$(dirname "$0")/appliance.sh"
start
sign_in
echo "== load average $(cut -d ' ' -f 1 /proc/loadavg), $samples sign-ins of each class"
TOKEN=$token python3 "$(dirname "$0")/sign_in_timing.py" "$http" "$samples"
