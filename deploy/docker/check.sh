#!/usr/bin/env bash
# The images without Docker: publishes as the Dockerfile does, then runs server and gateway as its user with a file system that is read-only but for /tmp, until both are ready by
# their own health verb, and stops them with SIGTERM. Needs root, or user namespaces (unshare -r).
#
#   deploy/docker/check.sh [port]            default 9200, and the one after
set -euo pipefail
root=$(cd "$(dirname "$0")/../.." && pwd)
port=${1:-9200}
work=$(mktemp -d)
pids=()
trap 'for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done; wait; rm -rf "$work"' EXIT
PUBLISH_ARTIFACTS=$work/build "$root/deploy/docker/publish.sh" server cpu "$work/server"
PUBLISH_ARTIFACTS=$work/build "$root/deploy/docker/publish.sh" gateway cpu "$work/gateway"
chmod 755 "$work"

# In a mount namespace of its own: everything read-only, a new /tmp, and no right to change that.
confined() {
    exec unshare --mount sh -c '
        mount --bind "$0" /mnt && mount -o remount,bind,ro / && mount -o remount,bind,ro /mnt && mount -t tmpfs tmpfs /tmp && cd / &&
        ! touch /mnt/x 2>/dev/null && exec setpriv --reuid 1654 --regid 1654 --clear-groups --no-new-privs env -i HOME=/tmp "$@"' "$work" "$@"
}
until_healthy() {
    for _ in $(seq 600); do
        env -i ASPNETCORE_URLS="http://0.0.0.0:$2" "$work/$1" health >/dev/null 2>&1 && { echo "$1 is healthy"; return; }
        sleep 0.2
    done
    echo "$1 did not become healthy" >&2
    return 1
}
end() { kill -TERM "$1"; wait "$1" || { echo "$2 ended with $?" >&2; exit 1; }; echo "$2 ended with 0"; }

(confined ASPNETCORE_URLS="http://0.0.0.0:$port" /mnt/server/Llama.Server) & server=$!; pids+=("$server")
(confined ASPNETCORE_URLS="http://0.0.0.0:$((port + 1))" "Gateway__Replicas__0=http://127.0.0.1:$port" /mnt/gateway/Llama.Gateway) & gateway=$!; pids+=("$gateway")
until_healthy server/Llama.Server "$port"
until_healthy gateway/Llama.Gateway "$((port + 1))"
ps -o user= -p "$server" | grep -qx 1654 || { echo "the server does not run as the image's user" >&2; exit 1; }
end "$gateway" gateway
end "$server" server
echo "PASS both programs run as in their images"
