#!/bin/sh
# Installs cxbox, or shows what it does.
#
#   ./install.sh             build (or take the binary beside this file) and install as a systemd service; needs root
#   ./install.sh demo        run the main job once in a temporary folder: a real call, a transcript, a recording, signed webhooks
#   ./install.sh build       only build; prints where the binary lies
#   ./install.sh packages    only install the Debian packages a build needs
#   ./install.sh rust        only find Rust, or install it with rustup for this user; prints its version
#   ./install.sh uninstall   remove what `./install.sh` installed; the data folder stays
#
# DESTDIR=/some/folder stages the installation there and starts nothing.
set -eu

PREFIX=/usr/local
DATA=/var/lib/cxbox
ETC=/etc/cxbox
UNITS=/etc/systemd/system
RUST_MINIMUM=1.95
RUSTUP_URL=https://sh.rustup.rs
# The C compiler for SQLite and ring, and the two speech libraries with their model, linked statically.
BUILD_PACKAGES="gcc libc6-dev flite1-dev libpocketsphinx-dev libsphinxbase-dev pocketsphinx-en-us"

say() { printf '%s\n' "$*"; }
die() {
    printf 'install.sh: %s\n' "$*" >&2
    exit 1
}

# as_root COMMAND...: runs it directly, or through sudo or doas.
as_root() {
    if [ "$(id -u)" -eq 0 ]; then
        "$@"
    elif command -v sudo >/dev/null 2>&1; then
        sudo "$@"
    elif command -v doas >/dev/null 2>&1; then
        doas "$@"
    else
        die "root is needed for: $*"
    fi
}

install_packages() {
    missing=''
    for package in $BUILD_PACKAGES; do
        dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing="$missing $package"
    done
    # The console is built with npm; one that is already there, from wherever, is good.
    command -v npm >/dev/null 2>&1 || missing="$missing nodejs npm"
    # The embedding model comes from a Python package index; the same holds for pip.
    python3 -m pip --version >/dev/null 2>&1 || missing="$missing python3 python3-pip"
    # Without any Rust, rustup is downloaded.
    find_cargo
    has_rust || command -v rustup >/dev/null 2>&1 || command -v curl >/dev/null 2>&1 || missing="$missing curl ca-certificates"
    [ -n "$missing" ] || return 0
    command -v apt-get >/dev/null 2>&1 || die "this is not Debian; install the equivalents of:$missing"
    say "Installing Debian packages:$missing"
    as_root apt-get update -qq
    # shellcheck disable=SC2086 # the list is meant to be split
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null
}

# new_enough VERSION: whether it is at least RUST_MINIMUM.
new_enough() {
    [ "$(printf '%s\n%s\n' "$RUST_MINIMUM" "$1" | sort -V | head -n 1)" = "$RUST_MINIMUM" ]
}

rust_version() { cargo --version 2>/dev/null | awk '{print $2}'; }

# has_rust: whether there is a cargo that is new enough. Sets $version.
has_rust() {
    version=$(rust_version)
    [ -n "$version" ] && new_enough "$version"
}

# Puts the folder that rustup installs to in front, when there is no cargo that is new enough on the path.
find_cargo() {
    cargo_bin=${CARGO_HOME:-$HOME/.cargo}/bin
    has_rust && return 0
    [ -x "$cargo_bin/cargo" ] || return 0
    PATH=$cargo_bin:$PATH
    export PATH
    hash -r
}

# Rust's own installer for this user: no root, no question, no change of the shell's profile.
install_rustup() {
    command -v curl >/dev/null 2>&1 || return 1
    say "Installing Rust with rustup for this user, in ${CARGO_HOME:-$HOME/.cargo} (found: ${version:-none})"
    curl --proto '=https' --tlsv1.2 -sSf "$RUSTUP_URL" | sh -s -- -y --profile minimal --no-modify-path || return 1
    find_cargo
}

need_rust() {
    find_cargo
    has_rust && return 0
    if command -v rustup >/dev/null 2>&1; then
        say "Rust $RUST_MINIMUM or newer is needed (found: ${version:-none}); asking rustup for the stable toolchain"
        if ! rustup toolchain install stable --profile minimal || ! rustup default stable; then
            say "rustup could not install it"
        fi
    else
        install_rustup || say "rustup could not be installed"
    fi
    hash -r
    has_rust && return 0
    die "Rust $RUST_MINIMUM or newer is needed (found: ${version:-none}). This mends it: curl -sSf $RUSTUP_URL | sh -s -- -y --profile minimal"
}

build() {
    install_packages
    need_rust
    CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-${XDG_CACHE_HOME:-$HOME/.cache}/cxbox/target}
    export CARGO_TARGET_DIR
    "$here/packaging/fetch.sh"
    say "Building (the first build takes some minutes)"
    (cd "$here" && cargo build --release --locked)
    binary=$CARGO_TARGET_DIR/x86_64-unknown-linux-gnu/release/cxbox
}

