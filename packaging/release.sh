#!/bin/sh
# Makes cxbox-VERSION-x86_64.tar.gz: binary, install.sh, units, licences with the notices of everything that is linked in, README and
# SHA256SUMS. Prints where it lies.
#
#   packaging/release.sh [FOLDER]     FOLDER defaults to the build output's folder
set -eu

main() {
    here=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
    version=$(sed -n 's/^version = "\(.*\)"/\1/p' "$here/Cargo.toml" | head -n 1)
    name=cxbox-$version-x86_64
    if [ -n "${CXBOX_BIN:-}" ]; then
        binary=$CXBOX_BIN
    else
        binary=$("$here/install.sh" build | tail -n 1)
    fi
    folder=${1:-$(dirname "$binary")}
    stage=$(mktemp -d)
    trap 'rm -rf "$stage"' EXIT
    mkdir -p "$stage/$name/packaging"
    install -m 0755 "$binary" "$stage/$name/cxbox"
    cp -R "$here/packaging/systemd" "$here/packaging/licenses" "$stage/$name/packaging/"
    python3 "$here/packaging/notices.py" >"$stage/$name/packaging/licenses/third-party.txt"
    cp "$here"/packaging/LICENSE-* "$here"/packaging/CHANGELOG.md "$here"/packaging/UPGRADING.md "$stage/$name/packaging/"
    cp "$here/install.sh" "$here/README.md" "$stage/$name/"
    (cd "$stage/$name" && find . -type f | LC_ALL=C sort | xargs sha256sum >"$stage/SHA256SUMS")
    mv "$stage/SHA256SUMS" "$stage/$name/SHA256SUMS"
    # Sorted names and one time for all files: the same input makes the same archive.
    tar --sort=name --mtime='2026-01-01 00:00:00Z' --owner=0 --group=0 --numeric-owner -C "$stage" -cf - "$name" | gzip -n9 >"$folder/$name.tar.gz"
    (cd "$folder" && sha256sum "$name.tar.gz" >"$name.tar.gz.sha256")
    echo "$folder/$name.tar.gz"
}

main "$@"
