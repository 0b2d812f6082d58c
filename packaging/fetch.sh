#!/bin/sh
# Gets what a build needs beyond crates and Debian packages, pinned by hash. Run by install.sh and tests/run before a build;
# packaging/build.rs itself never touches the network.
#
#   packaging/fetch.sh    checks the acoustic model; builds the console (assets/console/dist) when its sources have changed
set -eu

# fail SENTENCE
fail() {
    echo "$1" >&2
    exit 1
}

check_model() {
    model=${CXBOX_SPEECH_MODEL:-/usr/share/pocketsphinx/model/en-us}
    [ -f "$model/cmudict-en-us.dict" ] || fail "The acoustic model is missing: apt-get install pocketsphinx-en-us"
}

# One line that changes with any source of the console.
console_stamp() {
    (cd "$console" && find . -type f ! -path './node_modules/*' ! -path './dist/*' ! -name schema.d.ts ! -name '*.tsbuildinfo' -print0 |
        LC_ALL=C sort -z | xargs -0 sha256sum | sha256sum)
}

build_console() {
    console=$here/../assets/console
    stamp=$(console_stamp)
    if [ -f "$console/dist/index.html" ] && [ "$(cat "$console/dist/.stamp" 2>/dev/null)" = "$stamp" ]; then
        return 0
    fi
    command -v npm >/dev/null 2>&1 || fail "npm is missing: apt-get install nodejs npm"
    echo "Building the console"
    lock=$(sha256sum <"$console/package-lock.json")
    if [ "$(cat "$console/node_modules/.stamp" 2>/dev/null)" != "$lock" ]; then
        (cd "$console" && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error)
        printf '%s' "$lock" >"$console/node_modules/.stamp"
    fi
    (cd "$console" && npm run --silent build -- --logLevel warn)
    printf '%s' "$stamp" >"$console/dist/.stamp"
}

main() {
    here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
    check_model
    build_console
}

main "$@"
