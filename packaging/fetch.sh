#!/bin/sh
# Gets what a build needs beyond crates and Debian packages, pinned by SHA-256. Run by install.sh and tests/run before a build;
# packaging/build.rs itself never touches the network.
#
# Today a build needs nothing more: the acoustic model comes with the Debian package pocketsphinx-en-us.
set -eu

main() {
    model=${CXBOX_SPEECH_MODEL:-/usr/share/pocketsphinx/model/en-us}
    if [ ! -f "$model/cmudict-en-us.dict" ]; then
        echo "The acoustic model is missing: apt-get install pocketsphinx-en-us" >&2
        exit 1
    fi
}

main "$@"