# Sets $binary: the one beside this file (from a release), else a fresh build of this checkout.
find_binary() {
    if [ -x "$here/cxbox" ] && [ -f "$here/cxbox" ]; then
        binary=$here/cxbox
        if [ -f "$here/SHA256SUMS" ]; then
            (cd "$here" && sha256sum --check --quiet SHA256SUMS) || die "a file of this release is damaged; unpack it again"
        fi
    elif [ -f "$here/Cargo.toml" ]; then
        build
    else
        die "there is neither a binary nor a checkout beside this file"
    fi
}

run_demo() {
    find_binary
    exec "$binary" demo --once "$@"
}

make_user() {
    id cxbox >/dev/null 2>&1 && return 0
    as_root useradd --system --home-dir "$DATA" --no-create-home --shell /usr/sbin/nologin cxbox
}

put_files() {
    root=${DESTDIR:-}
    as_root install -d -m 0755 "$root$PREFIX/bin" "$root$UNITS" "$root$PREFIX/share/doc/cxbox"
    as_root install -m 0755 "$binary" "$root$PREFIX/bin/cxbox.new"
    as_root mv -f "$root$PREFIX/bin/cxbox.new" "$root$PREFIX/bin/cxbox"
    for unit in cxbox.service cxbox-engine.service; do
        as_root install -m 0644 "$here/packaging/systemd/$unit" "$root$UNITS/$unit"
    done
    as_root install -m 0644 "$here/README.md" "$root$PREFIX/share/doc/cxbox/README.md"
    for licence in "$here"/packaging/LICENSE-* "$here"/packaging/licenses/*; do
        [ -f "$licence" ] || continue
        as_root install -m 0644 "$licence" "$root$PREFIX/share/doc/cxbox/"
    done
    if [ ! -f "$root$ETC/config.toml" ]; then
        as_root install -d -m 0750 "$root$ETC"
        printf '# Settings of this appliance; all of them with their defaults: cxbox config show --origin\n' |
            as_root tee "$root$ETC/config.toml" >/dev/null
        as_root chmod 0640 "$root$ETC/config.toml"
    fi
}

start_service() {
    as_root chown -R root:cxbox "$ETC"
    as_root install -d -m 0700 -o cxbox -g cxbox "$DATA"
    [ -d /run/systemd/system ] || {
        say "systemd does not run here; start it by hand: sudo -u cxbox $PREFIX/bin/cxbox serve --data-dir $DATA"
        return 0
    }
    as_root systemctl daemon-reload
    as_root systemctl enable --quiet cxbox-engine.service cxbox.service
    as_root systemctl restart cxbox-engine.service cxbox.service
    n=0
    until as_root test -s "$DATA/tls/ca.pem" || [ "$n" -ge 30 ]; do
        n=$((n + 1))
        sleep 1
    done
    say "URL:            https://$(hostname -f 2>/dev/null || hostname):8443/"
    if as_root test -s "$DATA/secrets/setup_token"; then
        say "Setup token:    $(as_root cat "$DATA/secrets/setup_token")"
    else
        say "Setup token:    already used; make further users with: cxbox user add"
    fi
    say "CA fingerprint: $(as_root "$PREFIX/bin/cxbox" tls fingerprint --data-dir "$DATA")"
}

install_service() {
    find_binary
    if [ -n "${DESTDIR:-}" ]; then
        put_files
        say "Staged in $DESTDIR"
        return 0
    fi
    make_user
    put_files
    start_service
}

uninstall() {
    if [ -z "${DESTDIR:-}" ] && [ -d /run/systemd/system ]; then
        as_root systemctl disable --quiet --now cxbox.service cxbox-engine.service 2>/dev/null || true
    fi
    root=${DESTDIR:-}
    as_root rm -f "$root$UNITS/cxbox.service" "$root$UNITS/cxbox-engine.service" "$root$PREFIX/bin/cxbox"
    as_root rm -rf "$root$PREFIX/share/doc/cxbox"
    if [ -z "$root" ] && [ -d /run/systemd/system ]; then
        as_root systemctl daemon-reload
    fi
    say "Removed. Kept: $root$DATA (calls, recordings, keys) and $root$ETC"
}

main() {
    here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
    command=${1:-install}
    [ $# -eq 0 ] || shift
    case $command in
        install) install_service ;;
        demo) run_demo "$@" ;;
        build)
            build
            say "$binary"
            ;;
        packages) install_packages ;;
        rust)
            need_rust
            say "Rust $version"
            ;;
        uninstall) uninstall ;;
        *) die "unknown command $command; the first lines of this file list the commands" ;;
    esac
}

main "$@"
