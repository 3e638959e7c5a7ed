#!/usr/bin/env bash
# Drives the real server with its customers' own JavaScript clients: starts it twice, open and with a key, and stops both whatever happens.
# Arguments are test files; without any, all run. With SERVER_URL and KEYED_SERVER_URL set, servers that already run are tested instead.
set -euo pipefail
cd "$(dirname "$0")"

root=$(cd ../.. && pwd)
logs=$(mktemp -d)
pids=()

finish() {
    local status=$?
    for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done
    for pid in "${pids[@]}"; do wait "$pid" 2>/dev/null || true; done
    if [ "$status" -ne 0 ] && [ ${#pids[@]} -gt 0 ]; then grep -hE -A 8 ' (WRN|ERR|FTL) ' "$logs"/*.log || true; fi
    rm -rf "$logs"
    exit "$status"
}
trap finish EXIT
trap 'exit 130' INT TERM

free_port() {
    node -e 'const s = require("node:net").createServer().listen(0, "127.0.0.1", () => { console.log(s.address().port); s.close(); })'
}

# start NAME PORT [setting…]: the program itself, not `dotnet run`, whose child would outlive it.
# Deterministic, so that whole and streamed answers can be compared byte for byte whatever the cache holds.
start() {
    local name=$1 port=$2
    shift 2
    dotnet "$root/src/Server/bin/Release/net10.0/Llama.Server.dll" --urls "http://127.0.0.1:$port" --Model:Deterministic=true "$@" >"$logs/$name.log" 2>&1 &
    pids+=($!)
}

await_ready() {
    local pid=$1 url=$2 log=$3
    until curl --silent --fail --output /dev/null "$url/health/ready"; do
        kill -0 "$pid" 2>/dev/null || { cat "$log" >&2; return 1; }
        sleep 0.2
    done
}

npm ci --loglevel=error

if [ -z "${SERVER_URL:-}" ]; then
    dotnet build -c Release "$root/src/Server"
    open=$(free_port)
    start open "$open"
    keyed=$(free_port)
    start keyed "$keyed" --Auth:ApiKeys:0=sk-right --Scheduler:MaxSequences=8
    export SERVER_URL=http://127.0.0.1:$open KEYED_SERVER_URL=http://127.0.0.1:$keyed
    await_ready "${pids[0]}" "$SERVER_URL" "$logs/open.log"
    await_ready "${pids[1]}" "$KEYED_SERVER_URL" "$logs/keyed.log"
fi

if [ $# -eq 0 ]; then set -- */*.test.mjs; fi
node --test --test-reporter=spec "$@"
