# shellcheck shell=bash
# An appliance of its own for a bench, to be sourced. Gives $bin, $data, $http, $sip, and:
#   need TOOL…        says which packages are missing
#   start, stop       starts and stops `serve` on $data; the end of the script stops it and removes $data
#   sign_in           makes the user bench (super_admin) if need be and sets $token
#   post PATH JSON    sends a request of that user
#   route BOT_ID      calls to 1000 reach this bot
# $calls, if set before, is the number of calls at once.
: "${CARGO_TARGET_DIR:=${XDG_CACHE_HOME:-$HOME/.cache}/cxbox/target}"
bin=${CXBOX_BIN:-$CARGO_TARGET_DIR/x86_64-unknown-linux-gnu/release/cxbox}
[ -x "$bin" ] || { echo "no binary at $bin: run cargo build --release, or set CXBOX_BIN" >&2; exit 1; }

need() {
    for tool in "$@"; do
        command -v "$tool" >/dev/null || { echo "$tool is missing: apt-get install $*" >&2; exit 1; }
    done
}

need curl python3
data=$(mktemp -d)
serve=
stop() {
    [ -z "$serve" ] || { kill -TERM "$serve" && wait "$serve"; } 2>/dev/null || true
    serve=
}
trap 'stop; rm -rf "$data"' EXIT

read -r http_port sip_port < <(python3 -c 'import socket
ports = [socket.socket(type=kind) for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM)]
for port in ports: port.bind(("127.0.0.1", 0))
print(*[port.getsockname()[1] for port in ports])')
http=127.0.0.1:$http_port
sip=127.0.0.1:$sip_port

export CXBOX_ENGINE__MAX_CONCURRENT_CALLS=$((${calls:-90} + 10))
start() {
    "$bin" serve --data-dir "$data" --http "$http" --tls off --sip "$sip" --rtp-ports 20000-21999 >>"$data/log" 2>&1 &
    serve=$!
    for _ in $(seq 600); do
        curl -fs "http://$http/readyz" >/dev/null && return
        kill -0 "$serve" 2>/dev/null || break
        sleep 0.1
    done
    tail -20 "$data/log" >&2
    exit 1
}

sign_in() {
    printf 'correct horse battery' | "$bin" user add bench --email bench@example.com --role super_admin --password-stdin --data-dir "$data" \
        >/dev/null 2>&1 || true
    token=$(curl -fs "http://$http/oidc.ashx/token" -d grant_type=password -d client_id=codeb-admin -d username=bench \
        --data-urlencode 'password=correct horse battery' -d scope=openid | sed 's/.*"access_token":"\([^"]*\)".*/\1/')
}

post() { curl -fsS -H "Authorization: Bearer $token" -H 'Content-Type: application/json' "http://$http$1" -d "$2"; }

route() {
    post /api/v1/carriers '{"name":"Bench","sip_address":"127.0.0.1:9","transport":"udp","inbound_auth_mode":"ip","inbound_allowed_addresses":["127.0.0.1"]}' >/dev/null
    post /api/v1/numbers "{\"name\":\"bench\",\"number\":\"1000\",\"mode\":\"live-voice-ai\",\"bot_id\":\"$1\",\"visibility\":\"public\"}" >/dev/null
    post /api.ashx/v1/inbound-routes '{"did":"1000","user":"bench"}' >/dev/null
}
