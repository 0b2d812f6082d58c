# shellcheck shell=bash
# An appliance of its own for a bench, to be sourced after `calls` is set: gives $bin, $data, $http, $sip, post PATH JSON, route BOT_ID.
: "${calls:?the number of calls of the bench}"
: "${CARGO_TARGET_DIR:=${XDG_CACHE_HOME:-$HOME/.cache}/cxbox/target}"
bin=${CXBOX_BIN:-$CARGO_TARGET_DIR/x86_64-unknown-linux-gnu/release/cxbox}
[ -x "$bin" ] || { echo "no binary at $bin: run cargo build --release, or set CXBOX_BIN" >&2; exit 1; }

data=$(mktemp -d)
serve=
stop() {
    [ -z "$serve" ] || { kill -TERM "$serve" && wait "$serve"; } 2>/dev/null || true
    rm -rf "$data"
}
trap stop EXIT
# Ports that are free now: benches of others may run beside this one.
read -r http sip < <(python3 -c 'import socket
ports = [socket.socket(type=kind) for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM)]
for port in ports: port.bind(("127.0.0.1", 0))
print(*["127.0.0.1:%d" % port.getsockname()[1] for port in ports])')

export CXBOX_ENGINE__MAX_CONCURRENT_CALLS=$((calls + 10))
"$bin" serve --data-dir "$data" --http "$http" --tls off --sip "$sip" --rtp-ports 20000-21999 >"$data/log" 2>&1 &
serve=$!
until curl -fs "http://$http/readyz" >/dev/null; do
    kill -0 "$serve" || { tail -20 "$data/log" >&2; exit 1; }
    sleep 0.1
done

printf 'correct horse battery' | "$bin" user add bench --email bench@example.com --role super_admin --password-stdin --data-dir "$data" >/dev/null
token=$(curl -fs "http://$http/oidc.ashx/token" -d grant_type=password -d client_id=codeb-admin -d username=bench \
    --data-urlencode 'password=correct horse battery' -d scope=openid | sed 's/.*"access_token":"\([^"]*\)".*/\1/')
post() { curl -fsS -H "Authorization: Bearer $token" -H 'Content-Type: application/json' "http://$http$1" -d "$2"; }

# Calls to 1000 reach this bot.
route() {
    post /api/v1/carriers '{"name":"Bench","sip_address":"127.0.0.1:9","transport":"udp","inbound_auth_mode":"ip","inbound_allowed_addresses":["127.0.0.1"]}' >/dev/null
    post /api/v1/numbers "{\"name\":\"bench\",\"number\":\"1000\",\"mode\":\"live-voice-ai\",\"bot_id\":\"$1\",\"visibility\":\"public\"}" >/dev/null
    post /api.ashx/v1/inbound-routes '{"did":"1000","user":"bench"}' >/dev/null
}
